import assert from "node:assert/strict";
import { HostKeyPins } from "../../provider/ssh/HostKey";
import { newEcdsaKey, newKey, newRsaKey } from "./ScriptedServer";

/** A key, its `ssh-keygen -l` fingerprint and its known_hosts lines, hashed by OpenSSH 9.2's `ssh-keygen -H`. */
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB1lC2Sk7DeQUo+r/lCQsQFm51Fq+6d/JzWmNFZhPM/a";
const FINGERPRINT = "SHA256:5EAAY91D+yXaf8MMU2p00mSd42iWZSWZSNqEMS6ZJ3Y";
const HASHED = `|1|/s5Pm1eKLKexgFLHuQNtBxrb058=|vPkvoksjtQJuJ/7NPf74umG7EOc= ${KEY}`;
const HASHED_2222 = `|1|AoyVkNN8eTq14ccVrCwxeQ6Lc10=|Di8YHoKRvlmzCmkTtzVhxrx5g6E= ${KEY}`;
const HOST = "aegir.example.com";

const blob = (line: string) => Buffer.from(line.split(" ")[1] ?? "", "base64");

function parse(text: string | string[], host = HOST, port = 22) {
  const { pins, problems } = HostKeyPins.parse(text, host, port);
  return { pins, problems, fingerprints: pins.fingerprints };
}

describe("HostKeyPins", () => {
  const forms: [string, string, string?, number?][] = [
    ["a fingerprint", FINGERPRINT],
    ["a fingerprint with its padding", `${FINGERPRINT}=`],
    ["a public key line", `${KEY} root@aegir`],
    ["a known_hosts line", `${HOST} ${KEY}`],
    ["a known_hosts line with several names", `192.0.2.1,${HOST} ${KEY}`],
    ["a known_hosts line in other case", `AEGIR.Example.com ${KEY}`],
    ["a known_hosts pattern", `*.example.???,!db.example.com ${KEY}`],
    ["a known_hosts line with a port", `[${HOST}]:2222 ${KEY}`, HOST, 2222],
    ["a known_hosts line with an IPv6 address", `[::1]:2222 ${KEY}`, "::1", 2222],
    ["a hashed known_hosts line", HASHED],
    ["a hashed known_hosts line with a port", HASHED_2222, HOST, 2222],
    ["what `ssh-keygen -l` prints", `256 ${FINGERPRINT} root@aegir (ED25519)`],
    ["what `ssh-keygen -l` prints, without the size", `${FINGERPRINT} root@aegir (ED25519)`],
    ["what `ssh-keygen -l` prints of a key without a comment", `256 ${FINGERPRINT} no comment (ED25519)`],
    ["what ssh asks about", `ED25519 key fingerprint is ${FINGERPRINT}.`],
    ["a fingerprint in quotes, with spaces", ` "${FINGERPRINT} " `],
    ["a fingerprint in small letters before the colon", FINGERPRINT.replace("SHA256", "sha256")],
    ["a known_hosts line with the usual port", `[${HOST}]:22 ${KEY}`],
    ["lines whose ends are written as \\n", `# server\\n${KEY}\\n`],
    ["what `ssh-keyscan` prints", `# ${HOST}:22 SSH-2.0-OpenSSH_9.2p1\n${HOST} ${KEY}\n`],
    ["lines with comments, blanks and CRLF", `# server\r\n\r\n  ${KEY}\r\n`],
    ["its line among those of other hosts", `other.example.com ${newKey().public}\n${HOST} ${KEY}\n${HASHED_2222}`],
  ];
  for (const [what, text, host, port] of forms) {
    it(`reads ${what}`, () => {
      const { pins, problems, fingerprints } = parse(text, host, port);
      assert.deepEqual(problems, []);
      assert.deepEqual(fingerprints, [FINGERPRINT]);
      assert.deepEqual(pins.verify(blob(KEY)), { accepted: true });
    });
  }

  it("accepts each of several keys, from an array or from lines", () => {
    const others = [newEcdsaKey(), newRsaKey()];
    for (const text of [
      [KEY, ...others.map((key) => key.public)],
      [KEY, ...others.map((key) => key.public)].join("\n"),
    ]) {
      const { pins } = parse(text);
      others.forEach((key) => assert.deepEqual(pins.verify(blob(key.public)), { accepted: true }));
    }
  });

  const problems: [string, string | string[], RegExp][] = [
    ["nothing", "", /^contains no key; write a fingerprint/],
    ["only comments", "# none", /^contains no key/],
    ["a fingerprint that is cut off", "SHA256:abc", /43 characters/],
    ["an MD5 fingerprint", "MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", /MD5 fingerprint is too weak/],
    [
      "an MD5 fingerprint, as `ssh-keygen -l` prints it, with the command that prints the other one",
      "256 MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff root@aegir (ED25519)",
      /MD5 fingerprint is too weak.*`ssh-keygen -l -E sha256 -f \/etc\/ssh\/ssh_host_ed25519_key\.pub`/,
    ],
    ["a fingerprint without what it begins with", FINGERPRINT.slice("SHA256:".length), /begins with SHA256:/],
    ["a fingerprint in hexadecimal digits", "ab".repeat(32), /begins with SHA256:/],
    ["the fingerprint of a DSA key", `1024 ${FINGERPRINT} root@aegir (DSA)`, /type DSA are not supported/],
    ["the fingerprint of a certificate", `256 ${FINGERPRINT} root@aegir (ED25519-CERT)`, /type ED25519-CERT are not/],
    ["a path", "/etc/ssh/ssh_host_ed25519_key.pub", /^is a path; write the content of that file/],
    ["a private key, in one problem", newKey().private, /^is a private key, which never leaves its server/],
    ["a public key in another format", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", /^is a public key in another format/],
    [
      "a host that the line excludes, though its port is written nowhere",
      `*,!${HOST} ${KEY}`,
      /^none of its known_hosts lines/,
    ],
    ["a key that is cut off", KEY.slice(0, -10), /damaged/],
    ["a key under another type's name", KEY.replace("ssh-ed25519", "ssh-rsa"), /damaged/],
    ["a DSA key", KEY.replace("ssh-ed25519", "ssh-dss"), /type ssh-dss are not supported/],
    ["a certificate authority", `@cert-authority *.example.com ${KEY}`, /host certificates/],
    ["an unknown marker", `@trusted ${HOST} ${KEY}`, /unknown known_hosts marker/],
    [
      "lines about other hosts only",
      `db.example.com ${KEY}`,
      /^none of its known_hosts lines is for aegir.example.com$/,
    ],
    [
      "a line about another port only",
      `[${HOST}]:2222 ${KEY}`,
      /^none of its known_hosts lines is for aegir.example.com$/,
    ],
    ["a hashed line about another port only", HASHED_2222, /^none of its known_hosts lines/],
    ["a host that the line excludes", `*.example.com,!${HOST} ${KEY}`, /^none of its known_hosts lines/],
    ["only a revoked key", `@revoked ${HOST} ${KEY}`, /^contains no key/],
    ["something else", "yes please", /cannot be read; write a fingerprint/],
  ];
  for (const [what, text, message] of problems) {
    it(`refuses ${what}`, () => {
      const found = parse(text).problems;
      assert.equal(found.length, 1);
      assert.match(found[0] ?? "", message);
    });
  }

  it("asks for the type that `ssh-keygen -l` printed", () => {
    const lines = ["ED25519", "ECDSA", "RSA"].map((type) => `256 ${FINGERPRINT} root@aegir (${type})`);
    assert.deepEqual(
      lines.map((line) => parse(line).pins.algorithms),
      [["ssh-ed25519"], ["ecdsa-sha2-nistp256"], ["rsa-sha2-512", "rsa-sha2-256"]],
    );
  });

  it("reports all problems, not the first one", () => {
    assert.equal(parse(["SHA256:abc", KEY, "yes please"]).problems.length, 2);
  });

  it("distinguishes a changed key from an unknown and a revoked one", () => {
    const [other, ecdsa] = [newKey(), newEcdsaKey()];
    const { pins } = parse([KEY, `@revoked ${HOST} ${ecdsa.public}`]);
    const why = (line: string) => {
      const verdict = pins.verify(blob(line));
      assert.ok(!verdict.accepted);
      return [verdict.why, verdict.type, verdict.seen];
    };
    assert.deepEqual(why(other.public), ["changed", "ssh-ed25519", other.fingerprint]);
    assert.deepEqual(why(ecdsa.public), ["revoked", "ecdsa-sha2-nistp256", ecdsa.fingerprint]);
    const rsa = newRsaKey();
    assert.deepEqual(why(rsa.public), ["unknown", "ssh-rsa", rsa.fingerprint]);
  });

  it("does not break on something that is not a key", () => {
    for (const nonsense of [Buffer.alloc(0), Buffer.from([255, 255, 255, 255]), Buffer.from("x")]) {
      assert.equal(parse(KEY).pins.verify(nonsense).accepted, false);
    }
  });

  it("asks for the pinned types alone, with SHA-2 for RSA, when every type is known", () => {
    assert.deepEqual(parse(KEY).pins.algorithms, ["ssh-ed25519"]);
    assert.deepEqual(parse([newRsaKey().public, KEY]).pins.algorithms, ["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"]);
  });

  it("asks for the pinned types first, and no weak one, when a pin does not name its type", () => {
    const { algorithms } = parse([FINGERPRINT, newRsaKey().public]).pins;
    assert.deepEqual(algorithms.slice(0, 2), ["rsa-sha2-512", "rsa-sha2-256"]);
    assert.equal(algorithms.length, 6);
    assert.deepEqual(parse(FINGERPRINT).pins.algorithms[0], "ssh-ed25519");
    for (const asked of [algorithms, HostKeyPins.none.algorithms]) {
      assert.ok(asked.includes("ssh-ed25519") && !asked.includes("ssh-rsa") && !asked.includes("ssh-dss"));
    }
  });
});
