/** Servers with a past: what Aegir has let happen over the years must neither stop a deployment nor be made worse by it. */
import assert from "node:assert/strict";
import type { Outcome } from "../../engine/Engine";
import { bound, client, expectOk, owned } from "../../scenarios/ScenarioStack";
import { skip } from "../../support/skip";
import type { StoryStage } from "./StoryStage";

export function tellOddServers(stage: StoryStage): void {
  describe("a server with a past", () => {
    let first: string;
    let second: string;
    let acme: string;
    let legacy: string;
    let platform: number | null;
    let alice: number;
    let namesake: number;
    let outcome: Outcome;
    const titled = (name: string) => `${stage.server.prefix} ${name}`;

    before(async () => {
      await stage.open();
      const { backstage } = stage;
      [first, second] = stage.sites;
      acme = stage.named("acme");
      // From the days of Aegir 2: the next save of its node would store another name.
      legacy = stage.named("Old.Co");
      await stage.give(first, await backstage.addClient({ uname: legacy, title: titled("Old Co") }));
      platform = await backstage.platform();
      if (platform !== null) await stage.give(second, platform);

      namesake = await backstage.addClient({ uname: stage.named("namesake"), title: titled("Acme") });
      const nid = await backstage.addClient({ uname: acme, title: titled("Acme") });
      alice = await backstage.addUser({ name: stage.named("alice"), mail: stage.mail("alice") });
      const gone = await backstage.addUser({ name: stage.named("gone"), mail: stage.mail("gone") });
      for (const uid of [0, gone, alice]) await backstage.bind(nid, uid);
      await backstage.removeUser(stage.named("gone"));

      stage.stack.declare([
        client(acme, titled("Acme")),
        bound(acme, stage.named("alice")),
        owned(first, acme, { takeOverFrom: legacy }),
        owned(second, acme),
      ]);
      outcome = expectOk(await stage.stack.stack.up());
    });
    after(() => stage.close());

    it("a client with capitals and dots in its internal name can be taken over from, links and all (trap 5)", async () => {
      await stage.reachedBy(first, acme);
      assert.equal((await stage.client(legacy))?.title, titled("Old Co"));
    });

    it("a site whose owner's nid is a platform's is nobody's, and is taken", async function () {
      if (platform === null) skip(this, `no platform has a title that begins with "${stage.server.prefix}"`);
      await stage.reachedBy(second, acme);
    });

    it("of two clients with one title the right one gets site and people, and the title is warned of (trap 2)", async () => {
      assert.ok(outcome.output.includes(`client:${acme}: is called "${titled("Acme")}" as are other clients`));
      const { clients, sites } = await stage.backstage.state();
      assert.deepEqual(clients.find(({ nid }) => nid === namesake)?.bindings, []);
      assert.ok(!sites.some((site) => site.client === namesake));
    });

    it("a user whom somebody has bound already is bound once, and adopted", async () => {
      assert.deepEqual((await stage.client(acme))?.users, [stage.named("alice")]);
    });

    it("rows that bind nobody, or a user who is gone, are no drift and are left alone", async () => {
      assert.equal((await stage.client(acme))?.bindings.length, 3);
      const again = expectOk(await stage.stack.stack.up({ refresh: true }));
      assert.equal(again.changes.update ?? again.changes.create, undefined, again.output);
      assert.equal((await stage.client(acme))?.bindings.length, 3);
    });

    it("a client with capitals and dots in its internal name cannot be declared (trap 5)", async () => {
      stage.stack.declare([{ type: "AegirClient", name: "legacy", args: { name: "Old Co", internalName: legacy } }]);
      const preview = await stage.stack.stack.preview();
      assert.equal(preview.ok, false);
      assert.ok(preview.output.includes(legacy), preview.output);
    });

    it("a rename that would have Aegir store another internal name is refused (trap 4)", async function () {
      if (!stage.server.disposable) skip(this, "no variable of this server may be set");
      await stage.backstage.setClientPrefix("x");
      stage.stack.declare([
        client(acme, titled("Acme Limited")),
        bound(acme, stage.named("alice")),
        owned(first, acme, { takeOverFrom: legacy }),
        owned(second, acme),
      ]);
      const refused = await stage.stack.stack.up();
      assert.equal(refused.ok, false);
      assert.match(refused.output, /internal name/);
      await stage.backstage.setClientPrefix("");
      assert.equal((await stage.client(acme))?.title, titled("Acme"));
    });

    it("a site whose owner's node is gone is put back by the next refresh", async () => {
      const { backstage } = stage;
      const gone = await backstage.addClient({ uname: stage.named("gone"), title: titled("Gone") });
      await stage.give(second, gone);
      await backstage.removeClient(gone);
      assert.equal((await stage.site(second)).client, gone);
      stage.stack.declare([
        client(acme, titled("Acme")),
        bound(acme, stage.named("alice")),
        owned(first, acme, { takeOverFrom: legacy, onDestroy: "leave" }),
        owned(second, acme),
      ]);
      expectOk(await stage.stack.stack.up({ refresh: true }));
      await stage.reachedBy(second, acme);
    });

    it("a destroy leaves a site that it was told to leave, and is not held up by rows that bind nobody", async () => {
      const refused = await stage.stack.stack.destroy({ continueOnError: true });
      assert.match(refused.output, new RegExp(`the client ${acme} still has sites ${first.replace(/\./g, "\\.")} \\(`));
      await stage.reachedBy(first, acme);
      await stage.reachedBy(second, (await stage.backstage.state()).defaultClient.uname);
      assert.equal((await stage.client(acme))?.users.length, 0);
    });

    stage.tellTheEnd();
  });
}
