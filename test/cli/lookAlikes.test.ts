/** Names on a live server that could be taken for others, as every command shows them that looks at it. */
import assert from "node:assert/strict";
import { Server } from "./Server";

/** The first letter is Cyrillic. */
const cyrillic = "\u0430lice";

const manifest = (users: string) =>
  `version: 1\nclients:\n  - { name: Acme Corp, internalName: acme, users: [${users}] }\n`;

describe("A panel user with a look-alike name", () => {
  let server: Server;
  before(async () => {
    server = await Server.start();
    server.aegir.panel.addClient({ name: "Acme Corp", internalName: "acme" });
    for (const name of ["alice", cyrillic]) server.aegir.panel.addUser({ name });
    server.aegir.panel.bind("acme", cyrillic);
  });
  after(() => server.stop());

  async function look(command: string, users: string): Promise<string> {
    server.write("access.yaml", manifest(users));
    const { stdout } = await server.look(command);
    assert.ok(!stdout.includes(cyrillic), stdout);
    return stdout;
  }

  it("dump: spells out a look-alike user name and marks it for a decision, and the dump can be deployed", async () => {
    const { stdout } = await server.look("dump");
    assert.match(stdout, /^ {6}- "<U\+0430>lice" # decide: it mixes Cyrillic and Latin letters in one word$/m);
    server.write("access.yaml", stdout);
    assert.equal((await server.look("plan")).exitCode, 0);
  });

  it("plan: distinguishes a look-alike user from the one that it looks like", async () => {
    assert.match(await look("plan", "alice"), /^\+ binding:acme:alice: binds alice\.$/m);
    assert.match(await look("plan", '"<U+0430>lice"'), /^2 resources: 0 to create, 0 to change, 2 as declared\./);
  });

  it("audit: distinguishes a look-alike user from the one that it looks like", async () => {
    const stdout = await look("audit", "alice");
    assert.match(stdout, /^- <U\+0430>lice may act for acme, which the manifest does not say\.$/m);
  });
});
