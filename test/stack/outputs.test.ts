/** What a stack of the access manifest exports, and how much of it people have to read. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../engine/Engine";
import { onEveryEngine } from "../scenarios/everyEngine";
import { expectOk, Scenario } from "../scenarios/Scenario";

const program = join(__dirname, "..", "..");
const names = ["acme", "beta", "gamma", "delta"];

/** @param rotation of every client's password */
function manifest(clients: string[], rotation = "1"): string {
  const entries = clients.map(
    (name) =>
      `  - { name: ${name}, internalName: ${name}, sites: [www.${name}.example], users: [alice], ` +
      `shellAccount: { rotation: "${rotation}" } }\n`,
  );
  return `version: 1\nclients:\n${entries.join("")}`;
}

onEveryEngine("the outputs of an access manifest", (engine) => {
  let scenario: Scenario;
  let write: (text: string) => void;

  beforeEach(async () => {
    scenario = await Scenario.open(engine(), { program });
    const file = join(scenario.directory, "access.yaml");
    write = (text) => writeFileSync(file, text);
    await scenario.configure({ "aegir-access:manifest": file });
    scenario.aegir.addSites(names.map((name) => ({ site: `www.${name}.example` })));
    scenario.aegir.panel.addUser({ name: "alice" });
  });
  afterEach(() => scenario.close());

  it("take three lines of a preview or an update, however many clients there are", async () => {
    for (const clients of [names.slice(0, 2), names]) {
      write(manifest(clients));
      for (const outcome of [await scenario.stack.preview(), await scenario.stack.up()]) {
        const shown = outputsIn(expectOk(outcome));
        assert.ok(shown.length <= 3, shown.join("\n"));
        const counts = `${clients.length} clients, ${clients.length} sites, ${clients.length} bindings`;
        assert.ok(
          shown.some((line) => /^\+?~? *access *: /.test(line) && line.endsWith(`"${counts}"`)),
          shown.join("\n"),
        );
        assert.doesNotMatch(shown.join("\n"), /alice|o1\.|example/);
      }
    }
    write(manifest(names, "2"));
    assert.ok(outputsIn(expectOk(await scenario.stack.preview())).length <= 1, "only the logins are not known yet");
    assert.deepEqual(
      outputsIn(expectOk(await scenario.stack.preview())).filter((line) => line.includes("access")),
      [],
    );
  });

  it("have the other logins where one account fails", async () => {
    write(manifest(names.slice(0, 2)));
    const last = (await scenario.up()).outputs["logins"] as Logins;
    assert.deepEqual(Object.keys(last), ["acme", "beta"]);
    assert.deepEqual(await scenario.sitesOf("o1.acme", last["acme"]!.password), ["www.acme.example"]);
    const gamma = manifest(["gamma"]).split("clients:\n")[1]!;
    write(manifest(names.slice(0, 2), "2") + gamma.replace("www.gamma", "nowhere.gamma"));
    const outcome = await scenario.stack.up({ continueOnError: true });
    assert.equal(outcome.ok, false, "the server has no such site, so BOA makes no login");
    const logins = outcome.outputs["logins"] as Logins;
    assert.deepEqual(Object.keys(logins), ["acme", "beta"]);
    assert.notEqual(logins["acme"]!.password, last["acme"]!.password);
    assert.deepEqual(await scenario.sitesOf("o1.acme", logins["acme"]!.password), ["www.acme.example"]);
  });
});

type Logins = Record<string, { password: string }>;

/** The lines of the operation's outputs. */
function outputsIn({ output }: Outcome): string[] {
  const section = /^Outputs:\n((?: .*\n)*)/m.exec(output)?.[1] ?? "";
  return section.split("\n").flatMap((line) => line.trim() || []);
}
