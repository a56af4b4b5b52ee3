/** The promises of design.md, section 6, as the life of one stack. */
import assert from "node:assert/strict";
import type { Outcome } from "../../engine/Engine";
import type { Declaration } from "../../scenarios/program/index";
import { bound, client, expectOk, login, owned } from "../../scenarios/ScenarioStack";
import { newKey } from "../../ssh/ScriptedServer";
import { skip } from "../../support/skip";
import { SSH_MSG, ToxicProxy } from "../../support/ToxicProxy";
import { type ScenarioFixture, until } from "./ScenarioFixture";

export function describePromises(scenario: ScenarioFixture): void {
  describe("the promises, from a first deployment to the last", () => {
    let taps: { drush: ToxicProxy; accounts?: ToxicProxy };
    let site: string;
    let acme: Declaration[];
    let created: Outcome;
    let handshakes: { drush: number; accounts: number | undefined };
    let counted: { bootstraps: number | undefined; writes: number | undefined };

    /** The stack's view of the server, its wires tapped. */
    const configuration = (connection: object = {}) => {
      const { accounts, ...server } = scenario.server.configuration;
      const through = ({ host, port }: ToxicProxy) => ({ host, port });
      return {
        ...server,
        connection: { ...server.connection, ...through(taps.drush), ...connection },
        ...(accounts && {
          accounts: { ...accounts, connection: { ...accounts.connection, ...through(taps.accounts!) } },
        }),
      };
    };
    const configure = (main: object) =>
      scenario.stack.configure({ "aegir:servers": { secret: JSON.stringify({ main }) } });

    const withLogin = (internalName: string, args: Record<string, unknown> = {}) =>
      scenario.server.configuration.accounts ? [login(internalName, site, args)] : [];

    before(async () => {
      await scenario.open();
      const { connection, accounts } = scenario.server.configuration;
      taps = {
        drush: await ToxicProxy.open(() => connection),
        ...(accounts && { accounts: await ToxicProxy.open(() => accounts.connection) }),
      };
      await configure(configuration());
      [site] = scenario.sites;
      await scenario.fixture.addUser({ name: scenario.named("alice"), mail: scenario.mail("alice") });
      acme = [
        client(scenario.named("acme"), `${scenario.server.prefix} Acme`, { email: scenario.mail("acme") }),
        bound(scenario.named("acme"), scenario.named("alice")),
        owned(site, scenario.named("acme")),
        ...withLogin(scenario.named("acme")),
      ];
    });
    after(async () => {
      await scenario.close();
      for (const tap of Object.values(taps)) await tap.down();
    });

    it("promise 5: a preview needs neither the server nor a credential", async () => {
      const nowhere = { host: "127.0.0.1", port: 1, privateKey: undefined };
      await configure(configuration(nowhere));
      scenario.stack.declare(acme);
      const env = { SSH_AUTH_SOCK: "", AEGIR_PRIVATE_KEY: "" };
      const preview = expectOk(await scenario.stack.stack.preview({ env }));
      assert.deepEqual(preview.changes, { create: acme.length });
      assert.equal(taps.drush.connections + (taps.accounts?.connections ?? 0), 0);
    });

    it("promise 7: after a wrong host key nothing is sent, no user name and no credential", async () => {
      const hostKey = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
      await configure(configuration({ hostKey }));
      const before = scenario.server.counts?.();
      const outcome = await scenario.stack.stack.up();
      assert.equal(outcome.ok, false);
      assert.ok(outcome.output.includes(hostKey), outcome.output);
      assert.ok(taps.drush.connections > 0);
      for (const messages of taps.drush.messages) {
        assert.ok(messages.includes(SSH_MSG.kexInit) && !messages.includes(SSH_MSG.newKeys), String(messages));
      }
      assert.deepEqual(scenario.server.counts?.(), before);
    });

    it("promise 7: rejected credentials are offered once, by however many resources", async () => {
      taps.drush.forget();
      await configure(configuration({ privateKey: newKey().private }));
      const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
      scenario.stack.declare(names.map((name) => client(scenario.named(name), `${scenario.server.prefix} ${name}`)));
      const before = scenario.server.counts?.();
      const outcome = await scenario.stack.stack.up({ continueOnError: true });
      assert.equal(outcome.ok, false);
      assert.equal(taps.drush.connections, 1);
      assert.ok(taps.drush.messages[0]!.includes(SSH_MSG.newKeys));
      assert.equal(scenario.countedSince(before, "rejectedLogins") ?? 1, 1);
    });

    it("an up makes it so: panel, files and login show the site to its owner alone", async () => {
      taps.drush.forget();
      taps.accounts?.forget();
      await configure(configuration());
      const before = scenario.server.counts?.();
      created = await scenario.stack.up(acme);
      handshakes = { drush: taps.drush.connections, accounts: taps.accounts?.connections };
      counted = {
        bootstraps: scenario.countedSince(before, "bootstraps"),
        writes: scenario.countedSince(before, "writes"),
      };

      await scenario.reachedBy(site, scenario.named("acme"));
      const users = (await scenario.client(scenario.named("acme")))?.users;
      assert.deepEqual(users, [scenario.named("acme"), scenario.named("alice")]);
      await scenario.loginShows(scenario.named("acme"), site);
    });

    it("promise 9: its changes cost one handshake per identity and one bootstrap", () => {
      assert.equal(created.changes.create, acme.length);
      assert.deepEqual(handshakes, { drush: 1, accounts: taps.accounts && 1 });
      // A client and its user, a binding, an owner.
      const { bootstraps = 1, writes = 3 } = counted;
      assert.deepEqual({ bootstraps, writes }, { bootstraps: 1, writes: 3 });
    });

    it("promise 1: a second up changes nothing and writes nothing (trap 25)", async () => {
      await scenario.settled();
      const before = await scenario.fixture.digest("everything");
      assert.deepEqual((await scenario.stack.up()).changes, { same: acme.length });
      assert.equal(await scenario.fixture.digest("everything"), before);
    });

    it("promise 10: without its state file everything is adopted with no write", async () => {
      const before = await scenario.fixture.digest("everything");
      await scenario.stack.stack.importState({ version: 3, deployment: { resources: [] } });
      const rotated = [...acme.slice(0, 3), ...withLogin(scenario.named("acme"), { rotation: "2026-08" })];
      const outcome = await scenario.stack.up(rotated);
      assert.deepEqual(outcome.changes, { create: acme.length });
      assert.equal(await scenario.fixture.digest("everything"), before);
      if (!scenario.server.configuration.accounts) return;
      assert.match(
        outcome.output,
        /its password is adopted as it is, and rotation "2026-08" is noted, not carried out/,
      );
    });

    it("promise 4: access that the plan removes is gone when up ends, although a grant fails beside it (traps 13, 26)", async () => {
      const [former, beta] = [scenario.named("acme"), scenario.named("beta")];
      const { accounts } = scenario.server.configuration;
      const formerLogin = scenario.account(former);
      const password = (accounts && (await scenario.password(formerLogin))) ?? "";
      scenario.stack.declare([
        acme[0]!,
        client(beta, `${scenario.server.prefix} Beta`),
        owned(site, beta),
        ...withLogin(beta),
        { ...bound(beta, scenario.named("nobody")), options: { dependsOn: [`client:${former}`] } },
      ]);
      const outcome = await scenario.stack.stack.up({ continueOnError: true });
      assert.equal(outcome.ok, false);
      assert.match(outcome.output, new RegExp(`there is no panel user ${scenario.named("nobody")} to bind to ${beta}`));

      // Who was bound by the client's email stays; alice, whose binding is no longer declared, does not.
      assert.deepEqual((await scenario.client(former))?.users, [former]);
      await scenario.reachedBy(site, beta);
      if (!accounts) return;
      const { logins = true } = scenario.server;
      if (logins) assert.deepEqual((await scenario.seenBy(formerLogin, password)) ?? [], []);
      await until("the login is gone", async () => (await scenario.password(formerLogin)) === undefined);
      if (logins) assert.equal(await scenario.seenBy(formerLogin, password), undefined);
      await scenario.loginShows(beta, site);
    });

    /** The client after its replacement, whose logical names are those of beta. */
    const replaced = (args: Record<string, unknown> = {}): Declaration[] => {
      const [before, internalName] = [scenario.named("beta"), scenario.named("gamma")];
      return [
        {
          type: "AegirClient",
          name: `client:${before}`,
          args: { name: `${scenario.server.prefix} Beta`, internalName },
        },
        owned(site, before),
        ...withLogin(before, args),
      ];
    };

    it("promise 2: no site is without an owner while its client is replaced, login and all", async () => {
      const [before, after] = [scenario.named("beta"), scenario.named("gamma")];
      const beta = (await scenario.client(before))!.nid;
      const history = scenario.server.owners?.().length;
      scenario.stack.declare(replaced());
      const { result, owners, looks } = await scenario.watchingOwners(site, () => scenario.stack.stack.up());
      expectOk(result);
      assert.match(result.output, new RegExp(`client:${before}: becomes client:${after}: a new client node`));
      const gamma = (await scenario.client(after))!.nid;
      assert.ok(looks > 1);
      assert.deepEqual(owners, [beta, gamma]);
      const recorded = scenario.server.owners?.().slice(history);
      if (recorded) {
        assert.deepEqual(
          recorded.filter((state) => state.site === site).map(({ owner }) => owner),
          [after],
        );
      }
      assert.equal(await scenario.client(before), undefined);
      await scenario.reachedBy(site, after);
    });

    it("a rotation makes a new password, and the old one is refused (traps 14, 15)", async function () {
      if (!scenario.server.configuration.accounts) skip(this, "this server makes no shell accounts");
      const gamma = scenario.account(scenario.named("gamma"));
      const old = await scenario.password(gamma);
      assert.ok(old);
      await scenario.stack.up(replaced({ rotation: "2026-09" }));
      assert.notEqual(await scenario.password(gamma), old);
      if (scenario.server.logins !== false) assert.equal(await scenario.seenBy(gamma, old), undefined);
      await scenario.loginShows(scenario.named("gamma"), site);
    });

    it("a destroy hands the site to the default owner, and takes no user (trap 22)", async () => {
      const { users, defaultClient } = await scenario.fixture.state();
      expectOk(await scenario.stack.stack.destroy());
      const after = await scenario.fixture.state();
      assert.deepEqual([after.clients, after.users], [[], users]);
      await scenario.reachedBy(site, defaultClient.uname);
    });

    scenario.tellTheEnd();
  });
}
