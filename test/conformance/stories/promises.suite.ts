/** The promises of design.md, section 6, as the life of one stack. */
import assert from "node:assert/strict";
import type { Outcome } from "../../engine/Engine";
import { bound, client, expectOk, login, owned } from "../../scenarios/ScenarioStack";
import type { Declaration } from "../../scenarios/program/index";
import { newKey } from "../../ssh/ScriptedServer";
import { skip } from "../../support/skip";
import { until, type StoryStage } from "./StoryStage";
import { SSH_MSG, ToxicProxy } from "../../support/ToxicProxy";

export function tellPromises(stage: StoryStage): void {
  describe("the promises, from a first deployment to the last", () => {
    let taps: { drush: ToxicProxy; accounts?: ToxicProxy };
    let site: string;
    let acme: Declaration[];
    let created: Outcome;
    let handshakes: { drush: number; accounts: number | undefined };
    let counted: { bootstraps: number | undefined; writes: number | undefined };

    /** The stack's view of the server, its wires tapped. */
    const configuration = (connection: object = {}) => {
      const { accounts, ...server } = stage.server.configuration;
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
      stage.stack.configure({ "aegir:servers": { secret: JSON.stringify({ main }) } });

    const withLogin = (internalName: string, args: Record<string, unknown> = {}) =>
      stage.server.configuration.accounts ? [login(internalName, site, args)] : [];

    before(async () => {
      await stage.open();
      const { connection, accounts } = stage.server.configuration;
      taps = {
        drush: await ToxicProxy.open(() => connection),
        ...(accounts && { accounts: await ToxicProxy.open(() => accounts.connection) }),
      };
      await configure(configuration());
      [site] = stage.sites;
      await stage.backstage.addUser({ name: stage.named("alice"), mail: stage.mail("alice") });
      acme = [
        client(stage.named("acme"), `${stage.server.prefix} Acme`, { email: stage.mail("acme") }),
        bound(stage.named("acme"), stage.named("alice")),
        owned(site, stage.named("acme")),
        ...withLogin(stage.named("acme")),
      ];
    });
    after(async () => {
      await stage.close();
      for (const tap of Object.values(taps)) await tap.down();
    });

    it("promise 5: a preview needs neither the server nor a credential", async () => {
      const nowhere = { host: "127.0.0.1", port: 1, privateKey: undefined };
      await configure(configuration(nowhere));
      stage.stack.declare(acme);
      const env = { SSH_AUTH_SOCK: "", AEGIR_PRIVATE_KEY: "" };
      const preview = expectOk(await stage.stack.stack.preview({ env }));
      assert.deepEqual(preview.changes, { create: acme.length });
      assert.equal(taps.drush.connections + (taps.accounts?.connections ?? 0), 0);
    });

    it("promise 7: after a wrong host key nothing is sent, no user name and no credential", async () => {
      const hostKey = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
      await configure(configuration({ hostKey }));
      const before = stage.server.counts?.();
      const outcome = await stage.stack.stack.up();
      assert.equal(outcome.ok, false);
      assert.ok(outcome.output.includes(hostKey), outcome.output);
      assert.ok(taps.drush.connections > 0);
      for (const messages of taps.drush.messages) {
        assert.ok(messages.includes(SSH_MSG.kexInit) && !messages.includes(SSH_MSG.newKeys), String(messages));
      }
      assert.deepEqual(stage.server.counts?.(), before);
    });

    it("promise 7: rejected credentials are offered once, by however many resources", async () => {
      taps.drush.forget();
      await configure(configuration({ privateKey: newKey().private }));
      const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
      stage.stack.declare(names.map((name) => client(stage.named(name), `${stage.server.prefix} ${name}`)));
      const before = stage.server.counts?.();
      const outcome = await stage.stack.stack.up({ continueOnError: true });
      assert.equal(outcome.ok, false);
      assert.equal(taps.drush.connections, 1);
      assert.ok(taps.drush.messages[0]!.includes(SSH_MSG.newKeys));
      assert.equal(stage.countedSince(before, "rejectedLogins") ?? 1, 1);
    });

    it("an up makes it so: panel, files and login show the site to its owner alone", async () => {
      taps.drush.forget();
      taps.accounts?.forget();
      await configure(configuration());
      const before = stage.server.counts?.();
      created = await stage.stack.up(acme);
      handshakes = { drush: taps.drush.connections, accounts: taps.accounts?.connections };
      counted = { bootstraps: stage.countedSince(before, "bootstraps"), writes: stage.countedSince(before, "writes") };

      await stage.reachedBy(site, stage.named("acme"));
      const users = (await stage.client(stage.named("acme")))?.users;
      assert.deepEqual(users, [stage.named("acme"), stage.named("alice")]);
      await stage.loginShows(stage.named("acme"), site);
    });

    it("promise 9: its changes cost one handshake per identity and one bootstrap", () => {
      assert.equal(created.changes.create, acme.length);
      assert.deepEqual(handshakes, { drush: 1, accounts: taps.accounts && 1 });
      // A client and its user, a binding, an owner.
      const { bootstraps = 1, writes = 3 } = counted;
      assert.deepEqual({ bootstraps, writes }, { bootstraps: 1, writes: 3 });
    });

    it("promise 1: a second up changes nothing and writes nothing (trap 25)", async () => {
      await stage.settled();
      const before = await stage.backstage.digest("everything");
      assert.deepEqual((await stage.stack.up()).changes, { same: acme.length });
      assert.equal(await stage.backstage.digest("everything"), before);
    });

    it("promise 10: without its state file everything is adopted with no write", async () => {
      const before = await stage.backstage.digest("everything");
      await stage.stack.stack.importState({ version: 3, deployment: { resources: [] } });
      const rotated = [...acme.slice(0, 3), ...withLogin(stage.named("acme"), { rotation: "2026-08" })];
      const outcome = await stage.stack.up(rotated);
      assert.deepEqual(outcome.changes, { create: acme.length });
      assert.equal(await stage.backstage.digest("everything"), before);
      if (!stage.server.configuration.accounts) return;
      assert.match(
        outcome.output,
        /its password is adopted as it is, and rotation "2026-08" is noted, not carried out/,
      );
    });

    it("promise 4: access that the plan removes is gone when up ends, although a grant fails beside it (traps 13, 26)", async () => {
      const [former, beta] = [stage.named("acme"), stage.named("beta")];
      const { accounts } = stage.server.configuration;
      const formerLogin = stage.account(former);
      const password = (accounts && (await stage.password(formerLogin))) ?? "";
      stage.stack.declare([
        acme[0]!,
        client(beta, `${stage.server.prefix} Beta`),
        owned(site, beta),
        ...withLogin(beta),
        { ...bound(beta, stage.named("nobody")), options: { dependsOn: [`client:${former}`] } },
      ]);
      const outcome = await stage.stack.stack.up({ continueOnError: true });
      assert.equal(outcome.ok, false);
      assert.match(outcome.output, new RegExp(`there is no panel user ${stage.named("nobody")} to bind to ${beta}`));

      // Who was bound by the client's email stays; alice, whose binding is no longer declared, does not.
      assert.deepEqual((await stage.client(former))?.users, [former]);
      await stage.reachedBy(site, beta);
      if (!accounts) return;
      const { logins = true } = stage.server;
      if (logins) assert.deepEqual((await stage.seenBy(formerLogin, password)) ?? [], []);
      await until("the login is gone", async () => (await stage.password(formerLogin)) === undefined);
      if (logins) assert.equal(await stage.seenBy(formerLogin, password), undefined);
      await stage.loginShows(beta, site);
    });

    /** The client after its replacement, whose logical names are those of beta. */
    const replaced = (args: Record<string, unknown> = {}): Declaration[] => {
      const [before, internalName] = [stage.named("beta"), stage.named("gamma")];
      return [
        { type: "AegirClient", name: `client:${before}`, args: { name: `${stage.server.prefix} Beta`, internalName } },
        owned(site, before),
        ...withLogin(before, args),
      ];
    };

    it("promise 2: no site is without an owner while its client is replaced, login and all", async () => {
      const [before, after] = [stage.named("beta"), stage.named("gamma")];
      const beta = (await stage.client(before))!.nid;
      const history = stage.server.owners?.().length;
      stage.stack.declare(replaced());
      const { result, owners, looks } = await stage.watchingOwners(site, () => stage.stack.stack.up());
      expectOk(result);
      assert.match(result.output, new RegExp(`client:${before}: becomes client:${after}: a new client node`));
      const gamma = (await stage.client(after))!.nid;
      assert.ok(looks > 1);
      assert.deepEqual(owners, [beta, gamma]);
      const recorded = stage.server.owners?.().slice(history);
      if (recorded) {
        assert.deepEqual(
          recorded.filter((state) => state.site === site).map(({ owner }) => owner),
          [after],
        );
      }
      assert.equal(await stage.client(before), undefined);
      await stage.reachedBy(site, after);
    });

    it("a rotation makes a new password, and the old one is refused (traps 14, 15)", async function () {
      if (!stage.server.configuration.accounts) skip(this, "this server makes no shell accounts");
      const gamma = stage.account(stage.named("gamma"));
      const old = await stage.password(gamma);
      assert.ok(old);
      await stage.stack.up(replaced({ rotation: "2026-09" }));
      assert.notEqual(await stage.password(gamma), old);
      if (stage.server.logins !== false) assert.equal(await stage.seenBy(gamma, old), undefined);
      await stage.loginShows(stage.named("gamma"), site);
    });

    it("a destroy hands the site to the default owner, and takes no user (trap 22)", async () => {
      const { users, defaultClient } = await stage.backstage.state();
      expectOk(await stage.stack.stack.destroy());
      const after = await stage.backstage.state();
      assert.deepEqual([after.clients, after.users], [[], users]);
      await stage.reachedBy(site, defaultClient.uname);
    });

    stage.tellTheEnd();
  });
}
