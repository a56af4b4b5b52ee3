import { capitalized } from "./capitalized";

/**
 * A piece of a sentence that knows which of its parts are names from outside, so that each printer escapes
 * exactly these in its own way.
 */
export type Phrase = readonly (string | Name)[];

/** A name from outside: of a person, a client, a site, a reason. */
export interface Name {
  readonly name: string;
}

export const name = (text: string): Name => ({ name: text });

/** The words of the template and of plain strings are the program's own; what comes from outside is given as a `Name`. */
export function phrase(words: TemplateStringsArray, ...parts: (Phrase | Name | string | number)[]): Phrase {
  return words.flatMap((text, index) => {
    const part = parts[index];
    if (part === undefined) return [text];
    if (typeof part === "string" || typeof part === "number") return [text, String(part)];
    return "name" in part ? [text, part] : [text, ...part];
  });
}

/** `a`, `a and b`, `a, b and c`; of more than `most` items the rest is counted. */
export function enumerated(items: readonly (Phrase | Name)[], most = Infinity, word: "and" | "or" = "and"): Phrase {
  const shown: (Phrase | Name | string)[] =
    items.length <= most ? [...items] : [...items.slice(0, most), `${items.length - most} more`];
  return shown.reduce<Phrase>((before, item, index) => {
    const separator = index === 0 ? "" : index === shown.length - 1 ? ` ${word} ` : ", ";
    return phrase`${before}${separator}${item}`;
  }, []);
}

/** @param escaped how a name is shown */
export function rendered(words: Phrase, escaped: (text: string) => string): string {
  return words.map((part) => (typeof part === "string" ? part : escaped(part.name))).join("");
}

/** The program's own words with a capital; a name stays as it is. */
export function capitalizedPhrase(words: Phrase): Phrase {
  const index = words.findIndex((word) => word !== "");
  const first = words[index];
  return typeof first === "string" ? words.with(index, capitalized(first)) : words;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
