/** What a release is refused for: `.ci/check-release`, which runs before npm gets anything. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(__dirname, "..", "..");

/** The files of a checkout that is ready to be tagged v0.2.0. */
const READY = {
  "package.json": '{ "version": "0.2.0" }',
  "provider/package.json": '{ "version": "0.2.0" }',
  "CHANGELOG.md":
    "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n### Added\n- A line.\n\n## [0.1.0]\n- Older.\n",
  "test/scenarios/states/0.2.0.json": "{}",
};

describe(".ci/check-release", () => {
  it("check-release: accepts a checkout whose version, changelog and recorded state are those of the tag", () => {
    assert.deepEqual(problems({}), []);
  });

  const missing = { "test/scenarios/states/0.1.0.json": "{}", "test/scenarios/states/0.2.0.json": undefined };
  for (const [title, files, expected] of [
    [
      "a tag of another version",
      { "provider/package.json": '{ "version": "0.3.0" }' },
      /The tag is v0\.2\.0, but .* 0\.3\.0/,
    ],
    ["another version of the workspace", { "package.json": '{ "version": "0.1.0" }' }, /different versions/],
    ["a heading without a day", { "CHANGELOG.md": "## [Unreleased]\n\n## [0.2.0]\n- A line.\n" }, /nothing under/],
    [
      "a heading without changes",
      { "CHANGELOG.md": "## [0.2.0] - 2026-12-01\n\n## [0.1.0]\n- Older.\n" },
      /nothing under/,
    ],
    [
      "changes that are still unreleased",
      { "CHANGELOG.md": READY["CHANGELOG.md"].replace("[Unreleased]\n", "[Unreleased]\n- A late line.\n") },
      /still lists changes/,
    ],
    ["a state that is not recorded", missing, /states\/0\.2\.0\.json is missing/],
  ] as const) {
    it(`check-release: refuses ${title}`, () => {
      const found = problems(files);
      assert.ok(
        found.some((problem) => expected.test(problem)),
        found.join("\n"),
      );
    });
  }
});

/** What it prints of a checkout that differs from a ready one in these files. */
function problems(files: Record<string, string | undefined>): string[] {
  const checkout = mkdtempSync(join(tmpdir(), "aegir-release-"));
  try {
    cpSync(join(root, ".ci"), join(checkout, ".ci"), { recursive: true });
    for (const [file, text] of Object.entries({ ...READY, ...files })) {
      if (text === undefined) continue;
      mkdirSync(dirname(join(checkout, file)), { recursive: true });
      writeFileSync(join(checkout, file), text);
    }
    const { status, stderr } = spawnSync(join(checkout, ".ci", "check-release"), ["v0.2.0"], { encoding: "utf8" });
    const lines = stderr.split("\n").filter((line) => line !== "");
    assert.equal(status, lines.length > 0 ? 1 : 0, stderr);
    return lines;
  } finally {
    rmSync(checkout, { recursive: true });
  }
}
