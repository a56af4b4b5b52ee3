/**
 * YAML as a tree of plain values that know their place in the file. Only what JSON can say is accepted, each value
 * written where it counts: no anchors, aliases, tags, directives or odd keys, so that a line's meaning is in the line.
 */
import { Composer, type CST, isAlias, isMap, isScalar, isSeq, Lexer, type Node, type Pair, Parser } from "yaml";
import { quoted } from "../text/quoted";
import type { ManifestProblemCode } from "./problemCodes";
import type { Report, SourceText, Span } from "./SourceText";

/** Parser levels: far more than a manifest has, far fewer than recursion and memory bear. */
const DEEPEST = 40;

/** Words, signs and spaces: several times what ten thousand sites with their clients and users need. */
const MOST_LEXEMES = 1_000_000;

const EMPTY_MANIFEST =
  "The file declares nothing. To remove all access that it declared, write the two lines version: 1 and clients: [].";

/** A value of the file. */
export interface Value extends Span {
  /** The value as JSON would have it; undefined if it could not be read, which was then reported. */
  plain: unknown;
  /** The text of a plain (unquoted) scalar as it is in the file. */
  unquoted: string | undefined;
  /** What a map holds. A key that occurs again is reported and left out. */
  fields: ReadonlyMap<string, Field>;
  /** What a list holds. */
  items: readonly Value[];
}

interface Field {
  key: Span;
  value: Value;
}

/** Most values are neither maps nor lists, and a large manifest has very many. */
const NO_FIELDS: Value["fields"] = new Map();
const NO_ITEMS: Value["items"] = [];

/**
 * Reads a text as one YAML document.
 *
 * @param report is called for every problem
 * @param whenEmpty the message about a file without content
 * @returns undefined if nothing can be said about the content, because the text is not valid YAML or is empty
 */
export function readYaml(source: SourceText, report: Report, whenEmpty = EMPTY_MANIFEST): Value | undefined {
  const documents = compose(source, report);
  if (documents === undefined) return undefined;
  const [document, second] = documents;
  const errors = documents.flatMap((each) => each.errors);
  for (const { code, message, pos } of errors) {
    report(source.span(pos[0], pos[1]), "invalidYaml", syntaxMessage(code, message));
  }
  if (errors.length > 0) return undefined;

  if (second !== undefined) {
    const start = source.text.lastIndexOf("\n---", second.range[0]) + 1;
    report(
      source.span(start, start + 3),
      "secondDocument",
      "A second YAML document begins here, and the file must be one document. " +
        "Delete the line with ---, or put what follows into a file of its own.",
    );
  }
  const directive = /^%.*/m.exec(document?.directives?.yaml.explicit ? source.text : "");
  if (directive) {
    report(
      source.span(directive.index, directive.index + directive[0].length),
      "directive",
      "A line that begins with % changes how YAML is read. Write plain YAML 1.2. Delete the line.",
    );
  }
  const content = document?.contents;
  if (!content || (isScalar(content) && content.value === null)) {
    report(source.span(0, 0), "empty", whenEmpty);
    return undefined;
  }
  return new Reader(source, report).value(content, source.span(0, 0));
}

/** Parses step by step, because the library has no limits: a small file could exhaust the memory. */
function compose(source: SourceText, report: Report) {
  const parser = new Parser();
  let lexemes = 0;
  let refused: [code: ManifestProblemCode, message: string] | undefined;
  function* tokens(): Generator<CST.Token> {
    for (const lexeme of new Lexer().lex(source.text)) {
      yield* parser.next(lexeme);
      if (++lexemes > MOST_LEXEMES) {
        refused = ["tooManyValues", "The file has far more values than a server has sites. Divide it."];
      }
      if (parser.stack.length > DEEPEST) {
        refused = [
          "nestedTooDeeply",
          "Lists and maps are nested too deeply here. A manifest needs six levels at most.",
        ];
      }
      if (refused !== undefined) return;
    }
    yield* parser.end();
  }
  const options = { schema: "core", uniqueKeys: false, prettyErrors: false } as const;
  const documents = [...new Composer(options).compose(tokens())];
  if (refused === undefined) return documents;
  report(source.span(parser.offset, parser.offset), ...refused);
  return undefined;
}

class Reader {
  constructor(
    private readonly source: SourceText,
    private readonly report: Report,
  ) {}

  /** @param holder where to point if the value itself takes no room in the file */
  value(node: Node | null, holder: Span): Value {
    const [start, end] = node?.range ?? [0, 0];
    const span = end > start ? this.source.span(start, end) : holder;
    const { source } = this;
    const value: Value = {
      source,
      start: span.start,
      end: span.end,
      plain: node === null ? null : undefined,
      unquoted: undefined,
      fields: NO_FIELDS,
      items: NO_ITEMS,
    };
    if (node === null) return value;
    if (isAlias(node)) {
      this.report(
        span,
        "alias",
        `*${node.source} is a YAML alias. Write the value itself here, where a reviewer sees it.`,
      );
      return value;
    }
    if (node.anchor !== undefined) {
      const anchor = this.source.span(this.source.text.lastIndexOf(`&${node.anchor}`, start), start);
      this.report(
        anchor,
        "anchor",
        `&${node.anchor} is a YAML anchor. Delete it, and write its value wherever you need it.`,
      );
    }
    if (node.tag !== undefined) {
      this.report(span, "tag", `${node.tag} is a YAML tag. Delete it. Write only plain strings, lists and maps.`);
    }
    if (isMap(node)) return this.#map(node.items as Pair<Node, Node | null>[], value);
    if (isSeq(node)) {
      value.items = (node.items as Node[]).map((item) => this.value(item, this.#dashBefore(item)));
      value.plain = value.items.map((item) => item.plain);
      return value;
    }
    if (!isScalar(node)) return value;
    const unquoted = node.type === "PLAIN" ? this.source.text.slice(start, end) : undefined;
    if (unquoted?.includes("\n")) {
      this.report(
        span,
        "multilineValue",
        "This value continues in the next line. " +
          "If that line is a separate entry, begin it with a dash and a space, under the dash above.",
      );
    }
    value.plain = node.value;
    value.unquoted = unquoted;
    return value;
  }

  /** An empty entry of a list takes no room; its dash does. */
  #dashBefore({ range }: Node): Span {
    if (!range || range[1] > range[0]) return this.source.span(0, 0);
    const dash = this.source.text.lastIndexOf("-", range[0]);
    return this.source.span(dash, dash + 1);
  }

  #map(pairs: Pair<Node, Node | null>[], value: Value): Value {
    const fields = new Map<string, Field>();
    for (const pair of pairs) {
      const [start, end] = pair.key.range ?? [value.start, value.start];
      const key = this.source.span(...(end > start ? ([start, end] as const) : ([value.start, value.start] as const)));
      const field = this.value(pair.value, key);
      if (!isScalar(pair.key) || typeof pair.key.value !== "string") {
        this.report(
          key,
          "invalidKey",
          "A key must be a word. Write one of the fields of the format, and a colon after it.",
        );
        continue;
      }
      const name = pair.key.value;
      const first = fields.get(name);
      if (first === undefined) fields.set(name, { key, value: field });
      else {
        this.report(
          key,
          "duplicateKey",
          `The key ${quoted(name)} occurs twice in one map, first on line ${this.source.position(first.key.start).line}, ` +
            "and one of the two would be lost. Merge them, or delete one.",
        );
      }
    }
    value.fields = fields;
    value.plain = Object.fromEntries(Array.from(fields, ([name, field]) => [name, field.value.plain]));
    return value;
  }
}

function syntaxMessage(code: string, message: string): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "A tab indents this line, and YAML allows spaces only. Replace the tab with spaces.";
    default:
      return `Invalid YAML: ${message.replace(/\.$/, "")}. Check the indentation, the colons and the quotes here and in the line above.`;
  }
}
