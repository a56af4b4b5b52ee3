/**
 * `pulumi up --refresh --continue-on-error`, as it runs every night: after every change of the configuration, beside a
 * server that is off, and where a server is given up.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SmallAegir } from "../aegir/SmallAegir";
import type { Outcome } from "../engine/Engine";
import { newKey, ScriptedServer } from "../ssh/ScriptedServer";
import { cleaningUp } from "../support/cleaningUp";
import { skipUnlessLong } from "../support/random";
import { ToxicProxy } from "../support/ToxicProxy";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import type { Declaration } from "./program";
import { bound, client, expectOk, login, owned, Scenario, type ScenarioOptions } from "./Scenario";
import type { Opener } from "./ScenarioStack";

const site = "www.acme.example";
const nightly = { refresh: true, continueOnError: true };

/** A new host key shows the kind every day. */
const FURTHER_CHANGES = "nights after further changes of the configuration";

let scenario: Scenario;

/** What a suite of nights begins a test with, and what it does after one. */
function nightsOn(engine: () => Opener) {
  const later = cleaningUp();
  async function open(options: ScenarioOptions = {}): Promise<void> {
    scenario = await Scenario.open(engine(), options);
    later(() => scenario.close());
    prepare(scenario.aegir);
  }
  return { open, later };
}

function prepare(aegir: SmallAegir): void {
  aegir.addSites([{ site }]);
  for (const name of ["alice", "bob"]) aegir.panel.addUser({ name });
}

/** Kills a night when it is held there. */
async function killAt(hold: ReturnType<SmallAegir["faults"]["holdRequest"]>): Promise<void> {
  const kill = new AbortController();
  const killed = scenario.stack.up({ ...nightly, kill: kill.signal });
  await hold.reached;
  kill.abort();
  assert.equal((await killed).ok, false);
  hold.release();
}

const configure = (servers: object) => scenario.configure({ "aegir:servers": { secret: JSON.stringify(servers) } });
const bindings = (aegir = scenario.aegir) =>
  aegir
    .tables()
    .bindings.flatMap(({ user, client }) => (client === "acme" ? user : []))
    .sort();
const failed = ({ steps }: Outcome) =>
  steps.flatMap(({ op, name, outcome }) => (outcome === "failed" ? `${op} ${name}` : []));

/** The second server, where there are two. */
let other: SmallAegir;
const on = (server: string, { name, args, ...rest }: Declaration): Declaration => ({
  ...rest,
  name: `${server}:${name}`,
  args: { ...args, server, ...("client" in args && { client: "acme" }) },
});
const all = ["main", "other"].flatMap((server) => [
  on(server, client("acme", "Acme Corp")),
  { ...on(server, bound("acme", "alice")), options: { dependsOn: [`${server}:client:acme`] } },
  { ...on(server, bound("acme", "bob")), options: { dependsOn: [`${server}:client:acme`] } },
]);
const without = (...names: string[]) => all.filter(({ name }) => !names.includes(name));
const servers = (change: object = {}) => {
  const { connection, ...others } = other.configuration();
  return {
    main: scenario.aegir.configuration(),
    other: { ...others, connection: { ...connection, dialErrorLimit: 0 }, ...change },
  };
};

/** Each test begins with the same client and people on two servers. */
function withTwoServers({ open, later }: ReturnType<typeof nightsOn>): void {
  beforeEach(async () => {
    other = await SmallAegir.start();
    later(() => other.stop());
    prepare(other);
    await open();
    await configure(servers());
    await scenario.up(all);
  });
}

onEveryEngine("the night", (engine) => {
  const { open, later } = nightsOn(engine);

  describe("after a change of the configuration", () => {
    const acme = [client("acme", "Acme Corp"), bound("acme", "bob"), owned(site, "acme"), login("acme", site)];

    /** Deploys, changes the server and its configuration, lets alice go, and runs the night's command once. */
    async function night(before: object, change: () => Promise<object> | object): Promise<Outcome> {
      await configure(before);
      await scenario.up([...acme, bound("acme", "alice")]);
      assert.deepEqual(bindings(), ["alice", "bob"]);
      await configure(await change());
      scenario.declare(acme);
      return scenario.stack.up(nightly);
    }

    /** The next night finds nothing to do, and what is recorded is not marked. */
    async function settled(): Promise<void> {
      assert.deepEqual(bindings(), ["bob"]);
      const outcome = expectOk(await scenario.stack.up(nightly));
      assert.deepEqual(
        outcome.steps.filter(({ op, found }) => op !== "same" && found !== "same"),
        [],
      );
    }

    const main = (change: object = {}) => {
      const { connection, accounts, ...others } = scenario.aegir.configuration();
      const of = (each?: object) => ({ ...each, dialErrorLimit: 0, ...change });
      return {
        main: {
          ...others,
          connection: of(connection),
          accounts: { ...accounts, connection: of(accounts?.connection) },
        },
      };
    };

    beforeEach(() => open());

    it("a new host key: alice loses her access in the first night, and nothing stays marked", async () => {
      expectOk(
        await night(main(), async () => {
          await scenario.aegir.down();
          await scenario.aegir.up({ newHostKey: true });
          return main();
        }),
      );
      await settled();
    });

    it("a new host key, and a site that was moved by hand meanwhile: red in the first night, repaired in the second", async () => {
      scenario.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
      const first = await night(main(), async () => {
        scenario.aegir.panel.setOwner(site, "Beta GmbH");
        await scenario.aegir.down();
        await scenario.aegir.up({ newHostKey: true });
        return main();
      });
      assert.deepEqual(failed(first), [`update site:${site}`]);
      assert.match(first.output, /changed since this stack last saw it: expected acme, found beta/);
      assert.equal(scenario.owner(site), "beta");
      expectOk(await scenario.stack.up(nightly));
      assert.equal(scenario.owner(site), "acme");
      await settled();
    });

    it("a new port, likewise", async function () {
      skipUnlessLong(this, FURTHER_CHANGES);
      const [old, moved] = [
        await ToxicProxy.open(() => scenario.aegir.drush),
        await ToxicProxy.open(() => scenario.aegir.drush),
      ];
      later(() => moved.down());
      expectOk(
        await night(main({ port: old.port }), async () => {
          await old.down();
          return main({ port: moved.port });
        }),
      );
      await settled();
    });

    it("a new bastion, likewise", async function () {
      skipUnlessLong(this, FURTHER_CHANGES);
      const [old, other] = [
        await ScriptedServer.start({ forwarding: true }),
        await ScriptedServer.start({ forwarding: true }),
      ];
      later(() => other.stop());
      const proxy = (server: ScriptedServer) =>
        main({ proxy: { ...server.args({ user: "jump" }), dialErrorLimit: 0 } });
      expectOk(
        await night(proxy(old), async () => {
          await old.stop();
          return proxy(other);
        }),
      );
      await settled();
    });

    it("a new login and a new private key, likewise", async function () {
      skipUnlessLong(this, FURTHER_CHANGES);
      expectOk(
        await night(main(), () => {
          scenario.aegir.changeLogin("deploy");
          return main();
        }),
      );
      expectOk(
        await night(main(), () => {
          scenario.aegir.changeLogin();
          return main();
        }),
      );
      await settled();
    });

    it("a renamed server, configured under both names, likewise", async function () {
      skipUnlessLong(this, FURTHER_CHANGES);
      expectOk(
        await night(main(), () => ({ ...main(), production: main().main })).then(async (outcome) => {
          // With two servers a resource must say which one it means, and the program does not yet.
          assert.equal(outcome.ok, false);
          assert.match(outcome.output, /This stack has several servers \(main, production\)\. Choose one/);
          scenario.declare(acme.map((each) => ({ ...each, args: { ...each.args, server: "production" } })));
          return scenario.stack.up(nightly);
        }),
      );
      await settled();
    });

    it("a renamed server, configured under its new name alone, fails and says how", async () => {
      const outcome = await night(main(), () => ({ production: main().main }));
      assert.equal(outcome.ok, false);
      assert.match(
        outcome.output,
        /No server "main" is configured\..*configure it under both names for one `pulumi up`/,
      );
      await configure({ ...main(), production: main().main });
      scenario.declare(acme.map((each) => ({ ...each, args: { ...each.args, server: "production" } })));
      expectOk(await scenario.stack.up(nightly));
      await settled();
    });

    it("a pin that is still wrong: red, every resource is named, and nothing is taken for gone", async () => {
      const outcome = await night(main(), () => main({ hostKey: newKey().fingerprint }));
      assert.equal(outcome.ok, false);
      // The refresh went by the old configuration, which was right.
      assert.ok(failed(outcome).includes("delete binding:acme:alice"), failed(outcome).join());
      expectOk(await scenario.stack.preview());
      await configure(main());
      expectOk(await scenario.stack.up(nightly));
      await settled();
    });

    it("pulumi refresh alone goes by the old configuration, and says so; with --run-program by the new one", async () => {
      await configure(main());
      await scenario.up(acme);
      await scenario.aegir.down();
      await scenario.aegir.up({ newHostKey: true });
      await configure(main());
      for (let refreshes = 0; refreshes < 2; refreshes++) {
        const { output, steps } = expectOk(await scenario.stack.refresh());
        for (const id of ["client:acme", "binding:acme:bob", `site:${site}`, "account:o1.acme"]) {
          assert.match(
            output,
            new RegExp(`${id}: could not be looked at: .*unknown host key.*pulumi refresh.* only with --run-program`),
          );
        }
        // Never "no changes", in no run.
        assert.deepEqual(
          steps.map(({ found }) => found),
          ["update", "update", "update", "update"],
        );
      }
      const { output } = await scenario.stack.preview({ refresh: true });
      assert.match(output, /account:o1\.acme: could not be looked at/);
      const refreshed = expectOk(await scenario.stack.refresh({ runProgram: true }));
      assert.doesNotMatch(refreshed.output, /could not be looked at/);
      assert.deepEqual((await scenario.up()).changes, { same: 4 });
    });
  });

  describe("with two servers", () => {
    withTwoServers({ open, later });

    it("one that is off stops no revocation on the other; the run is red and names what it has not seen", async () => {
      await other.down();
      scenario.declare(without("main:binding:acme:bob", "other:binding:acme:bob"));
      const outcome = await scenario.stack.up(nightly);
      assert.equal(outcome.ok, false);
      assert.deepEqual(bindings(), ["alice"]);
      for (const id of ["client:acme", "binding:acme:alice", "binding:acme:bob"]) {
        assert.match(outcome.diagnostics, new RegExp(`${id}: could not be looked at: \\S+@127\\.0\\.0\\.1:\\d+`));
      }
      assert.match(outcome.diagnostics, /Last seen: bob \(uid \d+\) may act for acme/);
      await other.up();
      expectOk(await scenario.stack.up(nightly));
      assert.deepEqual(bindings(other), ["alice"]);
      assert.deepEqual((await scenario.up()).changes, { same: 4 });
    });

    it("one whose entry left the configuration is not forgotten: the run is red and names the way out", async () => {
      await configure({ main: scenario.aegir.configuration() });
      scenario.declare(without("main:binding:acme:bob").filter(({ name }) => name.startsWith("main:")));
      const outcome = await scenario.stack.up(nightly);
      assert.equal(outcome.ok, false);
      assert.deepEqual(bindings(), ["alice"]);
      assert.match(
        outcome.output,
        /No server "other" is configured\..*Keep the entry of a server that is gone for good, with `decommissioned: <reason>`/,
      );
      await configure(servers({ decommissioned: "burnt down, OPS-123" }));
      expectOk(await scenario.stack.up(nightly));
    });

    it("a stack whose last server is given up is destroyed without a connection, after one deployment that knows it", async () => {
      await other.down();
      await scenario.aegir.down();
      const { other: given } = servers({ decommissioned: "OPS-123" });
      await configure({ main: { ...scenario.aegir.configuration(), decommissioned: "OPS-123" }, other: given });
      expectOk(await scenario.stack.up());
      const destroyed = expectOk(await scenario.stack.destroy());
      assert.match(destroyed.output, /is forgotten without a connection/);
    });
  });

  it("of a manifest: what has expired ends beside an expired password; while Drush is down the night ends, red", async () => {
    await open({ program: join(__dirname, "..", "..") });
    const team = ["carol", "dora", "erin"];
    for (const name of team) scenario.aegir.panel.addUser({ name });
    const file = join(scenario.directory, "access.yaml");
    const users = ["alice", "{ name: bob, expires: 2026-11-26 }", ...team];
    const manifest = (people: string[]) =>
      `version: 1\nclients: [{ name: Acme Corp, internalName: acme, sites: [${site}], shellAccount: true, users: [${people.join()}] }]\n`;
    writeFileSync(file, manifest(users));
    await scenario.configure({ "aegir-access:manifest": file, "aegir-access:asOf": "2026-11-24" });
    expectOk(await scenario.stack.up());
    assert.ok(bindings().includes("bob"));

    await scenario.configure({ "aegir-access:asOf": "2026-11-27" });
    scenario.aegir.faults.expiredPasswords.add("o1.ftp");
    const first = await scenario.stack.up(nightly);
    assert.deepEqual(failed(first), ["update account:acme"]);
    assert.deepEqual(bindings(), ["alice", ...team]);

    scenario.aegir.faults.expiredPasswords.clear();
    scenario.aegir.faults.databaseDown = true;
    writeFileSync(file, manifest(users.slice(1)));
    const second = await scenario.stack.up(nightly);
    assert.equal(second.ok, false);
    for (const id of ["client:acme", "binding:acme:alice", "binding:acme:erin", `site:${site}`]) {
      assert.match(second.diagnostics, new RegExp(`${id}: could not be looked at: .*The database of the front end`));
    }
    scenario.aegir.faults.databaseDown = false;
    expectOk(await scenario.stack.up(nightly));
    assert.deepEqual(bindings(), team);
  });

  it("a binding that a killed run had just made, of a grant that expired before the next one: the audit reports it until it is removed", async () => {
    await open({ program: join(__dirname, "..", "..") });
    const file = join(scenario.directory, "access.yaml");
    const manifest = (users: string) =>
      `version: 1\nclients: [{ name: Acme Corp, internalName: acme, sites: [${site}], users: [${users}] }]\n`;
    writeFileSync(file, manifest("alice"));
    await scenario.configure({ "aegir-access:manifest": file, "aegir-access:asOf": "2026-11-24" });
    expectOk(await scenario.stack.up());

    writeFileSync(file, manifest("alice, { name: bob, expires: 2026-11-24 }"));
    await killAt(scenario.aegir.faults.holdRequest("write", "committed"));
    await scenario.stack.cancel();

    await scenario.configure({ "aegir-access:asOf": "2026-11-25" });
    expectOk(await scenario.stack.up(nightly));
    assert.deepEqual(bindings(), ["alice", "bob"]);
    const audit = await scenario.look(["audit", file, "--as-of", "2026-11-25"]);
    assert.equal(audit.exitCode, 1);
    assert.match(audit.stdout, /bob could act for acme until 2026-11-24, and 1 day later still can/);
    writeFileSync(file, manifest("alice"));
    const afterwards = await scenario.look(["audit", file]);
    assert.equal(afterwards.exitCode, 1);
    assert.match(afterwards.stdout, /bob may act for acme, which the manifest does not say/);
    scenario.aegir.panel.unbind("acme", "bob");
    assert.equal((await scenario.look(["audit", file])).exitCode, 0);
  });

  it("a night that was killed leaves a lock; after pulumi cancel the same command completes it", async () => {
    await open();
    const declared = [client("acme", "Acme Corp"), bound("acme", "alice"), owned(site, "acme")];
    await scenario.up([client("acme", "Acme Corp"), bound("acme", "bob")]);
    scenario.declare(declared);
    await killAt(scenario.aegir.faults.holdRequest("setOwner", "begun"));
    const locked = await scenario.stack.up(nightly);
    assert.equal(locked.ok, false);
    assert.match(locked.output, /the stack is currently locked/);
    await scenario.stack.cancel();
    expectOk(await scenario.stack.up(nightly));
    assert.deepEqual(bindings(), ["alice"]);
    assert.equal(scenario.owner(site), "acme");
  });
});

// Each resource answers for itself here, and an engine with a refresh does no more than ask it.
onTheLifecycles("the night", (engine) => {
  const { open, later } = nightsOn(engine);

  describe("with two servers", () => {
    withTwoServers({ open, later });

    it("one that is given up is forgotten without a connection, and each run says so", async () => {
      await other.down();
      await configure(servers({ decommissioned: "burnt down, OPS-123" }));
      // Still declared: kept as it is, said in every run, and the rest goes on.
      scenario.declare(without("main:binding:acme:bob"));
      const kept = expectOk(await scenario.stack.up(nightly));
      assert.deepEqual(bindings(), ["alice"]);
      assert.match(
        kept.output,
        /client:acme: is declared on the server other, which is decommissioned \(burnt down, OPS-123\)/,
      );
      // Nothing new is made there.
      scenario.declare([...without("main:binding:acme:bob"), on("other", client("beta", "Beta"))]);
      const refused = await scenario.stack.up(nightly);
      assert.deepEqual(failed(refused), ["create other:client:beta"]);
      assert.match(
        refused.output,
        /server "other" is decommissioned \(burnt down, OPS-123\), so nothing connects to it/,
      );
      // Removed: forgotten, by name.
      scenario.declare(without("main:binding:acme:bob").filter(({ name }) => name.startsWith("main:")));
      const gone = expectOk(await scenario.stack.up(nightly));
      for (const what of ["alice (uid", "bob (uid", "the client acme is called Acme Corp"]) {
        assert.match(gone.output, new RegExp(`is forgotten without a connection: .*${what.replace("(", "\\(")}`));
      }
      await configure({ main: scenario.aegir.configuration() });
      assert.deepEqual((await scenario.up()).changes, { same: 2 });
    });
  });

  it("an expired password of o1.ftp stops no revocation in the panel, and the login is named", async () => {
    await open();
    const declared = [client("acme", "Acme Corp"), owned(site, "acme"), login("acme", site)];
    await scenario.up([...declared, bound("acme", "alice")]);
    scenario.aegir.faults.expiredPasswords.add("o1.ftp");
    scenario.declare(declared);
    const outcome = await scenario.stack.up(nightly);
    assert.deepEqual(failed(outcome), ["update account:acme"]);
    assert.deepEqual(bindings(), []);
    assert.match(outcome.diagnostics, /its password may have expired.*Last seen: o1\.acme is the login of acme/);
    scenario.aegir.faults.expiredPasswords.clear();
    expectOk(await scenario.stack.up(nightly));
    assert.deepEqual((await scenario.up()).changes, { same: 3 });
  });
});
