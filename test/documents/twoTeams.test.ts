/** The last chapter of the tutorial: its files are a manifest, which does what the page says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ManifestError, parseFiles, parseManifest } from "../../provider/manifest";
import { differenceOf } from "../../provider/review/Difference";
import { accessOfManifest } from "../../provider/review/fromManifest";

const AS_OF = "2026-11-24";

const page = readFileSync(join(__dirname, "../../provider/docs/from-clicks-to-code.md"), "utf8");
const [, chapter = ""] = page.split("## 6. When there are two teams\n");
const files = [...chapter.matchAll(/^```yaml\n# (\S+)\n(.*?)^```$/gms)].map(([, file, content]) => ({
  file: file!,
  content: content!,
}));
const read = (all = files) => parseFiles("access", all, { asOf: AS_OF });

/** The problems after an edit of one of the files. */
function problemsAfter(file: string, text: string, by: string): string[] {
  const edited = files.map((each) => (each.file === file ? { file, content: each.content.replace(text, by) } : each));
  try {
    read(edited);
    return [];
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return error.problems.map((problem) => `${problem.file} ${problem.code}`);
  }
}

describe("The tutorial's chapter about two teams", () => {
  it("from-clicks-to-code.md: its files are one manifest, and only carol gains access", () => {
    assert.deepEqual(
      files.map(({ file }) => file),
      ["access/people.yaml", "access/acme.yaml", "access/beta.yaml"],
    );
    assert.deepEqual(read().warnings, []);
    const former = `version: 1
clients:
  - { name: Acme Corp, internalName: acme, sites: [shop.acme.example, www.acme.example], users: [alice, bob] }
  - { name: Beta GmbH, internalName: beta, sites: [www.beta.example], users: [bob] }
`;
    const before = accessOfManifest(parseManifest(former, "access.yaml", { asOf: AS_OF }), "o1");
    const { lost, gained } = differenceOf(before, accessOfManifest(read(), "o1"));
    assert.deepEqual(lost, []);
    assert.deepEqual(
      gained.map(({ who, sites }) => [who.map((each) => each.kind === "person" && each.person.name), sites]),
      [[["carol"], ["www.beta.example"]]],
    );
  });

  it("from-clicks-to-code.md: its rule and its scope refuse what the page says", () => {
    const teams = "users: [{ team: web }]";
    assert.deepEqual(problemsAfter("access/acme.yaml", teams, "users: [{ team: web }, carol]"), [
      "access/acme.yaml ruleBroken",
    ]);
    assert.deepEqual(problemsAfter("access/people.yaml", "web: [alice, bob]", "web: [alice, bob, agency]"), [
      "access/acme.yaml ruleBroken",
    ]);
    assert.deepEqual(problemsAfter("access/beta.yaml", "[www.beta.example]", "[new.acme.example]"), [
      "access/beta.yaml outOfScope",
    ]);
    assert.deepEqual(problemsAfter("access/beta.yaml", "[www.beta.example]", "[www.beta.example, a.beta.example]"), []);
  });
});
