import { printable } from "../text/printable";
import type { ManifestProblemCode } from "./problemCodes";

const SHOWN_PROBLEMS = 100;
const SHOWN_CHARACTERS = 2000;

/** A problem or a warning at one place of a manifest. */
export class ManifestProblem {
  constructor(
    readonly file: string,
    /** From 1. */
    readonly line: number,
    /** From 1, in UTF-16 units, as editors count. */
    readonly column: number,
    readonly code: ManifestProblemCode,
    /** Complete sentences: what is wrong, what would be right, what to write. */
    readonly message: string,
    /** The source line with a line of carets below it; safe to show. */
    readonly excerpt: string,
    /** The other place that the problem is about, if that is in another file. */
    readonly also?: { file: string; line: number; column: number; excerpt: string },
  ) {}

  /** `file:line:column: message`, on one line and safe to show. */
  get summary(): string {
    const place = `${printable(this.file)}:${this.line}:${this.column}`;
    return `${place}: ${printable(this.message, SHOWN_CHARACTERS)}`;
  }

  /** The summary and the excerpts, safe to show. */
  toString(): string {
    const { also } = this;
    const second = also ? `\n${printable(also.file)}:${also.line}:${also.column}:\n${also.excerpt}` : "";
    return `${this.summary}\n${this.excerpt}${second}`;
  }
}

/** A manifest that is not deployed. The message shows the problems in the order of the files. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
  readonly code = "invalidManifest";

  /**
   * @param file the file, or the directory of several
   * @param complete false if a text could not be read as YAML, so that there may be more problems
   */
  constructor(
    readonly file: string,
    readonly problems: readonly ManifestProblem[],
    readonly complete = true,
  ) {
    super(report(file, problems, complete, ", and nothing was deployed from it"));
  }

  /** The message without what became of the deployment, for an error that says something else of that. */
  get report(): string {
    return report(this.file, this.problems, this.complete);
  }
}

function report(file: string, problems: readonly ManifestProblem[], complete: boolean, outcome = ""): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const more = problems.length - SHOWN_PROBLEMS;
  return [
    `${printable(file)} has ${count}${outcome}.`,
    ...problems.slice(0, SHOWN_PROBLEMS).map(String),
    ...(more > 0 ? [`${more} more ${more === 1 ? "problem is" : "problems are"} not shown.`] : []),
    ...(complete ? [] : ["The rest can be checked when this is corrected."]),
  ].join("\n\n");
}
