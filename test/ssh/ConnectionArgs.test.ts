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
      "host: the server's name or address must not contain spaces, @ or control characters",
      `hostKey: a SHA256 fingerprint has 43 characters after the colon, as \`ssh-keygen -l\` prints it; cannot be read; write ${FORMS}`,
      "perDialTimeout: must be a number of seconds, more than 0 and at most 3600",
      "port: must be a port number, 1 to 65535",
      `proxy.hostKey: needs the server's key: ${FORMS}`,
      "proxy.port: must be a port number, 1 to 65535",
      "user: needs the login's name",
    ]);
  });

  it("takes an identity as a fingerprint or a public key, and says which forms there are", () => {
    const args = { host: "aegir.example.com", user: "aegir", hostKey: PIN };
    assert.deepEqual(problems({ ...args, identity: PIN }), []);
    for (const identity of ["", "id_ed25519.pub", "SHA256:abc", "ssh-ed25519 AAAA", 7]) {
      assert.match(problems({ ...args, identity }).join("; "), /^identity: must be the key's fingerprint, SHA256:/);
    }
  });

  const forms: [written: string, means: { host: string; port?: number; user?: string }][] = [
    ["2001:db8::1", { host: "2001:db8::1" }],
    ["[::1]", { host: "::1" }],
    ["[::1]:2222", { host: "::1", port: 2222 }],
    ["aegir.example.com:2222", { host: "aegir.example.com", port: 2222 }],
    ["aegir.example.com:22", { host: "aegir.example.com" }],
    ["aegir.example.com.", { host: "aegir.example.com" }],
    [" aegir.example.com\n", { host: "aegir.example.com" }],
    ["deploy@aegir.example.com", { host: "aegir.example.com", user: "deploy" }],
    ["o1.ftp@[2001:db8::1]:2222", { host: "2001:db8::1", port: 2222, user: "o1.ftp" }],
    ["ssh://aegir.example.com", { host: "aegir.example.com" }],
    ["ssh://deploy@aegir.example.com:2222/", { host: "aegir.example.com", port: 2222, user: "deploy" }],
    ["sftp://o1.ftp@192.0.2.1", { host: "192.0.2.1", user: "o1.ftp" }],
  ];
  for (const [written, { host, port = 22, user = "aegir" }] of forms) {
    it(`takes the host ${JSON.stringify(written)} for what it can only mean, of a server and of a bastion`, () => {
      const means = { host, port, user };
      const given = { host: written, hostKey: PIN, ...(user === "aegir" && { user }) };
      const parsed = ConnectionArgs.parse({ ...given, proxy: given });
      for (const connection of [parsed, parsed.proxy!]) {
        assert.deepEqual({ host: connection.host, port: connection.port, user: connection.user }, means);
      }
      assert.deepEqual(problems({ ...given, port, user }), [], "as well if port and user say the same");
    });
  }

  it("reads the lines of known_hosts that are about the host which the address means", () => {
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB1lC2Sk7DeQUo+r/lCQsQFm51Fq+6d/JzWmNFZhPM/a";
    const about = (line: string) => problems({ host: "ssh://aegir@aegir.example.com:2222", hostKey: `${line} ${key}` });
    assert.deepEqual(about("[aegir.example.com]:2222"), []);
    assert.deepEqual(about("aegir.example.com"), [
      "hostKey: none of its known_hosts lines is for [aegir.example.com]:2222",
    ]);
  });

  const misread: [what: string, args: object, problem: string][] = [
    ["a web address", { host: "https://aegir.example.com/" }, "is not an SSH address; write only the name"],
    ["a path", { host: "aegir.example.com/panel" }, "contains a path; write only the name"],
    ["a path of scp", { host: "aegir@aegir.example.com:/var/aegir" }, "contains a path; write only the name"],
    ["a port that is none", { host: "aegir.example.com:ssh" }, "contains an unreadable port; put it into `port`"],
    ["a port that cannot be", { host: "aegir.example.com:70000" }, "has an invalid port"],
    ["brackets around a name", { host: "[aegir.example.com]" }, "contains an unreadable port; put it into `port`"],
    ["a password", { host: "ssh://aegir:canary@aegir.example.com" }, "contains a password"],
    ["two users", { host: "a@b@aegir.example.com" }, "must not contain spaces, @ or control characters"],
    ["a whole command", { host: "ssh aegir@aegir.example.com" }, "must not contain spaces, @ or control characters"],
    [
      "another port than `port`",
      { host: "aegir.example.com:2222", port: 22 },
      "contains a port that differs from `port`",
    ],
    ["another user than `user`", { host: "root@aegir.example.com" }, "contains a user that differs from `user`"],
  ];
  for (const [what, args, problem] of misread) {
    it(`does not guess what is meant by ${what} in the host`, () => {
      const [found, ...others] = problems({ user: "aegir", hostKey: PIN, ...args });
      assert.deepEqual(others, []);
      assert.ok(found?.startsWith(`host: the server's name or address ${problem}`), found);
      assert.doesNotMatch(found!, /canary/);
    });
  }

  it("takes spaces around the login's name for nothing", () => {
    const args = { host: "aegir.example.com", user: " aegir\n", hostKey: PIN };
    assert.equal(ConnectionArgs.parse(args).user, "aegir");
  });

  it("never repeats a secret in a message", () => {
    const canary = "canary-secret";
    const secrets = { password: [canary], privateKey: { canary }, privateKeyPassword: 5, agentSocketPath: [canary] };
    const found = problems({ host: canary + " x", user: `${canary}@`, hostKey: canary, ...secrets, proxy: secrets });
    assert.ok(found.length > 8);
    assert.doesNotMatch(found.join("\n"), /canary-secret/);
  });
});
