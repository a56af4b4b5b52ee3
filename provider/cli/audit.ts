import { AUDIT_KINDS, auditOf, isAlarming, type AuditEntry } from "../inventory/Audit";
import { plural, rendered } from "../review/Phrase";
import { printable } from "../ssh/printable";
import { manifestBesideServer, LIVE_OPTIONS } from "./manifestBesideServer";
import { ExitCode } from "./ExitCode";
import { MANIFEST_USAGE } from "./givenManifest";
import type { Style } from "./Style";
import { defineVerb } from "./Verb";

const TITLES: Record<AuditEntry["kind"], string> = {
  drift: "Not as declared",
  undeclared: "Access that nobody declared",
  defect: "Damaged on the server",
  ends: "Ends soon",
  known: "Good to know",
};

/** `aegir-access audit`: a live server against its manifest. */
export const audit = defineVerb({
  name: "audit",
  summary: "tells what on a server is not as declared, and what access nobody declared",
  description: [
    "Looks at the server and changes nothing; for a job that runs every night. A deployment repairs what is not as " +
      "declared; what nobody declared stays until somebody declares it or takes it away in the panel.",
    "What ends within 14 days, and what no manifest can say (administrators, restricted platforms, shared mail addresses), " +
      "is told, but leaves the exit code alone.",
  ],
  operands: { usage: `[${MANIFEST_USAGE}]`, least: 0, most: 1 },
  options: LIVE_OPTIONS,
  exitCodes: {
    [ExitCode.ok]: "the server is as declared, and there is no access beyond",
    [ExitCode.found]: "something is not as declared, damaged, or declared by nobody",
  },
  examples: [
    ["audit --stack production", "access.yaml against the server of Pulumi.production.yaml"],
    ["audit access.yaml --config servers.yaml --json", "the same facts for a script"],
  ],
  async run({ values, operands }, surroundings) {
    const { manifest, inventory } = await manifestBesideServer(operands[0], values, surroundings);
    const entries = auditOf(manifest, inventory);
    return {
      exitCode: entries.some(isAlarming) ? ExitCode.found : ExitCode.ok,
      facts: { asOf: manifest.asOf, entries: entries.map((entry) => ({ ...entry, says: text(entry) })) },
      text: (style) => report(entries, manifest.asOf, style),
    };
  },
});

function text({ says }: AuditEntry): string {
  return rendered(says, (name) => printable(name));
}

function report(entries: AuditEntry[], asOf: string, style: Style): string {
  const sections = AUDIT_KINDS.flatMap((kind) => {
    const lines = entries
      .filter((entry) => entry.kind === kind)
      .flatMap((entry) => [`- ${text(entry)}`, ...entry.names.map((name) => `    ${printable(name)}`)]);
    return lines.length === 0 ? [] : [[style.bold(`${TITLES[kind]}:`), ...lines].join("\n")];
  });
  const alarming = entries.filter(isAlarming).length;
  const summary = alarming === 0 ? "As declared" : `${plural(alarming, "thing")} to look at`;
  return [...sections, `${summary} (as of ${asOf}).`].join("\n\n");
}
