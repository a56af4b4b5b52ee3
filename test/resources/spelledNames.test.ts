/** Names that could be taken for others, spelled out in a program and as they are on the server. */
import assert from "node:assert/strict";
import { configureServers, endServers } from "../../provider/aegir/servers";
import { aegirClient } from "../../provider/resources/AegirClient";
import { clientUserBinding } from "../../provider/resources/ClientUserBinding";
import { SmallAegir } from "../aegir/SmallAegir";
import { newProviderProcess } from "../support/newProviderProcess";
import { check, configure, diff, stacks } from "./offline";

/** With a Cyrillic letter at its beginning, and as a program writes it. */
const cyrillic = "\u0430lice";
const spelled = "<U+0430>lice";
const server = "main";

describe("a name that could be taken for another", () => {
  afterEach(() => newProviderProcess());

  it("is refused in a program, with what to write, unless it is spelled out", () => {
    configure(stacks.oneServer);
    const binding = (user: string) => check("ClientUserBinding", { client: "acme", user });
    const client = (name: string) => check("AegirClient", { name, internalName: "acme" });
    for (const [{ failures }, property] of [
      [binding(cyrillic), "user"],
      [client(`${cyrillic} Ltd`), "name"],
    ] as const) {
      assert.equal(failures.length, 1);
      assert.equal(failures[0]?.property, property);
      assert.match(failures[0].reason, /could be taken for another: it mixes Cyrillic and Latin letters/);
      assert.match(failures[0].reason, /If it is meant as it is, write "<U\+0430>lice/);
    }
    assert.deepEqual(binding(spelled).failures, []);
    assert.deepEqual(client(`${spelled} Ltd`).failures, []);
  });

  it("derives the internal name that Aegir derives, not one of how it is spelled out", () => {
    configure(stacks.oneServer);
    assert.equal(check("AegirClient", { name: `${spelled} Ltd` }).inputs["internalName"], "liceltd");
  });

  it("is not a change where an earlier release took it as it was", () => {
    configure(stacks.oneServer);
    const state = { client: "acme", user: cyrillic, server, uid: 5, warnings: [], stateVersion: 1 };
    const none = { changes: false, replaces: [], printed: [] };
    assert.deepEqual(diff("ClientUserBinding", "b", state, { client: "acme", user: spelled, server }), none);
    const title = { name: cyrillic, internalName: "acme", server, nid: 12, panelUser: null, stateVersion: 1 };
    assert.deepEqual(diff("AegirClient", "c", title, { name: spelled, internalName: "acme", server }), none);
  });

  describe("on a server that has both", () => {
    let aegir: SmallAegir;
    let uids: Record<string, number>;

    beforeEach(async () => {
      aegir = await SmallAegir.start();
      uids = { alice: aegir.panel.addUser({ name: "alice" }), cyrillic: aegir.panel.addUser({ name: cyrillic }) };
      configureServers(JSON.stringify({ main: { ...aegir.configuration(), waits: { pollSeconds: 0.05 } } }));
    });
    afterEach(async () => {
      await endServers();
      await aegir.stop();
    });

    it("means the one that it spells, to bind, to look at and to unbind", async () => {
      await aegirClient.create({ name: "Acme", internalName: "acme", server });
      const { id, outs } = await clientUserBinding.create({ client: "acme", user: spelled, server });
      assert.deepEqual([id, outs.uid], [`binding:acme:${spelled}`, uids["cyrillic"]]);
      const read = await clientUserBinding.read(id, outs);
      assert.deepEqual([read.id, read.inputs?.["user"]], [id, spelled]);
      const other = await clientUserBinding.create({ client: "acme", user: "alice", server });
      assert.equal(other.outs.uid, uids["alice"]);
      // As a lost answer leaves it: without the number of the user.
      const { uid, ...lost } = outs;
      assert.equal(uid, uids["cyrillic"]);
      await clientUserBinding.delete(id, lost);
      const bound = aegir.tables().bindings.flatMap(({ user, client }) => (client === "acme" ? [user] : []));
      assert.deepEqual(bound, ["alice"]);
    });

    it("is spelled out in what a server says of a person who has it now", async () => {
      await aegirClient.create({ name: "Acme", internalName: "acme", server });
      const declared = { client: "acme", user: "alice", server };
      const { id, outs } = await clientUserBinding.create(declared);
      // The person's number is known, and somebody of another name has it now.
      await assert.rejects(
        clientUserBinding.update(id, { ...outs, uid: uids["cyrillic"]! }, declared),
        (error: Error) => {
          assert.match(error.message, /who is called <U\+0430>lice now/);
          assert.doesNotMatch(error.message, /\u0430/);
          return true;
        },
      );
    });

    it("is a client's title as it is, and is renamed from there, by a state of an earlier release too", async () => {
      const title = () => aegir.tables().clients.find(({ internalName }) => internalName === "acme")?.name;
      const declared = { name: `${spelled} Ltd`, internalName: "acme", server };
      const { id, outs } = await aegirClient.create(declared);
      assert.equal(title(), `${cyrillic} Ltd`);
      assert.equal((await aegirClient.read(id, outs)).inputs?.["name"], declared.name);
      await aegirClient.update(id, { ...outs, name: `${cyrillic} Ltd` }, { ...declared, name: "Alice Ltd" });
      assert.equal(title(), "Alice Ltd");
    });
  });
});
