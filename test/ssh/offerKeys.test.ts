/** Whether OpenSSH accepts a public key, found out without one that signs. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { ConnectionArgs } from "../../provider/ssh/ConnectionArgs";
import { resolveConnection } from "../../provider/ssh/credentials";
import { firstAccepted } from "../../provider/ssh/offerKeys";
import { cleaningUp } from "../support/cleaningUp";
import { ACCEPTED, FAILED, needOpenSsh, OpenSshServer } from "./OpenSshServer";
import { newEcdsaKey, newKey, newRsaKey, ScriptedServer } from "./ScriptedServer";

const blob = (line: string) => Buffer.from(line.split(" ")[1]!, "base64");

/** A key of a token: `ssh-keygen` makes none without one. */
function securityKey(): string {
  const type = "sk-ssh-ed25519@openssh.com";
  const point = generateKeyPairSync("ed25519").publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const fields = [Buffer.from(type), point, Buffer.from("ssh:")].map((content) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  });
  return `${type} ${Buffer.concat(fields).toString("base64")}`;
}

describe("Keys that are only offered", () => {
  const afterTest = cleaningUp();

  describe("to OpenSSH", function () {
    before(needOpenSsh);

    async function start(authorizedKeys: string[], settings: string[] = []) {
      const server = await OpenSshServer.start({ authorizedKeys, settings });
      afterTest(() => server.stop());
      const args = ConnectionArgs.parse(server.args({ password: "none that is sent" }));
      return {
        server,
        offer: (...lines: string[]) => firstAccepted(resolveConnection(args, ["main"], {}), lines.map(blob)),
      };
    }

    for (const [type, line] of [
      ["ed25519", newKey().public],
      ["ecdsa", newEcdsaKey().public],
      ["rsa", newRsaKey().public],
      ["security key", securityKey()],
    ] as const) {
      it(`offered key (${type}): is accepted if it is in authorized_keys and refused otherwise, without a login`, async () => {
        const { server, offer } = await start([line], ["LogLevel INFO"]);
        assert.deepEqual(await offer(newKey().public, line), blob(line));
        server.authorize(newKey().public);
        assert.equal(await offer(line), undefined);
        await server.quiet();
        assert.deepEqual([server.count(ACCEPTED), server.count(FAILED)], [0, 0]);
      });
    }

    it("offered keys: seven are offered over three connections, each once", async () => {
      const { server, offer } = await start([]);
      const lines = Array.from({ length: 7 }, () => newKey().public);
      assert.equal(await offer(...lines), undefined);
      await server.quiet();
      assert.equal(server.count(/^Connection from /gm), 3);
      assert.equal(server.count(/userauth-request for user \S+ service \S+ method publickey/g), 7);
    });
  });

  it("offered key: no answer is not a refusal, and a host key that is not pinned gets no offer", async () => {
    const key = newKey();
    const server = await ScriptedServer.start({ authorizedKeys: [key.public] });
    afterTest(() => server.stop());
    const resolved = resolveConnection(
      ConnectionArgs.parse(server.args({ password: "none that is sent" })),
      ["main"],
      {},
    );
    const others = {
      ...resolved,
      pins: resolveConnection(
        ConnectionArgs.parse({ ...server.args({ password: "x" }), hostKey: newKey().fingerprint }),
        ["main"],
        {},
      ).pins,
    };
    await assert.rejects(firstAccepted(others, [blob(key.public)]), { code: "hostKeyRejected" });
    assert.deepEqual(await firstAccepted(resolved, [blob(key.public)]), blob(key.public));
    await server.stop();
    await assert.rejects(firstAccepted({ ...resolved, dialErrorLimit: 0 }, [blob(newKey().public)]), {
      code: "unreachable",
    });
  });
});
