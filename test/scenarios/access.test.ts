/** The main job on a small Aegir: what its counters and its size show beyond the scenarios of test/conformance. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { skipUnlessLong } from "../support/random";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, Scenario } from "./Scenario";

const site = "www.acme.example";

onEveryEngine("access", (engine) => {
  let scenario: Scenario;
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    scenario.aegir.addSites([{ site }]);
    scenario.aegir.panel.addUser({ name: "alice" });
  });
  afterEach(() => scenario.close());

  const acme = [client("acme", "Acme Corp"), bound("acme", "alice"), owned(site, "acme"), login("acme", site)];

  it("people and logins of others are looked up with get, and not managed", async () => {
    scenario.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    const lookup = { type: "AegirClient" as const, name: "looked-up", args: {}, options: { id: "client:beta" } };
    const outcome = await scenario.up([
      lookup,
      { ...owned(site, "acme"), args: { site, client: "${looked-up.internalName}" } },
    ]);
    assert.equal(outcome.changes.create, 1);
    assert.equal(scenario.owner(site), "beta");
    expectOk(await scenario.stack.destroy());
    assert.ok(scenario.aegir.tables().clients.some(({ internalName }) => internalName === "beta"));
  });

  it("two resources for one site fail, naming both, before anything is written for them", async () => {
    scenario.declare([
      ...acme,
      { type: "SiteOwnership", name: "again", args: { site: "WWW.acme.example", client: "acme" } },
    ]);
    const preview = await scenario.stack.preview();
    assert.equal(preview.ok, false);
    assert.match(
      preview.output,
      /Two resources of this program declare the owner of the site www\.acme\.example: "site:www\.acme\.example" and "again"/,
    );
  });

  it("no secret is in a process list; state and output are looked through after every scenario (trap 30)", async () => {
    const lists: string[] = [];
    const sampling = setInterval(() => lists.push(processList()), 50);
    scenario.declare(acme);
    const outcomes = [await scenario.stack.preview(), await scenario.stack.up(), await scenario.stack.refresh()];
    clearInterval(sampling);
    for (const outcome of outcomes) expectOk(outcome);
    assert.ok(
      lists.some((list) => list.includes("dynamic-provider")),
      "the provider process was on the sampled lists",
    );
    const secrets = scenario.aegir.secrets();
    assert.ok(secrets.length >= 3 && secrets.every(([, secret]) => secret.length >= 20));
    for (const [what, secret] of secrets) assert.ok(!lists.some((list) => list.includes(secret)), what);
  });

  it("AEGIR_LOG=debug prints what is asked of the server and how it ended, and never what it holds", async () => {
    scenario.declare(acme);
    const { output } = expectOk(await scenario.stack.up({ env: { AEGIR_LOG: "debug" } }));
    for (const line of [
      "connected after \\d+ ms",
      "command .*drush",
      "request 1, hello",
      "createClient: done after \\d+ ms",
    ]) {
      assert.match(output, new RegExp(`\\[aegir\\] .*aegir@127\\.0\\.0\\.1:\\d+: .*${line}`));
    }
    assert.match(output, /\[aegir\] .*: SFTP, read \/users\/o1\.acme: done after \d+ ms/);
    assert.doesNotMatch(output, /\[aegir\] .*(alice|(?<!read \/users\/o1\.)acme)/i);
  });

  // The state is written with every step: their cost grows with the square of their number.
  for (const count of [60, 200]) {
    it(`${count} ownerships in one up: one connection per identity, one Drush process per lease (trap 29)`, async function () {
      if (count > 60) skipUnlessLong(this, "an update of 200 ownerships");
      const sites = Array.from({ length: count }, (_, index) => `site${index}.acme.example`);
      scenario.aegir.addSites(sites.map((name) => ({ site: name })));
      const started = performance.now();
      await scenario.up([client("acme", "Acme Corp"), ...sites.map((name) => owned(name, "acme"))]);
      const leases = Math.ceil((performance.now() - started) / 60_000) + Math.ceil(requests(scenario) / 500) - 1;
      assert.ok(sites.every((name) => scenario.owner(name) === "acme"));
      assert.deepEqual(scenario.aegir.counts.connections, { aegir: 1 });
      assert.ok(
        scenario.aegir.counts.workerStarts <= leases,
        `${scenario.aegir.counts.workerStarts} starts in ${leases} leases`,
      );
      assert.equal(scenario.aegir.counts.writes, count + 1);
    });
  }
});

function requests(scenario: Scenario): number {
  return Object.values(scenario.aegir.counts.requests).reduce((sum, count) => sum + count, 0);
}

/** The command lines of all processes. */
function processList(): string {
  return execFileSync("ps", ["axww", "-o", "args"]).toString();
}
