/** The tutorial is played from top to bottom: each of its commands is run, and prints what the page shows. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { RunningClock } from "../aegir/Clock";
import type { Ground } from "../aegir/seed";
import { addSites, emptySeed } from "../aegir/seed";
import { main } from "../cli/command";
import { InProcessEngine } from "../engine/InProcessEngine";
import { Scenario } from "../scenarios/Scenario";

const root = join(__dirname, "..", "..");
const page = join(root, "provider", "docs", "from-clicks-to-code.md");

/** The day that the page was written on. */
const WRITTEN = "2026-11-24";

/** What somebody has clicked together. */
function seed(ground: Ground): void {
  emptySeed(ground);
  const { panel } = ground;
  for (const name of ["alice", "bob", "carol"]) panel.addUser({ name });
  panel.addClient({ name: "Acme Corp", internalName: "acme" });
  panel.addClient({ name: "Beta GmbH", internalName: "beta" });
  for (const [client, user] of [
    ["acme", "alice"],
    ["acme", "bob"],
    ["beta", "bob"],
  ] as const) {
    panel.bind(client, user);
    panel.logIn(user);
  }
  addSites(ground, [
    { site: "www.acme.example", owner: "acme" },
    { site: "www.beta.example", owner: "beta" },
    { site: "shop.acme.example" },
    { site: "old.example" },
  ]);
}

describe("The tutorial from clicks to code", () => {
  let scenario: Scenario;
  before(async () => {
    // It begins at noon, so that its day is that of this machine, however fast it runs.
    const clock = new RunningClock(60, Math.round(43_200 - ((Date.now() / 1000) % 86_400)));
    scenario = await Scenario.open(new InProcessEngine(), { program: root, aegir: { seed, clock } });
    const { host, port, user, hostKey } = scenario.aegir.drush;
    write("Pulumi.yaml", "name: access\nruntime: nodejs\n");
    const servers = { main: { connection: { host, port, user, hostKey } } };
    write("Pulumi.production.yaml", stringify({ config: { "aegir:servers": servers } }));
    await scenario.configure({ "aegir-access:manifest": join(scenario.directory, "access.yaml") });
    mkdirSync(join(scenario.directory, "bin"));
    write("bin/aegir-access", `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
    chmodSync(join(scenario.directory, "bin", "aegir-access"), 0o755);
  });
  after(() => scenario.close());

  const write = (file: string, text: string) => writeFileSync(join(scenario.directory, file), text);

  it("from-clicks-to-code.md: its commands print what the page shows", async () => {
    const text = readFileSync(page, "utf8");
    let played = "";
    for (const part of text.split(/(?<=^```console\n)(.*?)(?=^```$)/ms)) {
      if (!part.startsWith("$ ")) {
        played += part;
        continue;
      }
      for (const [, command] of part.matchAll(/^\$ (.*)$/gm)) played += `$ ${command}\n${await run(command!)}`;
      if (part.includes("$ pulumi up") && !played.includes("shop.acme.example' access.yaml")) {
        assert.equal(scenario.aegir.counts.writes, 0, "adopting writes nothing");
      }
    }
    if (process.env["AEGIR_RECORD_GOLDEN"]) writeFileSync(page, played);
    assert.equal(played, text);
    assert.equal(scenario.owner("shop.acme.example"), "acme");
  });

  /** What a command prints, with the day that the page was written on. */
  async function run(command: string): Promise<string> {
    if (command === "pulumi up --yes") {
      const { output } = await scenario.up();
      return `${/^Resources:\n(?: .*\n)+/m.exec(output)![0].trimEnd()}\n`;
    }
    // Not waited for at once: the server that the command talks to lives in this process.
    const child = spawn("bash", ["--norc", "-c", command], {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: scenario.directory,
      env: {
        PATH: [join(scenario.directory, "bin"), process.env["PATH"]].join(delimiter),
        AEGIR_PRIVATE_KEY: scenario.aegir.drush.privateKey,
      },
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (piece: Buffer) => (printed += piece.toString()));
    }
    await once(child, "close");
    return printed.replaceAll(new Date().toISOString().slice(0, 10), WRITTEN);
  }
});
