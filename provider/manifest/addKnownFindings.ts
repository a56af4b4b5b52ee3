/** Writes known findings into a manifest's text and leaves every other byte of it as it is. */
import { isMap, isSeq, parseDocument, stringify } from "yaml";
import type { KnownFinding } from "./Manifest";

const KEY = "knownFindings";

/**
 * @returns the new text; undefined if the file is not written in blocks there, and lines cannot be added
 */
export function addKnownFindings(text: string, added: Pick<KnownFinding, "finding" | "names" | "reason" | "until">[]) {
  const { contents } = parseDocument(text);
  if (!isMap(contents) || contents.flow) return undefined;
  const list: unknown = contents.get(KEY, true);
  if (list === undefined) return `${ended(text)}\n${KEY}:\n${items(added, "  ")}`;
  if (!isSeq(list) || list.flow || !list.range) return undefined;
  // The list begins with the dash of its first item.
  const indent = " ".repeat(list.range[0] - (text.lastIndexOf("\n", list.range[0] - 1) + 1));
  const end = text.lastIndexOf("\n", list.range[1] - 1) + 1 || text.length;
  const before = list.range[1] === text.length && !text.endsWith("\n") ? text.length : end;
  return ended(text.slice(0, before)) + items(added, indent) + text.slice(before);
}

function items(added: Pick<KnownFinding, "finding" | "names" | "reason" | "until">[], indent: string): string {
  const entries = added.map(({ finding, names, reason, until }) => ({
    finding,
    ...(names.length > 0 && { names }),
    reason,
    until,
  }));
  return stringify(entries, { lineWidth: 0 }).replace(/^(?=.)/gm, indent);
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
