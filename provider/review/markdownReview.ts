/** A review as a comment on a pull request: short, removals first, the rest folded. */
import type { ManifestProblem } from "../manifest/ManifestError";
import { codeBlock, inlineCode } from "../text/markdown";
import { type Phrase, plural, rendered } from "../text/Phrase";
import type { AccessChange } from "./AccessChange";
import type { Review, ReviewedAccessTests } from "./RemovalLimit";
import { type ChangeVerb, ReviewText } from "./ReviewText";

/** The first line of every comment, by which a workflow finds the one that it updates. */
export const COMMENT_MARK = "<!-- aegir-access review -->";

/** Characters: less than the 65536 that GitHub takes, so that a workflow may add to it. */
const LONGEST_COMMENT = 60_000;
/** Of those that fail, on either side. */
const LONGEST_PROBLEMS = 10_000;
const SHOWN_LINES = 10;
const SHOWN_ADVISORIES = 15;

export function markdownReview(review: Review): string {
  const { difference, refusals, allowed } = review;
  const { lost, gained, renames, after } = difference;
  const sentences = new ReviewText(difference);
  const refused = [
    ...refusals.map((refusal) => phrase(sentences.refusal(refusal))),
    ...sentences.remedies(review).map(phrase),
  ];
  const ended = lost.filter(({ announced }) => announced);
  const removed = lost.filter(({ announced }) => !announced);
  const shown = [
    COMMENT_MARK,
    "### Who gains and who loses access",
    ...(refused.length > 0 ? [`> [!CAUTION]\n> **Refused.** ${refused.join("\n> ")}`] : []),
    ...accessTests(review.accessTests),
    `**${phrase(sentences.summary())}**`,
    ...allowed.map((refusal) => `Allowed: ${phrase(sentences.allowedChange(refusal))}`),
    ...section("Loses access", changes(sentences, removed, "lose"), SHOWN_LINES),
    ...section("Gains access", changes(sentences, gained, "gain"), SHOWN_LINES),
    ...section(
      "Renamed",
      renames.map((rename) => phrase(sentences.rename(rename))),
      SHOWN_LINES,
    ),
    ...section("Ended", changes(sentences, ended, "lose"), SHOWN_LINES),
    ...section("Also", sentences.advisories(review).map(phrase), SHOWN_ADVISORIES),
  ].join("\n\n");
  const checksum = review.checksums === undefined ? "" : ` Checksum: \`${review.checksums}\``;
  const closing = `${WORDS_MEAN}\n\n<sub>Read as of ${after.asOf} (UTC).${checksum}</sub>\n`;
  const folded = details(sentences, [
    ["Loses access", "lose", removed],
    ["Gains access", "gain", gained],
    ["Ended", "lose", ended],
  ]);
  return [shown, ...fitting(folded, LONGEST_COMMENT - shown.length - closing.length), closing].join("\n\n");
}

const WORDS_MEAN = `<details><summary>What the words mean</summary>

- A *client* owns sites. A person who may *act for* a client sees and manages all of its sites in Aegir's panel.
- A *shell login* (SSH, SFTP, FTPS) reaches the files of all sites of one client. BOA creates it for every client with a site. Plain Aegir has none.
- A *grant* is one person or one shell login that reaches one site.

</details>`;

/** A test that is changed together with what it forbids is for the reviewer to see. */
function accessTests({ failed, failedBefore }: Partial<ReviewedAccessTests> = {}): string[] {
  const shown = (all: readonly ManifestProblem[]) => codeBlock(all.map(String).join("\n\n"), LONGEST_PROBLEMS);
  return [
    ...(failed?.length
      ? [
          `> [!CAUTION]\n> **Access tests fail.** They say who may reach which site, and this change would break them.`,
          shown(failed),
        ]
      : []),
    ...(failedBefore?.length
      ? [
          "> [!WARNING]\n> **This change also changes access tests that it would break.** As they were before, they fail:",
          shown(failedBefore),
        ]
      : []),
  ];
}

function changes(sentences: ReviewText, all: AccessChange[], verb: ChangeVerb): string[] {
  return all.map((change) => phrase(sentences.change(change, verb)));
}

function section(title: string, lines: string[], most: number): string[] {
  if (lines.length === 0) return [];
  const more = lines.length > most ? [`- and ${plural(lines.length - most, "more line")}`] : [];
  return [`**${title}**\n\n${[...lines.slice(0, most).map((line) => `- ${line}`), ...more].join("\n")}`];
}

/** Every line of which something was left out, in full. */
function details(sentences: ReviewText, sections: [title: string, verb: ChangeVerb, all: AccessChange[]][]): string[] {
  const everything = { people: Infinity, sites: Infinity };
  return sections.flatMap(([title, verb, all]) => {
    const cut = all.flatMap((change, index) => {
      const full = phrase(sentences.change(change, verb, everything));
      return index >= SHOWN_LINES || full !== phrase(sentences.change(change, verb)) ? [`- ${full}`] : [];
    });
    return cut.length === 0 ? [] : [`**${title}, in full**`, ...cut];
  });
}

function fitting(lines: string[], room: number): string[] {
  if (lines.length === 0) return [];
  const opening = "<details><summary>Everything that was cut above</summary>\n";
  const kept: string[] = [];
  let used = opening.length + 200;
  for (const line of lines) {
    used += line.length + 2;
    if (used > room) break;
    kept.push(line.startsWith("**") ? `\n${line}\n` : line);
  }
  const left = lines.length - kept.length;
  const note = left > 0 ? [`\n${plural(left, "line")} did not fit into one comment.`] : [];
  return [[opening, ...kept, ...note, "\n</details>"].join("\n")];
}

function phrase(words: Phrase): string {
  return rendered(words, inlineCode);
}
