import assert from "node:assert/strict";
import { ConnectionArgs } from "../../provider/ssh/ConnectionArgs";

const PIN = `SHA256:${"A".repeat(43)}`;
const FORMS =
  "a fingerprint (SHA256:...), a public key line (ssh-ed25519 AAAA...) or a known_hosts line (host ssh-ed25519 AAAA...)";

function problems(args: unknown): string[] {
  const { error } = ConnectionArgs.safeParse(args);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("ConnectionArgs", () => {
  it("needs a host, a user and a host key, and no more", () => {
    assert.deepEqual(ConnectionArgs.parse({ host: "aegir.example.com", user: "aegir", hostKey: PIN }), {
      host: "aegir.example.com",
      port: 22,
      user: "aegir",
      hostKey: PIN,
      dialErrorLimit: 4,
      perDialTimeout: 20,
    });
  });

  it("reports all problems at once, those of the bastion and of the host key included", () => {
    const args = {
      host: "aegir example",
      port: 70000,
      user: "",
      hostKey: ["SHA256:abc", "yes"],
      dialErrorLimit: 1.5,
      perDialTimeout: 0,
      hostkey: PIN,
      proxy: { host: "bastion.example.com", user: "jump", port: "22" },
    };
    assert.deepEqual(problems(args).sort(), [
      ': Unrecognized key: "hostkey"',
      "dialErrorLimit: must be a whole number, -1 or more",
      "host: the server's name or address has no spaces, no @ and no control characters",
      `hostKey: a SHA256 fingerprint has 43 characters after the colon, as \`ssh-keygen -l\` prints it; is not understood; write ${FORMS}`,
      "perDialTimeout: must be a number of seconds, more than 0 and at most 3600",
      "port: must be a port number, 1 to 65535",
      `proxy.hostKey: needs the server's key: ${FORMS}`,
      "proxy.port: must be a port number, 1 to 65535",
      "user: needs the login's name",
    ]);
  });

  it("takes an IPv6 address as a host, but no port behind a name", () => {
    assert.deepEqual(problems({ host: "2001:db8::1", user: "aegir", hostKey: PIN }), []);
    assert.deepEqual(problems({ host: "aegir.example.com:22", user: "aegir", hostKey: PIN }), [
      "host: the server's name or address is without its port, which goes into port",
    ]);
  });

  it("never repeats a secret in a message", () => {
    const canary = "canary-secret";
    const secrets = { password: [canary], privateKey: { canary }, privateKeyPassword: 5, agentSocketPath: [canary] };
    const found = problems({ host: canary + " x", user: `${canary}@`, hostKey: canary, ...secrets, proxy: secrets });
    assert.ok(found.length > 8);
    assert.doesNotMatch(found.join("\n"), /canary-secret/);
  });
});
