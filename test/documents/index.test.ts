/** The pages that are written by a program say what it would write now, and what names tests names tests that exist. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "../../provider/manifest";
import { faults } from "../faults/matrix";
import { mutations } from "../mutations/mutations";
import { type TestTitle, unwitnessed, witness, WITNESSED } from "../support/TestTitle";
import { FAULT_INDEX, faultIndex } from "./faultIndex";
import { MANIFEST_REFERENCE, manifestReference } from "./manifestReference";
import { RESOURCE_TYPES } from "./resourceDefinitions";
import { RESOURCE_PAGES, resourcePage } from "./resourceReference";
import { SERVERS_PAGE, serversPage } from "./serversReference";
import { allTitles } from "./titles";
import { TRAP_INDEX, trapIndex } from "./trapIndex";
import { traps } from "./traps";

const root = join(__dirname, "..", "..");

describe("The index of traps", () => {
  let titles: TestTitle[];
  before(() => {
    titles = allTitles();
  });

  it("tests-of-traps.md: is what `npm run index` writes", () => {
    assert.equal(readFileSync(TRAP_INDEX, "utf8"), trapIndex(titles), "run npm run index");
  });

  it("tests-of-traps.md: has a test for every trap", () => {
    assert.equal(Object.keys(traps).length, WITNESSED.trap);
    assert.deepEqual(unwitnessed("trap", titles), []);
  });

  it("what-aegir-does-behind-your-back.md: marks a sentence for every trap with a comment", () => {
    const page = readFileSync(join(root, "provider", "docs", "what-aegir-does-behind-your-back.md"), "utf8");
    const tags = [...page.matchAll(/ <!-- traps? (\d+(?:, \d+)*) -->$/gm)];
    const numbers = tags.flatMap(([, list]) => list!.split(", ").map(Number));
    assert.deepEqual(
      [...new Set(numbers)].sort((one, other) => one - other),
      Object.keys(traps).map(Number),
    );
  });

  it("tests-of-traps.md: does not depend on the number and order of suites", () => {
    assert.equal(trapIndex([...titles, ...titles].reverse()), trapIndex(titles));
  });
});

describe("The index of faults", () => {
  let titles: TestTitle[];
  before(() => {
    titles = allTitles();
  });

  it("tests-of-faults.md: is what `npm run index` writes", () => {
    assert.equal(readFileSync(FAULT_INDEX, "utf8"), faultIndex(titles), "run npm run index");
  });

  it("tests-of-faults.md: has a test for every row", () => {
    assert.deepEqual(
      Object.keys(faults).map(Number),
      Array.from({ length: WITNESSED.row }, (_, index) => index + 1),
    );
    assert.deepEqual(unwitnessed("row", titles), []);
  });

  it("tests-of-faults.md: does not depend on the number and order of suites", () => {
    assert.equal(faultIndex([...titles, ...titles].reverse()), faultIndex(titles));
  });
});

describe("What names tests", () => {
  const missing = (named: readonly string[]) => {
    const titles = new Set(allTitles().map(({ file, title }) => `${file}: ${title}`));
    return named.filter((test) => !titles.has(test));
  };

  it("tests-of-security.md: names tests that exist", () => {
    const index = readFileSync(join(root, "docs", "tests-of-security.md"), "utf8");
    const named = [...index.matchAll(/"([^"]+)" \(`(test\/[^`]+)`\)/g)].map(([, title, file]) => `${file}: ${title}`);
    assert.ok(named.length > 30, `${named.length}`);
    assert.deepEqual(missing(named), []);
    assert.equal(named.length, index.match(/`test\/\S+\.test\.ts`/g)?.length);
  });

  it("mutations: name a test that exists", () => {
    assert.deepEqual(missing(mutations.map(({ caughtBy: { file, title } }) => `${file}: ${title}`)), []);
  });
});

describe("The reference of the resources", () => {
  for (const type of RESOURCE_TYPES) {
    it(`The page of ${type}: is what \`npm run index\` writes`, () => {
      assert.equal(readFileSync(RESOURCE_PAGES[type], "utf8"), resourcePage(type), "run npm run index");
    });
  }
});

describe("The reference of the manifest", () => {
  const page = readFileSync(MANIFEST_REFERENCE, "utf8");

  it("manifest.md: is what `npm run index` writes", () => {
    assert.equal(page, manifestReference(), "run npm run index");
  });

  it("manifest.md: begins with a valid manifest", () => {
    const [, manifest] = /^```yaml\n(.*?)^```$/ms.exec(page)!;
    assert.deepEqual(parseManifest(manifest!, "manifest.md", { asOf: "2026-11-24" }).warnings, []);
  });
});

describe("The reference of the servers", () => {
  it("servers.md: is what `npm run index` writes", () => {
    assert.equal(readFileSync(SERVERS_PAGE, "utf8"), serversPage(), "run npm run index");
  });

  it("servers.md: has each map once, with its defaults and without Pulumi's own way to write a secret", () => {
    const page = serversPage();
    assert.equal(page.split("\n### Connection\n").length, 2);
    assert.match(page, /^\| `port` \(optional\) \| number \| The port of SSH\. Default: `22`\. \|$/m);
    assert.doesNotMatch(page, /`secure`|undefined/);
  });
});

describe("What the reviewer sees", () => {
  it("what-the-reviewer-sees.md: shows a golden comment", () => {
    const page = readFileSync(join(root, "provider", "docs", "what-the-reviewer-sees.md"), "utf8");
    const [, comment] = /^````markdown\n(.*?)^````$/ms.exec(page)!;
    const golden = join(root, "test", "review", "pullRequests", "05-client-deleted-with-sites", "comment.md");
    assert.equal(comment, readFileSync(golden, "utf8"));
  });
});

describe("The title of a test", () => {
  it("test title: lists its traps at the end", () => {
    const nothing = { rows: [], cannotOccur: false };
    assert.deepEqual(witness("A (b) c (trap 13)"), { ...nothing, sentence: "A (b) c", traps: [13] });
    assert.deepEqual(witness("a (traps 11, 25)"), { ...nothing, sentence: "a", traps: [11, 25] });
    assert.deepEqual(witness("a (b, trap 4)"), { ...nothing, sentence: "a (b, trap 4)", traps: [] });
  });

  it("test title: begins with its row, or with what cannot occur", () => {
    const row = { sentence: "a", traps: [], rows: [17], cannotOccur: false };
    assert.deepEqual(witness("row 17: a"), row);
    assert.deepEqual(witness("row 17: a (trap 3)"), { ...row, traps: [3] });
    assert.deepEqual(witness("row 17 cannot occur: a"), { ...row, cannotOccur: true });
    const trap = { sentence: "a", traps: [31], rows: [], cannotOccur: true };
    assert.deepEqual(witness("trap 31 cannot occur: a"), trap);
  });

  for (const title of [
    "a (trap 33)",
    "row 54: a",
    "row 0: a",
    "a (trap 1, 2)",
    "a (traps 1)",
    "trap 3: a",
    "a (trap 1).",
  ]) {
    it(`test title: an almost correct number is refused: ${title.replace(/\d+/g, "N")}`, () => {
      assert.throws(() => witness(title), /There is no|Write "/);
    });
  }
});
