import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const dist = join(__dirname, "..", "..", "provider", "dist");

/** The packages that a declaration file imports, and those that it imports itself. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const specifiers = [...readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(
    ([, name]) => name!,
  );
  const found = specifiers.map((name) =>
    name.startsWith(".") ? packagesOf(join(dirname(file), `${name}.d.ts`), seen) : new Set([name]),
  );
  return new Set(found.flatMap((names) => [...names]));
}

describe("The public declarations", () => {
  for (const door of ["index", "manifest/index", "stack/index"]) {
    it(`of ${door}: need the types of no package but Pulumi's`, () => {
      const others = [...packagesOf(join(dist, `${door}.d.ts`))].filter(
        (name) => !/^(@pulumi\/pulumi|node:)/.test(name),
      );
      assert.deepEqual(others, []);
    });
  }
});
