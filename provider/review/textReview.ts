/** A review for a terminal or a log: no colours, no line longer than the width, removals first. */
import type { ManifestProblem } from "../manifest/ManifestError";
import { type Phrase, plural, rendered } from "../text/Phrase";
import { printable } from "../text/printable";
import { hangingIndent } from "../text/wrap";
import type { AccessChange } from "./AccessChange";
import type { Review } from "./RemovalLimit";
import { type ChangeVerb, ReviewText } from "./ReviewText";

export interface TextOptions {
  /** Columns; 100 if absent. A single word may be longer. */
  width?: number;
  /** How many lines of a section are shown; all if absent. */
  most?: number;
}

const NARROWEST = 20;
/** A proposed allowRemovals that names many clients may be this long. */
const LONGEST_NAME = 2000;

export function textReview(review: Review, options: TextOptions = {}): string {
  const { difference, allowed } = review;
  const { lost, gained, renames } = difference;
  const sentences = new ReviewText(difference);
  const print = new Printer(Math.max(options.width ?? 100, NARROWEST), options.most ?? Infinity);
  const changes = (all: AccessChange[], verb: ChangeVerb) => all.map((change) => sentences.change(change, verb));
  return [
    ...print.refusals(sentences, review),
    ...problems("Access tests that fail", review.accessTests?.failed),
    ...problems("This change also changes access tests that it would break", review.accessTests?.failedBefore),
    ...print.lines([sentences.summary()], ""),
    ...print.section(
      "Allowed",
      allowed.map((refusal) => sentences.allowedChange(refusal)),
    ),
    ...print.section(
      "Loses access",
      changes(
        lost.filter(({ announced }) => !announced),
        "lose",
      ),
      "- ",
    ),
    ...print.section("Gains access", changes(gained, "gain"), "+ "),
    ...print.section(
      "Renamed",
      renames.map((rename) => sentences.rename(rename)),
      "~ ",
    ),
    ...print.section(
      "Ended",
      changes(
        lost.filter(({ announced }) => announced),
        "lose",
      ),
      "- ",
    ),
    ...print.section("Also", sentences.advisories(review)),
    ...(review.checksums === undefined ? [] : [`Checksum: ${review.checksums}`]),
  ].join("\n");
}

/** Why a change is refused and what to do about it, alone; empty if it is not. */
export function textRefusals(review: Review, options: TextOptions = {}): string {
  const print = new Printer(Math.max(options.width ?? 100, NARROWEST), options.most ?? Infinity);
  return print.refusals(new ReviewText(review.difference), review).join("\n").trimEnd();
}

class Printer {
  constructor(
    private readonly width: number,
    private readonly most: number,
  ) {}

  refusals(sentences: ReviewText, review: Review): string[] {
    if (review.refusals.length === 0) return [];
    const reasons = review.refusals.map((refusal) => sentences.refusal(refusal));
    return [...this.section("Refused", reasons), ...this.lines(sentences.remedies(review), "  ", Infinity), ""];
  }

  section(title: string, all: Phrase[], mark = "  "): string[] {
    if (all.length === 0) return [];
    const more = all.length > this.most ? [`  and ${plural(all.length - this.most, "more line")}`] : [];
    return [`${title}:`, ...this.lines(all.slice(0, this.most), mark), ...more];
  }

  /** @param width Infinity for lines that readers copy */
  lines(all: Phrase[], mark: string, width = this.width): string[] {
    return all.flatMap((words) => hangingIndent(rendered(words, shown), width, mark));
  }
}

/** With their carets, which no width may break. */
function problems(title: string, all: readonly ManifestProblem[] = []): string[] {
  return all.length === 0 ? [] : [`${title}:`, ...all.map(String), ""];
}

function shown(text: string): string {
  return printable(text, LONGEST_NAME);
}
