import { PRIVATE_KEY } from "../naming/AuthorizedKey";
import { printable } from "../text/printable";
import type { Located } from "./Manifest";
import { ManifestProblem } from "./ManifestError";
import type { ManifestProblemCode } from "./problemCodes";

const EXCERPT_COLUMNS = 120;

/** The part of a file's text that a problem is about: UTF-16 offsets, the end exclusive. */
export interface Span {
  source: SourceText;
  start: number;
  end: number;
}

/** Records a problem. `message`: complete sentences. `other`: the other place that the message is about. */
export type Report = (span: Span, code: ManifestProblemCode, message: string, other?: Span) => void;

/** A file's text with its lines, which turns offsets into what a reader looks for. */
export class SourceText {
  readonly #lineStarts: number[] = [0];

  constructor(
    readonly file: string,
    readonly text: string,
  ) {
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#lineStarts.push(at + 1);
  }

  /** Line and column of an offset, both from 1. */
  position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#lineStarts[low]! + 1 };
  }

  /** A part of this text. */
  span(start: number, end: number): Span {
    return { source: this, start, end };
  }

  problem(span: Span, code: ManifestProblemCode, message: string, other?: Span): ManifestProblem {
    const { line, column } = this.position(span.start);
    // Whatever the problem, its message may quote the key.
    const shown = this.#isInPrivateKey(this.#lineStarts[line - 1]!) ? `This ${PRIVATE_KEY}.` : message;
    const isElsewhere = other !== undefined && other.source !== this;
    const also = isElsewhere ? { ...placeOf(other), excerpt: other.source.#excerpt(other) } : undefined;
    return new ManifestProblem(this.file, line, column, code, shown, this.#excerpt(span), also);
  }

  /** The line that a span begins in, cut to what fits around it, with carets below the span. */
  #excerpt(span: Span): string {
    const { line, column } = this.position(span.start);
    const lineStart = this.#lineStarts[line - 1]!;
    if (this.#isInPrivateKey(lineStart)) return `${String(line).padStart(6)} | (not shown)`;
    const content = this.text.slice(lineStart, (this.#lineStarts[line] ?? this.text.length + 1) - 1).replace(/\r$/, "");
    const from = column - 1 < EXCERPT_COLUMNS / 2 ? 0 : column - 1 - EXCERPT_COLUMNS / 4;
    const shown = content.slice(from, from + EXCERPT_COLUMNS);
    const marked = shown.slice(column - 1 - from, Math.max(span.end - lineStart, column) - from);
    const before = (from > 0 ? "..." : "") + this.#escaped(shown.slice(0, column - 1 - from));
    const gutter = String(line).padStart(6);
    return [
      `${gutter} | ${from > 0 ? "..." : ""}${this.#escaped(shown)}${from + shown.length < content.length ? "..." : ""}`,
      `${" ".repeat(gutter.length)} | ${" ".repeat(before.length)}${"^".repeat(Math.max(this.#escaped(marked.trimEnd()).length, 1))}`,
    ].join("\n");
  }

  /** Somebody has pasted the wrong half of a key: on one line, or on those after its first. */
  #isInPrivateKey(lineStart: number): boolean {
    const end = this.text.indexOf("\n", lineStart);
    const before = this.text.slice(0, end === -1 ? undefined : end);
    const begin = [...before.matchAll(/BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File/g)].at(-1)?.index;
    if (begin === undefined) return false;
    const over = before.slice(begin).search(/END [A-Z0-9 ]*PRIVATE KEY|Private-MAC:/);
    return over === -1 || begin + over >= lineStart;
  }

  #escaped(text: string): string {
    return printable(text, Number.MAX_SAFE_INTEGER);
  }
}

/** Where a span begins, as readers look for it. */
export function placeOf({ source, start }: Span): Located {
  return { file: source.file, ...source.position(start) };
}
