/** A deployment of the night: what cannot be looked at stops nothing, and is never passed over in silence. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { Declaration } from "../scenarios/program";
import { bound, client, login, owned } from "../scenarios/Scenario";
import { newKey } from "../ssh/ScriptedServer";
import { eachFaultRun, type FaultRun, SITE } from "./FaultRun";
import type { Run } from "./LifecycleStack";
import { InProcessProvider } from "./Provider";

const DRUSH = ["client:nova", "binding:nova:alice", "binding:nova:dora", `site:${SITE}`];
const ACCOUNTS = ["account:nova"];
const ALL = [...DRUSH, ...ACCOUNTS];

/** One of each type; nothing depends on anything, so that each resource answers for itself. */
const declared: Declaration[] = [
  client("nova", "Nova Ltd"),
  bound("nova", "alice"),
  bound("nova", "dora", { createUser: { email: "dora@nova.example" } }),
  owned(SITE, "nova"),
  login("nova", SITE),
].map(({ args, ...rest }) => {
  return { ...rest, args: { ...args, ...("client" in args && { client: "nova" }), server: "main" } };
});
const withoutAlice = declared.filter(({ name }) => name !== "binding:nova:alice");

interface Obstacle {
  what: string;
  /** Puts it in the way of everything that connects from now on. */
  begin: (t: FaultRun) => void | Promise<void>;
  end?: (t: FaultRun) => void | Promise<void>;
  unseen: string[];
  says: RegExp;
}

const connection = (change: object) => (t: FaultRun) => void (t.servers = t.configuration(change));

/** A server that speaks something else. */
const web = createServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"));

const obstacles: Obstacle[] = [
  {
    what: "a closed port",
    begin: (t) => t.proxy.down(),
    end: (t) => t.proxy.up(),
    unseen: ALL,
    says: /nothing listens on port/,
  },
  {
    what: "a name that does not resolve",
    begin: connection({ host: "host.invalid" }),
    unseen: ALL,
    says: /cannot be resolved/,
  },
  {
    what: "a server that never greets",
    begin: (t) => {
      t.proxy.add("timeout", "downstream", { milliseconds: 0 });
      t.servers = t.configuration({ perDialTimeout: 0.1 });
    },
    end: (t) => t.proxy.heal(),
    unseen: ALL,
    says: /sent no SSH greeting/,
  },
  {
    what: "something that is not an SSH server",
    begin: async (t) => {
      await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
      t.servers = t.configuration({ port: (web.address() as { port: number }).port });
    },
    end: () => void web.close(),
    unseen: ALL,
    says: /not an SSH server/,
  },
  {
    what: "another host key",
    begin: connection({ hostKey: newKey().fingerprint }),
    unseen: ALL,
    says: /unknown host key/,
  },
  {
    what: "rejected credentials",
    begin: (t) => void (t.aegir.faults.refuseLogins = true),
    end: (t) => void (t.aegir.faults.refuseLogins = false),
    unseen: ALL,
    says: /rejected the private key/,
  },
  {
    what: "a key that cannot be read",
    begin: connection({ privateKey: newKey("zebra quartz").private }),
    unseen: ALL,
    says: /is encrypted and there is no passphrase/,
  },
  {
    what: "a server that is in no configuration",
    begin: (t) => void (t.servers = { other: t.configuration().main }),
    unseen: ALL,
    says: /No server "main" is configured.*decommissioned: <reason>/,
  },
  {
    what: "a login whose shell refuses commands",
    begin: (t) => void (t.aegir.faults.shell = "nologin"),
    end: (t) => void (t.aegir.faults.shell = "bash"),
    unseen: DRUSH,
    says: /the shell of this login forbids/,
  },
  {
    what: "a Drush that does not start",
    begin: (t) => void (t.aegir.faults.databaseDown = true),
    end: (t) => void (t.aegir.faults.databaseDown = false),
    unseen: DRUSH,
    says: /The database of the front end @hostmaster does not answer/,
  },
  {
    what: "an expired password of the login that runs Drush",
    begin: (t) => void t.aegir.faults.expiredPasswords.add("aegir"),
    end: (t) => void t.aegir.faults.expiredPasswords.delete("aegir"),
    unseen: DRUSH,
    says: /The password of aegir has expired, which also blocks logins with a key/,
  },
  {
    what: "password files in a directory that cannot be seen",
    begin: (t) => {
      const { main } = t.configuration();
      t.servers = { main: { ...main, accounts: { ...(main["accounts"] as object), directory: "/nowhere" } } };
    },
    unseen: ACCOUNTS,
    says: /cannot find the directory \/nowhere/,
  },
  {
    what: "an expired password of o1.ftp",
    begin: (t) => void t.aegir.faults.expiredPasswords.add("o1.ftp"),
    end: (t) => void t.aegir.faults.expiredPasswords.delete("o1.ftp"),
    unseen: ACCOUNTS,
    says: /its password may have expired/,
  },
];

describe("a refresh that cannot look", () => {
  const faultRun = eachFaultRun();

  const marked = (t: FaultRun) =>
    [...t.stack.state].flatMap(([name, { outputs }]) => (outputs["notLookedAt"] ? name : []));
  const refreshes = (t: FaultRun) => {
    const mark = t.stack.state.get("account:nova")!.outputs["notLookedAt"];
    return (mark as { refreshes: number } | undefined)?.refreshes;
  };
  const logicalNames = (run: Run) => run.failures.map(({ name }) => name);

  for (const { what, begin, end, unseen, says } of obstacles) {
    it(`night: ${what}: what can be revoked is revoked, and the run is red and names the rest`, async () => {
      const t = faultRun();
      await t.expectUp(declared);
      const before = JSON.stringify([...t.stack.state].map(([name, { inputs, outputs }]) => [name, inputs, outputs]));
      try {
        await begin(t);
        // Alone, it keeps what is recorded, says what it has not seen, and is not "no changes".
        const said = t.notLookedAt(await t.refresh());
        assert.equal(said.length, unseen.length);
        for (const line of said) assert.match(line, says);
        assert.deepEqual(marked(t).sort(), [...unseen].sort());
        const kept = [...t.stack.state].map(
          ([
            name,
            {
              inputs,
              outputs: { notLookedAt: _, ...outputs },
            },
          ]) => {
            return [name, inputs, outputs];
          },
        );
        assert.equal(JSON.stringify(kept), before);
        const preview = await t.stack.preview();
        const there = (name: string) => (what === "a server that is in no configuration" ? [] : [`update ${name}`]);
        assert.deepEqual(preview.done.sort(), unseen.flatMap(there).sort());

        t.stack.declared = withoutAlice;
        const run = await t.up({ refresh: true, continueOnError: true });
        for (const { name, operation, message } of run.failures) {
          if (operation !== "check") t.assertExplains(name, message);
        }
        assert.deepEqual(logicalNames(run).sort(), [...unseen].sort());
        const revoked = !unseen.includes("binding:nova:alice");
        assert.equal(run.done.includes("delete binding:nova:alice"), revoked);
        if (unseen.includes("account:nova")) assert.equal(refreshes(t), 2);
      } finally {
        await end?.(t);
      }
      // As soon as it can be seen again, one deployment clears the marks.
      t.servers = undefined;
      await t.expectUp(withoutAlice);
      assert.deepEqual(marked(t), []);
      await t.check();
    });
  }

  it("night: an unexpected mistake of this program is not taken for a server that cannot be looked at", async () => {
    const t = faultRun();
    await t.expectUp(declared);
    t.stack.state.get("account:nova")!.outputs["username"] = { not: "a name" };
    const { failures } = await t.refresh();
    assert.deepEqual(
      failures.map(({ name }) => name),
      ["account:nova"],
    );
  });

  it("night: a lookup of what the stack does not manage has nothing to keep, and fails", async () => {
    const t = faultRun();
    await t.proxy.down();
    const provider = await InProcessProvider.start(t.configuration());
    await assert.rejects(provider.read("SiteOwnership", `site:${SITE}`), { message: /nothing listens on port/ });
    await provider.end();
    await t.proxy.up();
  });

  it("night: a server that is down costs a run one round of attempts, not one for each resource", async () => {
    const users = Array.from({ length: 20 }, (_, index) => `person${index}`);
    const t = faultRun();
    for (const name of users) t.aegir.panel.addUser({ name });
    const many = users.map((user) => ({ ...bound("nova", user), args: { client: "nova", user } }));
    await t.expectUp([client("nova", "Nova Ltd"), ...many]);
    t.proxy.add("timeout", "downstream", { milliseconds: 0 });
    const before = t.proxy.connections;
    t.servers = t.configuration({ dialErrorLimit: 0, perDialTimeout: 0.2 });
    const run = await t.up({ refresh: true, continueOnError: true });
    assert.equal(run.failures.length, 21);
    assert.equal(t.proxy.connections - before, 1);
    t.proxy.heal();
    t.servers = undefined;
    await t.expectUp();
  });
});
