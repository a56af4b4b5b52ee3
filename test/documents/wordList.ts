/** Words and phrases that users should not have to read, and what to write instead. Easy to extend: add an entry. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as ts from "typescript";

const root = join(__dirname, "..", "..");

const AVOIDED: readonly { pattern: RegExp; instead: string }[] = [
  {
    pattern: /(?<!\bthere )\b(?:is|are|was) no (?!longer\b|more\b|one\b)/i,
    instead: '"is not a ..." or "invalid ..."',
  },
  { pattern: /\bno plain (?:file|text)\b/i, instead: '"not a regular file", "not text"' },
  { pattern: /\b(?:tells?|told)\b/i, instead: "the exact verb: print, show, report, return, warn" },
  { pattern: /\bwhoever\b/i, instead: "the role: the user, the reviewer, a person who ..." },
  { pattern: /\b(?:some|every|any)body\b/i, instead: "the role: the user, the reviewer, other clients" },
  { pattern: /\bnobody\b(?! (?:gains?|loses?)\b)/i, instead: "the role, or a passive: no user, it is not declared" },
  { pattern: /\banew\b/i, instead: '"again" or "new"' },
  { pattern: /\b(?:is|be) the case\b/i, instead: "what is true" },
  { pattern: /\bmend(?:s|ed)?\b/i, instead: '"fix" or "repair"' },
  {
    pattern: /\bstands? (?:against|beside|twice|there)\b/i,
    instead: "a plain verb: protects, is next to, occurs twice",
  },
  { pattern: /\b(?:take|takes|taken) note\b/i, instead: '"record" or "read"' },
  { pattern: /\bjudged (?:as of|by)\b/i, instead: '"as of", "applies to"' },
  { pattern: /\b(?:a|is|one) text\b(?! file\b)/i, instead: '"string"' },
  { pattern: /\ball the same\b/i, instead: '"anyway" or "still"' },
  { pattern: /\bcomes? to an end\b/i, instead: '"end"' },
  { pattern: /\bcame up\b/i, instead: '"started"' },
  { pattern: /\bwritten as a? ?text\b/i, instead: '"must be a string"' },
  { pattern: /\bno success\b/i, instead: '"not a success", "a failure"' },
  { pattern: /\bexists? on BOA only\b/i, instead: '"exists only on BOA"' },
  { pattern: /\bknows? no\b/i, instead: '"does not know"' },
  { pattern: /\bstands? still\b/i, instead: '"is stuck", "does not run"' },
];

export interface AvoidedPhrase {
  file: string;
  line: number;
  phrase: string;
  instead: string;
}

/** In the users' pages without their code, in the strings of the package, and in the titles of tests. */
export function avoidedPhrases(): AvoidedPhrase[] {
  const pages = ["README.md", "SECURITY.md", ...filesIn("provider/docs", ".md")];
  const sources = filesIn("provider", ".ts").filter((file) => !/^provider\/(dist|node_modules)\//.test(file));
  const tests = filesIn("test", ".ts").filter((file) => /\.(test|suite)\.ts$/.test(file));
  return [
    ...pages.flatMap((file) => phrasesOf(file, prose)),
    ...sources.flatMap((file) => phrasesOf(file, strings)),
    ...tests.flatMap((file) => phrasesOf(file, titles)),
  ];
}

function phrasesOf(file: string, textsOf: (content: string) => { line: number; text: string }[]): AvoidedPhrase[] {
  const content = readFileSync(join(root, file), "utf8");
  // Reading the syntax of a file takes long, and most files have none of the phrases anywhere.
  if (!AVOIDED.some(({ pattern }) => pattern.test(content))) return [];
  return textsOf(content).flatMap(({ line, text }) =>
    AVOIDED.flatMap(({ pattern, instead }) => {
      const phrase = pattern.exec(text)?.[0].trim();
      return phrase === undefined ? [] : [{ file, line, phrase, instead }];
    }),
  );
}

/** The lines of a page, without code. */
function prose(page: string) {
  const text = page.replace(/^(`{3,}).*?^\1$/gms, (block) => block.replace(/.+/g, "")).replace(/`[^`\n]*`/g, "``");
  return text.split("\n").map((line, index) => ({ line: index + 1, text: line }));
}

/** The string literals of a source, and the fixed parts of its templates. */
function strings(content: string) {
  return stringsWhere(content, () => true);
}

/** The titles of tests and suites, without what is known only when they run. */
function titles(content: string) {
  return stringsWhere(content, (node) => {
    let part = node;
    while (!ts.isCallExpression(part.parent)) {
      if (!ts.isTemplateExpression(part.parent) && !ts.isTemplateSpan(part.parent)) return false;
      part = part.parent;
    }
    const { expression, arguments: all } = part.parent;
    return all[0] === part && /^(it|describe)\b/.test(expression.getText());
  });
}

function stringsWhere(content: string, isWanted: (node: ts.Node) => boolean) {
  const source = ts.createSourceFile("source.ts", content, ts.ScriptTarget.Latest, true);
  const found: { line: number; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    // One word is a key or a kind.
    if ((ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node)) && node.text.includes(" ") && isWanted(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({ line: line + 1, text: node.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function filesIn(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}
