/** `plan` and `audit` apply the rules of a directory with teams to a live server, and `--accept` takes what stays. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Server } from "./Server";

const people = `version: 1
people:
  admin: {}
  alice: { email: alice@acme.example }
  bob: { email: bob@agency.example, external: true }
  carol: { email: carol@acme.example }
teams: { web: [admin, alice, carol], agency: [bob] }
rules:
  - { rule: No agency at Acme, reason: its contract, level: never, clients: [acme], never: { teams: [agency] } }
`;
const clients = `version: 1
clients:
  - { name: Acme Corp, internalName: acme, sites: [www.acme.example], users: [{ team: web }] }
  - { name: Beta GmbH, internalName: beta, sites: [www.beta.example], users: [{ team: agency }, { team: web }] }
`;
describe("Rules on a live server, through the command", () => {
  let server: Server;
  before(async () => {
    server = await Server.start();
    const { panel } = server.aegir;
    for (const name of ["alice", "bob", "carol"]) {
      panel.addUser({ name, mail: `${name}@${name === "bob" ? "agency" : "acme"}.example` });
    }
    for (const [name, internalName] of [
      ["Acme Corp", "acme"],
      ["Beta GmbH", "beta"],
    ] as const) {
      panel.addClient({ name, internalName });
      for (const user of ["alice", "carol"]) panel.bind(internalName, user);
      server.aegir.addSites([{ site: `www.${internalName}.example`, owner: internalName }]);
    }
    panel.bind("beta", "bob");
    mkdirSync(join(server.directory, "access"));
    server.write("access/people.yaml", people);
    server.write("access/clients.yaml", clients);
  });
  after(() => server.stop());
  afterEach(() => assert.equal(server.aegir.counts.writes, 0, "nothing is written"));

  // The last --as-of wins.
  const look = async (command: "plan" | "audit", ...args: string[]) => {
    const { exitCode, stdout, stderr } = await server.look(command, "access", "--as-of", "2026-11-24", ...args);
    assert.equal(stderr, "");
    return { exitCode, stdout };
  };
  /** The exit code and the findings of an audit. */
  const audited = async (...args: string[]) => {
    const { exitCode, stdout } = await look("audit", "--json", ...args);
    const { entries } = JSON.parse(stdout) as { entries: { kind: string; finding?: string }[] };
    return [exitCode, ...entries.flatMap(({ kind, finding }) => (finding ? [`${kind} ${finding}`] : []))];
  };
  const planned = async () => {
    const { exitCode, stdout } = await look("plan", "--json");
    const { rules } = JSON.parse(stdout) as { rules: { rule: string; who: string; client: string }[] };
    return [exitCode, ...rules.map(({ rule, who, client }) => [rule, who, client].join(": "))];
  };

  it("plan and audit: a binding made in the panel breaks a rule of a team, and --accept allows it until a day", async () => {
    assert.deepEqual([await planned(), await audited()], [[0], [0]]);
    server.aegir.panel.bind("acme", "bob");
    assert.deepEqual(await planned(), [1, "No agency at Acme: bob: acme"]);
    const found = ["undeclared-binding:acme:bob", "broken-rule:No agency at Acme:acme"];
    assert.deepEqual(await audited(), [1, `undeclared ${found[0]}`, `rule ${found[1]}`]);

    const accepted = found.map((finding) => `accepted ${finding}`);
    assert.deepEqual(await audited("--accept", "--reason", "TICKET-12", "--until", "2026-12-24"), [0, ...accepted]);
    assert.deepEqual(await audited("--as-of", "2026-12-24"), [0, ...accepted]);
    assert.equal((await audited("--as-of", "2026-12-25"))[0], 1);
    assert.deepEqual([server.read("access/people.yaml"), server.read("access/clients.yaml")], [people, clients]);
  });

  it("plan and audit: a rule that the declared access of a team breaks is refused before the server is asked", async () => {
    server.write("access/clients.yaml", clients.replace("users: [{ team: web }]", "users: [{ team: agency }]"));
    for (const command of ["plan", "audit"]) {
      const { exitCode, stdout, stderr } = await server.look(command, "access");
      assert.deepEqual([exitCode, stdout], [2, ""]);
      assert.match(stderr, /access\/clients\.yaml:3:\d+: .*"No agency at Acme"/);
    }
  });
});
