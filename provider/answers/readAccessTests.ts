/** A file of access tests as its entries, each with its place. */
import type { ManifestFileContent } from "../manifest/ManifestFiles";
import { decode, reportInvisibleCharacters, unlessInvisible } from "../manifest/readFile";
import { reportShapeProblems } from "../manifest/shapeProblems";
import { type Report, SourceText, type Span } from "../manifest/SourceText";
import { readYaml, type Value } from "../manifest/YamlTree";
import { ACCESS_TESTS } from "./AccessTestsSchema";

export interface AccessTest {
  name: string | undefined;
  kind: "can" | "cannot" | "only";
  people: Text[];
  teams: Text[];
  sites: Text[];
}

export interface Text extends Span {
  text: string;
}

const KINDS = ["can", "cannot", "only"] as const;

/**
 * The tests that can be read; what cannot is reported.
 *
 * @returns with the tests: how to report what else is wrong with them
 */
export function readAccessTests(file: ManifestFileContent, reportAny: Report): { tests: AccessTest[]; report: Report } {
  const source = decode(file);
  if (!(source instanceof SourceText)) {
    reportAny(source.span, source.code, source.message);
    return { tests: [], report: reportAny };
  }
  const invisible = reportInvisibleCharacters(source, reportAny);
  const report = unlessInvisible(reportAny, () => invisible);
  const root = readYaml(source, report, "The file has no tests. Write version: 1 and tests: [], or delete the file.");
  if (root !== undefined) reportShapeProblems(root, report, ACCESS_TESTS);
  const entries = root?.fields.get("tests")?.value.items ?? [];
  return { tests: entries.flatMap((entry) => accessTest(entry, report)), report };
}

function accessTest(entry: Value, report: Report): AccessTest[] {
  const given = KINDS.filter((kind) => entry.fields.has(kind));
  const [kind, second] = given;
  if (kind === undefined) {
    const isEmpty = ![...entry.fields.keys()].some((key) => key !== "name");
    if (entry.fields.size > 0 && isEmpty) report(entry, "missingKey", "This access test needs can, cannot or only.");
    return [];
  }
  if (second !== undefined) {
    const { key } = entry.fields.get(second)!;
    report(key, "invalidValue", `A test has one of ${KINDS.join(", ")}. Write a test of its own for ${second}.`);
  }
  const { key, value } = entry.fields.get(kind)!;
  const [people, teams, sites] = ["people", "teams", "sites"].map((field) => texts(value, field));
  const isEmpty = (field: string) => (value.fields.get(field)?.value.items.length ?? 0) === 0;
  const hasWrongValue = ["people", "teams"].some((field) => {
    const plain = value.fields.get(field)?.value.plain;
    return plain !== undefined && !Array.isArray(plain);
  });
  if (value.fields.size > 0 && isEmpty("people") && isEmpty("teams") && !hasWrongValue) {
    report(key, "missingKey", `${kind} needs people or teams: without them the test proves nothing.`);
  }
  if (Array.isArray(value.fields.get("sites")?.value.plain) && isEmpty("sites")) {
    report(value.fields.get("sites")!.key, "missingKey", "sites is empty: without a site the test proves nothing.");
  }
  const name = entry.fields.get("name")?.value.plain;
  return [{ name: typeof name === "string" ? name : undefined, kind, people: people!, teams: teams!, sites: sites! }];
}

function texts(value: Value, field: string): Text[] {
  const items = value.fields.get(field)?.value.items ?? [];
  return items.flatMap(({ source, start, end, plain }) =>
    typeof plain === "string" ? [{ source, start, end, text: plain }] : [],
  );
}
