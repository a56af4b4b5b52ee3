/** Rules about what a file may declare. */
import { matchesPattern } from "../../naming/Pattern";
import { normalizeDomain } from "../../naming/SiteDomain";
import { quoted } from "../../text/quoted";
import { type ClientEntry, clientTitle, type ManifestEntries, type Text } from "../ManifestEntries";
import type { RuleContext } from "./RuleContext";

export function checkScopes({ files, clients }: ManifestEntries, context: RuleContext): void {
  for (const { span, scope } of files) {
    checkPatterns(scope.clients ?? [], /^[a-z0-9_*]+$/, "of internal names, of a-z, 0-9, _ and *", context);
    checkPatterns(scope.sites ?? [], /^[\p{L}\p{M}\p{N}.*-]+$/u, "of domains, without spaces and slashes", context);
    const isIn = (client: ClientEntry) => client.span.source === span.source;
    for (const client of clients.filter(isIn)) {
      checkClient(client, scope.clients, context);
      checkSites(client, scope.sites, context);
    }
  }
}

function checkPatterns(patterns: readonly Text[], shape: RegExp, kind: string, { report }: RuleContext): void {
  for (const pattern of patterns) {
    if (shape.test(pattern.text)) continue;
    report(pattern, "invalidPattern", `scope lists patterns ${kind}, but this is ${quoted(pattern.text)}.`);
  }
}

function checkClient({ internalName }: ClientEntry, patterns: readonly Text[] | undefined, context: RuleContext): void {
  if (patterns === undefined || internalName === undefined) return;
  if (patterns.some(({ text }) => matchesPattern(text, internalName.text))) return;
  context.report(
    internalName,
    "outOfScope",
    `The scope of this file does not allow the client ${quoted(internalName.text)}. It allows ${listed(patterns)}. ` +
      "Declare the client in another file, or add it to scope.",
  );
}

function checkSites(client: ClientEntry, patterns: readonly Text[] | undefined, context: RuleContext): void {
  if (patterns === undefined) return;
  for (const { site, normalForm } of client.sites) {
    if (patterns.some(({ text }) => matchesPattern(normalizeDomain(text), normalForm))) continue;
    context.report(
      site,
      "outOfScope",
      `The scope of this file does not allow the site ${quoted(site.text)} of the ${clientTitle(client)}. It allows ${listed(patterns)}. ` +
        "Declare the site in another file, or add it to scope.",
    );
  }
}

function listed(patterns: readonly Text[]): string {
  return patterns.length === 0 ? "none" : patterns.map(({ text }) => quoted(text)).join(", ");
}
