/** The lock file: the same packages for everybody, from whatever registry they are had. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface LockFile {
  packages: Record<string, { integrity?: string; resolved?: string; link?: boolean; inBundle?: boolean }>;
}

describe("The lock file", () => {
  const root = join(__dirname, "..", "..");
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as LockFile;
  const installed = Object.entries(packages).filter(([path, { link }]) => path.includes("node_modules/") && !link);

  it("has a checksum of every package", () => {
    assert.ok(installed.length > 100);
    assert.deepEqual(
      installed
        .filter(([, { integrity = "" }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity))
        .map(([path]) => path),
      [],
    );
  });

  it("names no host that a package would have to come from", () => {
    assert.deepEqual(
      Object.values(packages).flatMap(({ resolved = "provider" }) => (resolved === "provider" ? [] : resolved)),
      [],
    );
    assert.match(readFileSync(join(root, ".npmrc"), "utf8"), /^omit-lockfile-registry-resolved=true$/m);
  });
});
