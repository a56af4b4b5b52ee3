import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { utils } from "ssh2";
import { authorizedKeyProblems, describeKey, keySet, parseAuthorizedKey } from "../../provider/naming/AuthorizedKey";
import { keyPair, newEcdsaKey, newKey } from "../support/keys";

const field = (content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const line = (type: string, ...fields: (Buffer | string)[]) =>
  `${type} ${Buffer.concat([type, ...fields].map(field)).toString("base64")}`;

const ecdsa = (bits: 256 | 384 | 521) => keyPair(utils.generateKeyPairSync("ecdsa", { bits }).private).public;
function rsa(bits: number): string {
  const { n, e } = generateKeyPairSync("rsa", { modulusLength: bits }).publicKey.export({ format: "jwk" });
  const positive = (number: string) => Buffer.concat([Buffer.alloc(1), Buffer.from(number, "base64url")]);
  return line("ssh-rsa", Buffer.from(e!, "base64url"), positive(n!));
}
const point = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]);
const ED25519 = newKey().public;
const [, BLOB] = ED25519.split(" ") as [string, string];

const accepted: [what: string, line: string][] = [
  ["Ed25519", ED25519],
  ...([256, 384, 521] as const).map((bits): [string, string] => [`ECDSA on nistp${bits}`, ecdsa(bits)]),
  ["RSA of 3,072 bits", rsa(3072)],
  ["an Ed25519 security key", line("sk-ssh-ed25519@openssh.com", Buffer.alloc(32, 5), "ssh:")],
  ["an ECDSA security key", line("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", point, "ssh:")],
];

const certificate = line("ssh-ed25519-cert-v01@openssh.com", Buffer.alloc(32), Buffer.alloc(32));
const refused: [what: string, line: string, says: RegExp][] = [
  ["options before the type", `command="sh",no-pty ${ED25519} anna`, /options before/],
  ["an environment before the type", `environment="A=B" ${ED25519}`, /options before/],
  ["a second line", `${ED25519} anna\n${newEcdsaKey().public} eve`, /more than one line/],
  ["a line behind a carriage return", `${ED25519} anna\r${newEcdsaKey().public} eve`, /more than one line/],
  ["a private key", newKey().private, /private key/],
  ["the armour of one alone", "-----BEGIN RSA PRIVATE KEY-----", /private key/],
  ["a certificate", certificate, /certificate/],
  ["a DSA key", line("ssh-dss", "p", "q", "g", "y"), /DSA/],
  ["RSA of 2,048 bits", rsa(2048), /2048 bits, where 3072/],
  ["a type that is not the key's own", `ssh-rsa ${BLOB}`, /of another type/],
  ["a key that is cut off", ED25519.slice(0, -8), /damaged/],
  ["a key with bytes behind it", line("ssh-ed25519", Buffer.alloc(32), "more"), /damaged/],
  ["a key that is too short", line("ssh-ed25519", Buffer.alloc(31)), /damaged/],
  ["a curve that is not the type's own", line("ecdsa-sha2-nistp256", "nistp384", point), /damaged/],
  ["an RSA key with an even exponent", rsa(3072).replace("AAAADAQAB", "AAAADAQAA"), /damaged/],
  ["base64 with something in it", ED25519.replace(BLOB, `${BLOB.slice(0, 20)}!${BLOB.slice(20)}`), /damaged/],
  ["a type alone", "ssh-ed25519", /damaged/],
  ["a fingerprint", newKey().fingerprint, /does not begin with the type/],
  ["the name of an object's property", `constructor ${BLOB}`, /does not begin with the type/],
  ["nothing", "  ", /empty/],
];

describe("Public keys of people", () => {
  for (const [what, written] of accepted) {
    it(`authorized key: accepts ${what}`, () => {
      const key = parseAuthorizedKey(`  ${written}   anna@laptop \n`);
      assert.ok(typeof key !== "string", JSON.stringify(key));
      assert.deepEqual([`${key.type} ${key.blob}`, key.comment], [written, "anna@laptop"]);
    });
  }

  for (const [what, written, says] of refused) {
    it(`authorized key: refuses ${what}, and prints nothing of it`, () => {
      const [problem, ...others] = authorizedKeyProblems(written, "authorizedKeys[0]");
      assert.match(problem ?? "", says);
      assert.match(problem ?? "", /^authorizedKeys\[0\] /);
      assert.deepEqual(others, []);
      for (const word of written.split(/\s+/).filter((word) => word.length > 30 && !/cert|^sk-/.test(word))) {
        assert.ok(!problem!.includes(word));
      }
    });
  }

  it("authorized key: is described by type, fingerprint and an escaped comment that is never trusted", () => {
    const anna = newKey();
    const described = (comment: string) => {
      const key = parseAuthorizedKey(`${anna.public} ${comment}`);
      assert.ok(typeof key !== "string");
      return describeKey(key);
    };
    assert.equal(described("anna@laptop"), `ssh-ed25519 ${anna.fingerprint} ("anna@laptop")`);
    assert.equal(described(""), `ssh-ed25519 ${anna.fingerprint}`);
    const hostile = described(`\x1b[2Jbögey\u202e"`);
    assert.match(hostile, /^[\x20-\x7e]+$/);
    assert.ok(described("x".repeat(1000)).length < 250);
  });

  it("authorized key: lines are compared by their keys, whatever their order and comments", () => {
    const [one, other] = [newKey().public, newKey().public];
    assert.deepEqual(keySet([`${one} anna`, other, one]), keySet([`${other} ben`, one]));
    assert.notDeepEqual(keySet([one]), keySet([other]));
  });
});
