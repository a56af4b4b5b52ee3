/** The run of the queue goes through a plugin that the in-process engine cannot have; what it is given is seen here. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { SiteOwnership } from "pulumi-aegir";
import type { Server } from "../../provider/aegir/serverTypes";
import { queueRun } from "../../provider/stack/queueRun";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHk6mXnRHPHOJ0xkCjuzpnAl6vVAGDkaVdFgO6oUfFP9";
const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILYYck9bpbh41YZtUps4tKwWYDboZOYVPZtE3bQ1GEil";
const rsaKey = `ssh-rsa ${"A".repeat(372)}`;
const fingerprint = "SHA256:uNiVztksCsDhcc0u9e8BrQXVGDpj4QkZkC9jWqV1X0k";

describe("a run of the queue", () => {
  const commands: pulumi.runtime.MockResourceArgs[] = [];

  /** Outputs of the ownerships, by site; a program may declare a site once. */
  let ownerships: Record<string, object> = {};
  let declared = 0;

  before(() =>
    pulumi.runtime.setMocks({
      newResource({ type, name, inputs }) {
        if (type === "command:remote:Command") commands.push({ type, name, inputs });
        const { site } = inputs as { site?: string };
        return { id: name, state: { ...(inputs as object), ...(site !== undefined && ownerships[site]) } };
      },
      call: ({ inputs }) => inputs as object,
    }),
  );

  async function run(server: Server, outputs: object[] = [{ verifyTask: 7, applied: true }]) {
    commands.length = 0;
    ownerships = Object.fromEntries(outputs.map((output) => [`www${declared++}.acme.example`, output]));
    const sites = Object.keys(ownerships).map(
      (site) => new SiteOwnership(`site:${site}`, { site, client: "acme", server: "main" }),
    );
    const resource = await queueRun("main", server)(sites);
    await new Promise((done) => resource.urn.apply(done));
    assert.equal(commands.length, 1);
    const inputs = commands[0]!.inputs as Record<string, unknown>;
    // A secret, as it goes to the engine: its signature and its value.
    const { value: connection } = inputs["connection"] as { value: NonNullable<Server["connection"]> };
    return { ...inputs, connection } as Record<string, unknown> & { connection: typeof connection };
  }

  it("goes over the server's connection, with the public key of every hop pinned, and one attempt at each", async () => {
    const { connection, create } = await run({
      connection: {
        host: "aegir.example.com",
        user: "o1",
        hostKey: [fingerprint, `aegir.example.com ${key}`],
        dialErrorLimit: 3,
        proxy: { host: "bastion.example.com", user: "jump", hostKey: key },
      },
      drush: { command: "sudo -n -u aegir -H drush" },
    });
    assert.equal(connection.user, "o1");
    for (const { hostKey, dialErrorLimit } of [connection, connection.proxy!]) {
      assert.deepEqual({ hostKey, dialErrorLimit }, { hostKey: key, dialErrorLimit: 0 });
    }
    assert.equal(create, "sudo -n -u aegir -H drush @hostmaster hosting-tasks");
  });

  it("becomes the user that owns Aegir as the provider does", async () => {
    const drush = { command: "drush8", runAs: "o1" };
    const line = async (user: string) => {
      return (await run({ connection: { host: "aegir.example.com", user, hostKey: key }, drush })).create;
    };
    assert.equal(await line("root"), 'su -s /bin/bash - o1 -c "drush8 @hostmaster hosting-tasks"');
    assert.equal(await line("deploy"), "sudo -n -u o1 -H drush8 @hostmaster hosting-tasks");
    assert.equal(await line("o1"), "drush8 @hostmaster hosting-tasks");
  });

  const connection = { host: "aegir.example.com", user: "aegir", hostKey: key };

  it("is made again by a newer verify, not by an adopted site or another order", async () => {
    const [old, newest, adopted] = [
      { verifyTask: 7, applied: true },
      { verifyTask: 9, applied: true },
      { applied: true },
    ];
    assert.deepEqual((await run({ connection }, [adopted]))["triggers"], [0]);
    assert.deepEqual((await run({ connection }, [old, newest]))["triggers"], [9]);
    assert.deepEqual((await run({ connection }, [newest, adopted, old]))["triggers"], [9]);
  });

  it("shows nothing of what the server prints, and does not send it back", async () => {
    const { logging, addPreviousOutputInEnv } = await run({ connection });
    assert.deepEqual({ logging, addPreviousOutputInEnv }, { logging: "none", addPreviousOutputInEnv: false });
  });

  it("pins a key that an up-to-date sshd can prove, and none that is revoked", async () => {
    const hostKey = `${rsaKey}\n@revoked * ${otherKey}\n# ${otherKey}\naegir.example.com ${key} its console`;
    assert.equal((await run({ connection: { ...connection, hostKey } })).connection.hostKey, key);
    assert.equal((await run({ connection: { ...connection, hostKey: rsaKey } })).connection.hostKey, rsaKey);
  });

  it("warns of each site whose files were not seen to be linked for its owner alone", async () => {
    const warnings: string[] = [];
    const { warn } = console;
    console.warn = (message: string) => void warnings.push(message);
    try {
      await run({ connection }, [{ applied: true }, { applied: false }]);
    } finally {
      console.warn = warn;
    }
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /not seen yet.*`pulumi up --refresh`/);
  });

  it("is refused where a host holds its user or its port, which @pulumi/command does not take apart", () => {
    for (const host of [
      "root@aegir.example.com",
      "ssh://aegir.example.com",
      "aegir.example.com:2222",
      "[::1]",
      "a.example.",
    ]) {
      assert.throws(
        () => queueRun("main", { connection: { ...connection, host } }),
        /each host as a name or an address alone/,
      );
    }
    assert.doesNotThrow(() => queueRun("main", { connection: { ...connection, host: "2001:db8::1" } }));
  });

  it("is refused where a fingerprint alone pins a hop, because any host would do for @pulumi/command", () => {
    const refusal = /runQueue needs each hostKey as a public key/;
    const pinned = { host: "bastion.example.com", user: "jump", hostKey: fingerprint };
    assert.throws(() => queueRun("main", { connection: pinned }), refusal);
    assert.throws(() => queueRun("main", { connection: { ...connection, proxy: pinned } }), refusal);
    assert.throws(() => queueRun("main", {}), /needs the server's `connection`/);
  });
});
