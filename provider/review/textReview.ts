/** A review for a terminal or a log: no colours, no line longer than the width, removals first. */
import { printable } from "../text/printable";
import type { AccessChange } from "./AccessChange";
import type { Review } from "./RemovalLimit";
import { plural, rendered, type Phrase } from "../text/Phrase";
import { Words } from "./Words";

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
  const { lost, gained, renamed, notes } = difference;
  const words = new Words(difference);
  const print = new Printer(Math.max(options.width ?? 100, NARROWEST), options.most ?? Infinity);
  const changes = (all: AccessChange[], verb: "lose" | "gain") => all.map((change) => words.change(change, verb));
  return [
    ...print.refusals(words, review),
    ...print.lines([words.summary()], ""),
    ...print.section(
      "Allowed",
      allowed.map((refusal) => words.allowedRemoval(refusal)),
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
      renamed.map((rename) => words.rename(rename)),
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
    ...print.section(
      "Also",
      notes.map((note) => words.note(note)),
    ),
  ].join("\n");
}

/** Why a change is refused and what to do about it, alone; empty if it is not. */
export function textRefusals(review: Review, options: TextOptions = {}): string {
  const print = new Printer(Math.max(options.width ?? 100, NARROWEST), options.most ?? Infinity);
  return print.refusals(new Words(review.difference), review).join("\n").trimEnd();
}

class Printer {
  constructor(
    private readonly width: number,
    private readonly most: number,
  ) {}

  refusals(words: Words, review: Review): string[] {
    if (review.refusals.length === 0) return [];
    const reasons = review.refusals.map((refusal) => words.refusal(refusal));
    return [...this.section("Refused", reasons), ...this.lines(words.remedies(review), "  ", Infinity), ""];
  }

  section(title: string, all: Phrase[], mark = "  "): string[] {
    if (all.length === 0) return [];
    const more = all.length > this.most ? [`  and ${plural(all.length - this.most, "more line")}`] : [];
    return [`${title}:`, ...this.lines(all.slice(0, this.most), mark), ...more];
  }

  /** What is there to be copied stays in one line. */
  lines(all: Phrase[], mark: string, width = this.width): string[] {
    return all.flatMap((words) => wrapped(rendered(words, shown), width, mark));
  }
}

function shown(text: string): string {
  return printable(text, LONGEST_NAME);
}

/** Broken at spaces; what goes on is indented below the first word. */
function wrapped(text: string, width: number, mark: string): string[] {
  const indent = " ".repeat(mark.length);
  const lines: string[] = [];
  let line = mark;
  let empty = true;
  for (const word of text.split(" ")) {
    // In code points: near enough to columns for what these names may hold.
    if (!empty && Array.from(line).length + 1 + Array.from(word).length > width) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
