/** What a deployment over OpenSSH leaves in the server's loudest log, and in the process lists of both ends. */
import assert from "node:assert/strict";
import { aegirClient } from "../../../provider/resources/AegirClient";
import { clientUserBinding } from "../../../provider/resources/ClientUserBinding";
import { foundIn } from "../../support/canary";
import { cleaningUp } from "../../support/cleaningUp";
import { watchCommandLines } from "../../support/commandLines";
import { needOpenSsh } from "../OpenSshServer";
import { Product } from "./Product";

describe("Over OpenSSH", () => {
  const afterTest = cleaningUp();

  before(needOpenSsh);

  it("row 51: neither a secret nor what is declared is in sshd's loudest log or a command line at either end", async () => {
    const product = await Product.start({ settings: ["LogLevel DEBUG3"] });
    afterTest(() => product.stop());
    const { seen, stop } = watchCommandLines();
    afterTest(stop);

    const server = "main";
    const declared = { name: 'Canary Ltd "$(id)"', email: "canary-of-an-address@acme.example" };
    const createUser = { email: "canary-of-a-person@acme.example" };
    await aegirClient.create({ ...declared, internalName: "canary", server });
    await clientUserBinding.create({ client: "canary", user: "canary.person", createUser, server });
    await product.handOver("acme");

    const secrets = new Map([
      ...Object.entries({ ...declared, person: createUser.email, user: "canary.person" }),
      ["a line of the private key", product.login.private.split("\n")[2]!],
    ]);
    assert.match(product.sshd.log, /debug3: /);
    assert.ok(
      [...seen].some((line) => line.includes("@hostmaster") && line.includes("php-eval")),
      "the server's Drush was among the processes looked at",
    );
    assert.deepEqual(foundIn([product.sshd.log, ...seen, ...product.door.calls.flat()], secrets), []);
  });
});
