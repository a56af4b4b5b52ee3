/** The run of the queue goes through a plugin that the in-process engine cannot have; what it is given is seen here. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { SiteOwnership } from "pulumi-aegir";
import { queueRun, type QueueServer } from "../../stacks/queueRun";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHk6mXnRHPHOJ0xkCjuzpnAl6vVAGDkaVdFgO6oUfFP9";
const fingerprint = "SHA256:uNiVztksCsDhcc0u9e8BrQXVGDpj4QkZkC9jWqV1X0k";

describe("a run of the queue", () => {
  const commands: pulumi.runtime.MockResourceArgs[] = [];

  before(() =>
    pulumi.runtime.setMocks({
      newResource(args) {
        if (args.type === "command:remote:Command") commands.push(args);
        return { id: args.name, state: { ...(args.inputs as object), verifyTask: 7 } };
      },
      call: ({ inputs }) => inputs as object,
    }),
  );

  async function run(server: QueueServer): Promise<Record<string, unknown>> {
    commands.length = 0;
    const site = new SiteOwnership("site:www.acme.example", {
      site: "www.acme.example",
      client: "acme",
      server: "main",
    });
    const resource = queueRun("acme", server, [site]);
    await new Promise((done) => resource.urn.apply(done));
    return commands[0]!.inputs as Record<string, unknown>;
  }

  it("goes over the server's connection when an owner changes, with the public key of every hop pinned", async () => {
    const inputs = await run({
      connection: {
        host: "aegir.example.com",
        user: "o1",
        hostKey: [fingerprint, `aegir.example.com ${key}`],
        proxy: { host: "bastion.example.com", hostKey: key },
      },
      drush: { command: "sudo -n -u aegir -H drush" },
    });
    // A secret, as it goes to the engine: its signature and its value.
    const { value: connection } = inputs["connection"] as { value: NonNullable<QueueServer["connection"]> };
    assert.equal(connection.hostKey, key);
    assert.equal(connection.proxy!.hostKey, key);
    assert.equal(inputs["create"], "sudo -n -u aegir -H drush @hostmaster hosting-tasks");
    assert.deepEqual(inputs["triggers"], [7]);
  });

  it("is refused where a fingerprint alone pins a hop, because any host would do for @pulumi/command", () => {
    const refusal = /runQueue needs each hostKey as a public key/;
    const connection = { host: "aegir.example.com", hostKey: key };
    const pinned = { host: "bastion.example.com", hostKey: fingerprint };
    assert.throws(() => queueRun("acme", { connection: pinned }, []), refusal);
    assert.throws(() => queueRun("acme", { connection: { ...connection, proxy: pinned } }, []), refusal);
    assert.throws(() => queueRun("acme", {}, []), /needs the server's `connection`/);
  });
});
