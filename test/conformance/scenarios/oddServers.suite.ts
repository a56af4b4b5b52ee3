/** Servers with a past: what Aegir has let happen over the years must neither stop a deployment nor be made worse by it. */
import assert from "node:assert/strict";
import type { Outcome } from "../../engine/Engine";
import { bound, client, expectOk, owned } from "../../scenarios/ScenarioStack";
import { skip } from "../../support/skip";
import type { ScenarioFixture } from "./ScenarioFixture";

export function describeOddServers(scenario: ScenarioFixture): void {
  describe("a server with a past", () => {
    let first: string;
    let second: string;
    let acme: string;
    let legacy: string;
    let platform: number | null;
    let alice: number;
    let namesake: number;
    let outcome: Outcome;
    const titled = (name: string) => `${scenario.server.prefix} ${name}`;

    before(async () => {
      await scenario.open();
      const { fixture } = scenario;
      [first, second] = scenario.sites;
      acme = scenario.named("acme");
      // From the days of Aegir 2: the next save of its node would store another name.
      legacy = scenario.named("Old.Co");
      await scenario.give(first, await fixture.addClient({ uname: legacy, title: titled("Old Co") }));
      platform = await fixture.platform();
      if (platform !== null) await scenario.give(second, platform);

      namesake = await fixture.addClient({ uname: scenario.named("namesake"), title: titled("Acme") });
      const nid = await fixture.addClient({ uname: acme, title: titled("Acme") });
      alice = await fixture.addUser({ name: scenario.named("alice"), mail: scenario.mail("alice") });
      const gone = await fixture.addUser({ name: scenario.named("gone"), mail: scenario.mail("gone") });
      for (const uid of [0, gone, alice]) await fixture.bind(nid, uid);
      await fixture.removeUser(scenario.named("gone"));

      scenario.stack.declare([
        client(acme, titled("Acme")),
        bound(acme, scenario.named("alice")),
        owned(first, acme, { takeOverFrom: legacy }),
        owned(second, acme),
      ]);
      outcome = expectOk(await scenario.stack.stack.up());
    });
    after(() => scenario.close());

    it("a client with capitals and dots in its internal name can be taken over from, links and all (trap 5)", async () => {
      await scenario.reachedBy(first, acme);
      assert.equal((await scenario.client(legacy))?.title, titled("Old Co"));
    });

    it("a site whose owner's nid is a platform's has no owner, and is taken", async function () {
      if (platform === null) skip(this, `no platform has a title that begins with "${scenario.server.prefix}"`);
      await scenario.reachedBy(second, acme);
    });

    it("of two clients with one title the right one gets site and people, and the title is warned of (trap 2)", async () => {
      assert.ok(outcome.output.includes(`client:${acme}: is called "${titled("Acme")}" as are other clients`));
      const { clients, sites } = await scenario.fixture.state();
      assert.deepEqual(clients.find(({ nid }) => nid === namesake)?.bindings, []);
      assert.ok(!sites.some((site) => site.client === namesake));
    });

    it("a user who is bound already is bound once, and adopted", async () => {
      assert.deepEqual((await scenario.client(acme))?.users, [scenario.named("alice")]);
    });

    it("rows that bind no user, or a deleted one, do not count as drift and are left alone", async () => {
      assert.equal((await scenario.client(acme))?.bindings.length, 3);
      const again = expectOk(await scenario.stack.stack.up({ refresh: true }));
      assert.equal(again.changes.update ?? again.changes.create, undefined, again.output);
      assert.equal((await scenario.client(acme))?.bindings.length, 3);
    });

    it("a client with capitals and dots in its internal name cannot be declared (trap 5)", async () => {
      scenario.stack.declare([{ type: "AegirClient", name: "legacy", args: { name: "Old Co", internalName: legacy } }]);
      const preview = await scenario.stack.stack.preview();
      assert.equal(preview.ok, false);
      assert.ok(preview.output.includes(legacy), preview.output);
    });

    it("a rename that would have Aegir store another internal name is refused (trap 4)", async function () {
      if (!scenario.server.disposable) skip(this, "no variable of this server may be set");
      await scenario.fixture.setClientPrefix("x");
      scenario.stack.declare([
        client(acme, titled("Acme Limited")),
        bound(acme, scenario.named("alice")),
        owned(first, acme, { takeOverFrom: legacy }),
        owned(second, acme),
      ]);
      const refused = await scenario.stack.stack.up();
      assert.equal(refused.ok, false);
      assert.match(refused.output, /internal name/);
      await scenario.fixture.setClientPrefix("");
      assert.equal((await scenario.client(acme))?.title, titled("Acme"));
    });

    it("a site whose owner's node is gone is put back by the next refresh", async () => {
      const { fixture } = scenario;
      const gone = await fixture.addClient({ uname: scenario.named("gone"), title: titled("Gone") });
      await scenario.give(second, gone);
      await fixture.removeClient(gone);
      assert.equal((await scenario.site(second)).client, gone);
      scenario.stack.declare([
        client(acme, titled("Acme")),
        bound(acme, scenario.named("alice")),
        owned(first, acme, { takeOverFrom: legacy, onDestroy: "leave" }),
        owned(second, acme),
      ]);
      expectOk(await scenario.stack.stack.up({ refresh: true }));
      await scenario.reachedBy(second, acme);
    });

    it("a destroy leaves a site if onDestroy says so, and is not held up by rows that bind no user", async () => {
      const refused = await scenario.stack.stack.destroy({ continueOnError: true });
      assert.match(refused.output, new RegExp(`the client ${acme} still has sites ${first.replace(/\./g, "\\.")} \\(`));
      await scenario.reachedBy(first, acme);
      await scenario.reachedBy(second, (await scenario.fixture.state()).defaultClient.uname);
      assert.equal((await scenario.client(acme))?.users.length, 0);
    });

    scenario.tellTheEnd();
  });
}
