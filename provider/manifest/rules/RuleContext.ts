import { dayProblems, daysBetween } from "../../naming/Day";
import { printable } from "../../text/printable";
import { quoted } from "../../text/quoted";
import { INVISIBLE } from "../../text/unsafe";
import type { Text } from "../ManifestEntries";
import type { ServerNaming } from "../ManifestOptions";
import type { ManifestProblemCode } from "../problemCodes";
import { placeOf, type Report, type Span } from "../SourceText";

/** What the rules about entries share: the server's naming, the day, and where problems and warnings go. */
export class RuleContext {
  constructor(
    readonly asOf: string,
    readonly naming: ServerNaming,
    /** The server's configuration is known. */
    private readonly isConfigured: boolean,
    readonly report: Report,
    readonly warn: Report,
  ) {}

  /** Whether the server makes shell logins, as BOA does; undefined if no configuration says so. */
  get shellLogins(): boolean | undefined {
    return this.isConfigured || this.naming.instance !== undefined ? this.naming.instance !== undefined : undefined;
  }

  /** Where something is, for a message about something else: `line 3`, or `line 3 of web.yaml`. */
  place(span: Span, from: Span): string {
    const { file, line } = placeOf(span);
    return span.source === from.source ? `line ${line}` : `line ${line} of ${printable(file)}`;
  }

  reportAll(span: Span, code: ManifestProblemCode, messages: string[]): void {
    for (const message of messages) this.report(span, code, message);
  }

  /** Reports text that a reviewer could not read, or that is too long. */
  checkVisible(field: string, { text, ...span }: Text, example: string, longest = Infinity): void {
    if (text.trim() !== "" && !INVISIBLE.test(text) && text.length <= longest) return;
    const most = longest === Infinity ? "" : ` on one line, of at most ${longest} characters`;
    this.report(
      span,
      "invalidText",
      `${field} must be visible text${most}, but is ${quoted(text)}. Write for example ${quoted(example)}.`,
    );
  }

  checkReason(reason: Text | undefined, example: string): void {
    if (reason !== undefined) this.checkVisible("reason", reason, example, 200);
  }

  /** Days from asOf to the given day, negative if it is past; undefined, and reported, if that is not a day. */
  daysTo(field: string, day: Text): number | undefined {
    const problems = dayProblems(day.text);
    this.reportAll(
      day,
      "invalidDay",
      problems.map((problem) => `${field}: ${problem}`),
    );
    return problems.length > 0 ? undefined : daysBetween(this.asOf, day.text);
  }

  /**
   * Days to the last day of an exception, negative if it is past; undefined if that is not said, or wrong and reported.
   *
   * @param may what the exception may do for so long: the beginning of a sentence
   */
  daysOfException(until: Text | undefined, may: string, longest: number): number | undefined {
    const days = until && this.daysTo("until", until);
    if (until === undefined || days === undefined || days <= longest) return days;
    this.report(
      until,
      "tooFarAhead",
      `${may} ${longest} days at most, and until ${until.text} there are ${days}. Write an earlier day.`,
    );
    return undefined;
  }
}

/** The item that has the same key and was entered before; enters this one if there is none. */
export function earlier<T>(seen: Map<string, T>, key: string, item: T): T | undefined {
  const first = seen.get(key);
  if (first === undefined) seen.set(key, item);
  return first;
}
