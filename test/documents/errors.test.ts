/** The page of errors has every code of the package, and no other. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ACCESS_TEST_PROBLEM_CODES, MANIFEST_PROBLEM_CODES } from "../../provider/manifest/problemCodes";
import { WORKER_ERROR_CODES } from "../../provider/worker/errorCodes";

const root = join(__dirname, "..", "..");
const source = (file: string) => readFileSync(join(root, "provider", file), "utf8");

/** The strings of a union type, as the source declares it. */
function union(file: string, name: string): string[] {
  const [, members] = new RegExp(`^export type ${name} =([^;]*);`, "m").exec(source(file)) ?? assert.fail(name);
  return Array.from(members!.matchAll(/"(\w+)"/g), ([, code]) => code!);
}

/** The codes that one class has for all of its errors. */
function fixedCodes(): string[] {
  return readdirSync(join(root, "provider"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/^(dist|node_modules)[\\/]/.test(file))
    .flatMap((file) => [...source(file).matchAll(/^ {2}readonly code = "(\w+)";$/gm)])
    .map(([, code]) => code!);
}

const declared: Record<string, readonly string[]> = {
  SshError: union("ssh/SshError.ts", "SshErrorCode"),
  AegirError: union("aegir/AegirError.ts", "AegirErrorCode"),
  WorkerRefusal: WORKER_ERROR_CODES,
  SftpRefusal: union("ssh/SftpRefusal.ts", "SftpErrorCode"),
  ProgramError: union("resources/ProgramError.ts", "ProgramErrorCode"),
  "Other errors": fixedCodes(),
  "Problems of a manifest": MANIFEST_PROBLEM_CODES,
  "Problems of access tests": ACCESS_TEST_PROBLEM_CODES,
};

const sections = new Map(
  source("docs/errors.md")
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section]),
);

describe("The page of errors", () => {
  it("errors.md: has a section for each type of error", () => {
    assert.deepEqual([...sections.keys()], Object.keys(declared));
  });

  for (const [title, codes] of Object.entries(declared)) {
    it(`errors.md: lists each code of "${title}", with what happened and what to do`, () => {
      assert.ok(codes.length > 1, "codes were found");
      const rows = Array.from(sections.get(title)!.matchAll(/^\| `(\w+)` \|(.*)\|$/gm), ([, code, rest]) => ({
        code: code!,
        cells: rest!.split(" | ").map((cell) => cell.trim()),
      }));
      assert.deepEqual(rows.map(({ code }) => code).sort(), [...codes].sort());
      const columns = title.startsWith("Problems of ") ? 2 : 3;
      for (const { code, cells } of rows) {
        assert.ok(cells.length === columns && cells.every((cell) => cell.endsWith(".")), code);
      }
    });
  }

  it("errors.md: lists the outcomes of both types that have one", () => {
    const outcomes = new Set([...union("ssh/SshError.ts", "SshOutcome"), ...union("aegir/AegirError.ts", "Outcome")]);
    const page = source("docs/errors.md").split(/^## /m)[0]!;
    assert.deepEqual(
      Array.from(page.matchAll(/^\| `(\w+)` \| /gm), ([, outcome]) => outcome!)
        .filter((each) => each !== "outcome")
        .sort(),
      [...outcomes].sort(),
    );
  });
});
