import { createHash } from "node:crypto";
import type { EffectiveAccess } from "./EffectiveAccess";

/**
 * 16 hexadecimal digits that change with who owns which site, who may act for which client until when and with which keys, and
 * with nothing else: neither with titles and spellings, nor with what is derived from it, nor with the day on which a
 * binding ends.
 */
export function checksumOf({ clients, sites }: EffectiveAccess): string {
  const lines = [
    ...[...clients.values()].flatMap(({ internalName, bindings }) =>
      [...bindings].flatMap(([key, { expires, keys = [] }]) => [
        ["binding", internalName, key, expires],
        ...keys.map(({ fingerprint }) => ["key", internalName, key, fingerprint]),
      ]),
    ),
    ...[...sites.values()].map(({ site, owner }) => ["site", site, owner]),
  ];
  const text = lines.map((line) => JSON.stringify(line)).sort();
  return createHash("sha256").update(text.join("\n")).digest("hex").slice(0, 16);
}

/** A change, as a review and the deployment of it show it. */
export function checksumsOf(before: EffectiveAccess, after: EffectiveAccess): string {
  return `${checksumOf(before)}..${checksumOf(after)}`;
}
