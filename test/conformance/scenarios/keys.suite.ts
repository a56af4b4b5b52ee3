/** Keys of people in a client's login, on a server whose accounts are reached as root. Who gets in is seen by logging in. */
import assert from "node:assert/strict";
import { client, expectOk, login, owned } from "../../scenarios/ScenarioStack";
import { type KeyPair, newKey } from "../../support/keys";
import { skip } from "../../support/skip";
import type { ScenarioFixture } from "./ScenarioFixture";

export function describeKeys(scenario: ScenarioFixture): void {
  describe("keys of people in a login", () => {
    const [stays, leaves] = [newKey(), newKey()];
    let acme: string;
    let site: string;
    let account: string;

    before(async function () {
      const { server } = scenario;
      if (server.configuration.accounts?.connection.user !== "root" || server.logins === false) {
        skip(this, "keys in logins on a server whose accounts are not reached as root");
      }
      await scenario.open();
      acme = scenario.named("acme");
      [site] = scenario.sites;
      account = scenario.account(acme);
    });
    after(() => scenario.stack && scenario.close());

    const declared = (keys: KeyPair[], args: object = {}) => [
      client(acme, `${scenario.server.prefix} Acme`),
      owned(site, acme),
      login(acme, site, { authorizedKeys: keys.map((key) => key.public), ...args }),
    ];
    const letIn = async (...keys: KeyPair[]) =>
      Promise.all(keys.map(async (key) => (await scenario.seenByKey(account, key.private)) !== undefined));

    it("keys: those that are declared let their owners in, and a second up changes nothing", async () => {
      await scenario.stack.up(declared([stays, leaves]));
      assert.deepEqual(await letIn(stays, leaves), [true, true]);
      assert.deepEqual(await scenario.seenByKey(account, stays.private), [site]);
      const { steps } = await scenario.stack.up();
      assert.ok(steps.every(({ op }) => op === "same"));
    });

    it("keys: one that goes is refused and the other goes on, in the deployment that rotates the password (trap 15)", async () => {
      const old = await scenario.password(account);
      await scenario.stack.up(declared([stays], { rotation: "2" }));
      assert.notEqual(await scenario.password(account), old);
      assert.deepEqual(await letIn(stays, leaves), [true, false]);
    });

    it("keys: a destroy takes them away with the access to the site", async () => {
      expectOk(await scenario.stack.stack.destroy());
      assert.deepEqual(await letIn(stays, leaves), [false, false]);
    });
  });
}
