import { wrap } from "./wrap";

/** Rows in lines of at most `width` characters: the second column is wrapped, the first one is as wide as it needs. */
export function twoColumns(rows: readonly (readonly [string, string])[], width: number): string[] {
  const first = Math.max(0, ...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, text]) =>
    wrap(text, width - first).map((line, index) => (index === 0 ? name : "").padEnd(first) + line),
  );
}
