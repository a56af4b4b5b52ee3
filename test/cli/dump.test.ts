/** `aegir-access dump` of a server with a past: what is printed is a manifest, the same every time, and changes nothing. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fullSeed } from "../aegir/seed";
import { Server } from "./Server";

const golden = join(__dirname, "dump.yaml");

describe("aegir-access dump", () => {
  let server: Server;
  before(async () => {
    server = await Server.start({ seed: fullSeed });
  });
  after(() => server.stop());

  it("dump: prints the golden file, byte for byte the same when repeated, and writes nothing", async () => {
    const before = server.aegir.digest();
    const { exitCode, stdout, stderr } = await server.look("dump");
    assert.deepEqual([exitCode, stderr], [0, ""]);
    if (process.env["AEGIR_RECORD_GOLDEN"]) writeFileSync(golden, stdout);
    assert.equal(stdout, readFileSync(golden, "utf8"));
    assert.equal((await server.look("dump")).stdout, stdout);
    assert.equal(server.aegir.digest(), before);
    assert.equal(server.aegir.counts.writes, 0);
  });

  it("dump: prints a manifest that passes lint", async () => {
    server.write("access.yaml", (await server.look("dump")).stdout);
    const { exitCode, stdout } = await server.run("lint", "access.yaml", "--as-of", "2026-11-24");
    assert.deepEqual(
      [exitCode, stdout],
      [0, "access.yaml (as of 2026-11-24): 3 clients, 6 sites, 3 bindings, no problem\n"],
    );
  });

  it("dump: prints the same with --json", async () => {
    const { exitCode, stdout } = await server.look("dump", "--json");
    assert.equal(exitCode, 0);
    const { clients, findings } = JSON.parse(stdout) as {
      clients: { internalName: string; sites: { site: string; problems: string[] }[]; problems: string[] }[];
      findings: { kind: string }[];
    };
    assert.deepEqual(
      clients.filter(({ problems }) => problems.length === 0).map(({ internalName }) => internalName),
      ["acme", "beta", "empty"],
    );
    const acme = clients.find(({ internalName }) => internalName === "acme");
    assert.deepEqual(
      acme?.sites.filter(({ problems }) => problems.length > 0).map(({ site }) => site),
      ["stale.example.com"],
    );
    assert.deepEqual(
      [...new Set(findings.map(({ kind }) => kind))],
      ["danglingOwner", "orphanBinding", "defaultOwned", "administrators", "restriction", "sharedMail"],
    );
  });

  it("dump: names the server if several are configured, and requires --server then", async () => {
    const { host, port, user, hostKey } = server.aegir.drush;
    const connection = { host, port, user, hostKey };
    server.write("two.json", JSON.stringify({ main: { connection }, second: { connection } }));
    const unnamed = await server.run("dump", "--config", "two.json");
    assert.deepEqual([unnamed.exitCode, unnamed.stdout], [2, ""]);
    assert.match(unnamed.stderr, /several servers \(main, second\)/);
    const named = await server.run("dump", "--config", "two.json", "--server", "second");
    assert.match(named.stdout, /^version: 1\nserver: second\nclients:$/m);
  });

  it("dump: exits with 3 and prints no manifest if connection or login fails", async () => {
    server.aegir.faults.refuseLogins = true;
    const refused = await server.look("dump");
    server.aegir.faults.refuseLogins = false;
    assert.deepEqual([refused.exitCode, refused.stdout], [3, ""]);
    assert.match(refused.stderr, /^aegir@127\.0\.0\.1:\d+: /);
    const { host, port, user, hostKey } = server.aegir.drush;
    server.write(
      "once.json",
      JSON.stringify({ main: { connection: { host, port, user, hostKey, dialErrorLimit: 1 } } }),
    );
    await server.aegir.down();
    const unreachable = await server.run("dump", "--config", "once.json");
    await server.aegir.up();
    assert.deepEqual([unreachable.exitCode, unreachable.stdout], [3, ""]);
    assert.match(unreachable.stderr, /^aegir@127\.0\.0\.1:\d+: /);
  });

  for (const command of ["dump", "plan", "audit"]) {
    it(`${command}: does not connect to a decommissioned server, and shows the reason`, async () => {
      const { host, port, user, hostKey } = server.aegir.drush;
      const main = { connection: { host, port, user, hostKey }, decommissioned: "burnt down, OPS-123" };
      server.write("old.json", JSON.stringify({ main }));
      server.write("access.yaml", "version: 1\nclients: []\n");
      const before = structuredClone(server.aegir.counts);
      const manifest = command === "dump" ? [] : ["access.yaml"];
      const { exitCode, stdout, stderr } = await server.run(command, ...manifest, "--config", "old.json");
      assert.deepEqual([exitCode, stdout], [3, ""]);
      assert.match(stderr, /server "main" is decommissioned \(burnt down, OPS-123\), so nothing connects to it/);
      assert.deepEqual(server.aegir.counts, before);
    });
  }

  it("dump: sends nothing to a server with another host key than the pinned one", async () => {
    const { host, port, user } = server.aegir.drush;
    const hostKey = `SHA256:${"A".repeat(43)}`;
    server.write("wrong.json", JSON.stringify({ main: { connection: { host, port, user, hostKey } } }));
    const { authentications } = structuredClone(server.aegir.counts);
    const { exitCode, stdout } = await server.run("dump", "--config", "wrong.json");
    assert.deepEqual([exitCode, stdout], [3, ""]);
    assert.deepEqual(server.aegir.counts.authentications, authentications);
  });
});
