/** The problems of a manifest as they are found, and in the order in which they are shown. */
import type { ManifestProblem } from "./ManifestError";
import type { ManifestProblemCode } from "./problemCodes";
import type { Report, SourceText, Span } from "./SourceText";

/** A reader corrects some of so many first; looking for more would only cost time and memory. */
const MANY_PROBLEMS = 500;

export interface Reported {
  span: Span;
  code: ManifestProblemCode;
  message: string;
  other?: Span | undefined;
}

class TooManyProblems extends Error {}

export class Problems {
  readonly all: Reported[] = [];

  /** @returns undefined if so many problems were reported that the work ended early */
  until<Result>(work: (report: Report) => Result): Result | undefined {
    try {
      return work((span, code, message, other) => this.add({ span, code, message, other }));
    } catch (error) {
      if (!(error instanceof TooManyProblems)) throw error;
      return undefined;
    }
  }

  /** @throws TooManyProblems, within `until` */
  add(problem: Reported): void {
    this.all.push(problem);
    if (this.all.length < MANY_PROBLEMS) return;
    throw new TooManyProblems();
  }
}

/** In the order of the files, and in each as it is read. */
export function inOrder(reported: readonly Reported[], files: readonly SourceText[]): ManifestProblem[] {
  const places = new Map(files.map((file, index) => [file, index]));
  const place = ({ span }: Reported) => places.get(span.source) ?? 0;
  return [...reported]
    .sort((left, right) => place(left) - place(right) || left.span.start - right.span.start)
    .map(({ span, code, message, other }) => span.source.problem(span, code, message, other));
}
