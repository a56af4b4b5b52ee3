import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { AUDIT_KINDS, type AuditEntry, auditOf, isAlarming } from "../inventory/Audit";
import { PASSWORD_WARNED_DAYS } from "../inventory/passwords";
import { type KnownFinding, type Manifest, ManifestError, type ManifestFileContent, parseFiles } from "../manifest";
import { addKnownFindings } from "../manifest/addKnownFindings";
import { type Located, WARNED_DAYS } from "../manifest/Manifest";
import { isDirectory, nameIn } from "../manifest/ManifestFiles";
import { lastUsesOf } from "../review/auditedLastUse";
import { dayOf } from "../review/lastUse";
import { plural, rendered } from "../text/Phrase";
import { printable } from "../text/printable";
import type { Style } from "../text/Style";
import { type CommandContext, defineCommand, UsageError } from "./Command";
import { ExitCode } from "./ExitCode";
import {
  DEFAULT_MANIFEST,
  filesOf,
  LIVE_OPTIONS,
  MANIFEST_USAGE,
  type ManifestWithInventory,
  manifestWithInventory,
} from "./manifestOptions";
import { unusedDays } from "./unusedOption";

const TITLES: Record<AuditEntry["kind"], string> = {
  drift: "Not as declared",
  undeclared: "Access that is not declared",
  rule: "Rules that are broken",
  defect: "Damaged on the server",
  password: "Passwords that end",
  unused: "Access that is not used",
  accepted: "Known findings",
  ends: "Ends soon",
  known: "Good to know",
};

/** `aegir-access audit`: a live server against its manifest. */
export const audit = defineCommand({
  name: "audit",
  summary: "reports drift on a server, and access that is not declared",
  description: [
    "Reads the server and changes nothing. Where accounts are reached as root, it reads the keys of shell logins too. Run it every night. A deployment repairs drift. Access that is not declared stays " +
      "until you declare it or remove it in the panel.",
    "If the manifest declares logins (shellAccount), reads when their passwords were set, and reports those that have ended or " +
      `end within ${PASSWORD_WARNED_DAYS} days before a rotation by age.`,
    `Also reports access that ends within ${WARNED_DAYS} days, and facts that a manifest cannot declare (administrators, restricted ` +
      "platforms, shared mail addresses). These do not change the exit code.",
    "With --unused, also reports people who have not used the panel for so many days, with the clients that they may act for, declared " +
      "or not, and administrators other than user 1. Blocked users reach nothing and are left out. The panel records one last use for " +
      "each user, not for each client or site, and does not see logins over SSH, SFTP and FTPS.",
    "Applies the rules of the manifest (rules) to the server as well, so that access which is not declared breaks them too.",
    "To silence a finding, list it under knownFindings in the manifest, with a reason and a last day. --accept adds all " +
      "current findings except drift, which a deployment repairs. In a directory it adds them to the file that lists some, or to known-findings.yaml.",
    DEFAULT_MANIFEST,
  ],
  operands: { usage: `[${MANIFEST_USAGE}]`, least: 0, most: 1 },
  options: {
    ...LIVE_OPTIONS,
    unused: {
      type: "string",
      value: "DAYS",
      help: "also reports access of people who have not used the panel for so many days",
    },
    accept: { type: "boolean", help: "adds all current findings except drift to knownFindings in the manifest" },
    reason: { type: "string", value: "TEXT", help: "with --accept: why the findings are acceptable" },
    until: { type: "string", value: "DAY", help: "with --accept: the last day (UTC) on which they are silenced" },
  },
  exitCodes: {
    [ExitCode.ok]: "the server matches the manifest and has no other access, known findings aside",
    [ExitCode.found]:
      "something on the server differs from the manifest, is damaged, is not declared, breaks a rule, is a password that ends, or is not used (--unused)",
  },
  examples: [
    ["audit --stack production", "access.yaml against the server of Pulumi.production.yaml"],
    ["audit access.yaml --config servers.yaml --json", "the same result for a script"],
    ["audit --unused 90", "also the people who have not used the panel for 90 days"],
    [
      'audit access.yaml --accept --reason "TICKET-12, moves in spring" --until 2027-03-31',
      "silences all current findings, in lines that can be reviewed",
    ],
  ],
  async run({ values, operands }, context) {
    const { accept = false, reason, until, unused, ...options } = values;
    const days = unusedDays(unused);
    if (accept !== (reason !== undefined && until !== undefined) || (reason === undefined) !== (until === undefined)) {
      throw new UsageError("--accept needs --reason and --until, and they need --accept.");
    }
    const read = await manifestWithInventory(operands[0], options, context);
    const { inventory, logins } = read;
    const manifest =
      reason === undefined || until === undefined ? read.manifest : accepting(read, context, { reason, until, days });
    const { entries, unmatched } = auditOf(manifest, inventory, logins, days);
    return {
      exitCode: entries.some(isAlarming) ? ExitCode.found : ExitCode.ok,
      facts: {
        asOf: manifest.asOf,
        entries: entries.map((entry) => ({ ...entry, says: text(entry) })),
        unmatched,
        ...(days !== undefined && {
          lastUse: lastUsesOf(inventory.users, dayOf(inventory.takenAt), manifest.server),
        }),
      },
      text: (style) => report(entries, unmatched, manifest, style),
    };
  },
});

function text({ says }: AuditEntry): string {
  return rendered(says, (name) => printable(name));
}

/** Lists what alarms and is not listed yet, but for drift, in the manifest's file. */
function accepting(
  { manifest, path, options, inventory, logins }: ManifestWithInventory,
  { directory }: CommandContext,
  { reason, until, days }: { reason: string; until: string; days: number | undefined },
): Manifest {
  const added = auditOf(manifest, inventory, logins, days).entries.flatMap((entry) => {
    const { finding, names, accepted } = entry;
    const isNew = isAlarming(entry) && finding !== undefined && accepted === undefined;
    return isNew ? [{ finding, names, reason, until }] : [];
  });
  if (added.length === 0) return manifest;
  const file = fileOfKnownFindings(manifest, path, directory);
  const absolute = resolve(directory, file);
  const text = addKnownFindings(existsSync(absolute) ? readFileSync(absolute, "utf8") : "version: 1\n", added);
  if (text === undefined) {
    throw new UsageError(
      `${printable(file)} was not changed: it is written in braces, or its knownFindings are. Write that part in lines that ` +
        "begin with a dash, and run this again.",
    );
  }
  const files = filesOf(path, directory).filter((each) => each.file !== file);
  const changed = parsed([...files, { file, content: text }]);
  writeFileSync(absolute, text);
  return changed;

  function parsed(files: ManifestFileContent[]): Manifest {
    try {
      return parseFiles(path, files, options);
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      throw new UsageError(`Nothing was written, because ${error.report}`);
    }
  }
}

/** Where findings are listed already; else the file itself, or one of their own in the directory. */
function fileOfKnownFindings({ knownFindings, files }: Manifest, path: string, directory: string): string {
  const [listed] = files.filter(({ file }) => knownFindings.some((known) => known.file === file));
  if (listed !== undefined) return listed.file;
  return isDirectory(resolve(directory, path)) ? nameIn(path, "known-findings.yaml") : path;
}

function placeIn({ files }: Manifest, { file, line }: Located): string {
  return files.length === 1 ? `line ${line}` : `line ${line} of ${printable(file)}`;
}

/** Below an entry: since when it is known, or why that does not count any more. */
function acceptance({ kind, accepted, names }: AuditEntry, manifest: Manifest): string[] {
  if (accepted === undefined) return [];
  const { reason, until } = accepted;
  const place = placeIn(manifest, accepted);
  if (kind === "accepted") return [`    known until ${until}: ${printable(reason)}`];
  if (until < manifest.asOf) return [`    was known until ${until} (${place}): ${printable(reason)}`];
  const unknown = names.filter((each) => !accepted.names.includes(each)).map((each) => printable(each));
  return [`    ${place} knows it without ${unknown.join(", ")}`];
}

function report(entries: AuditEntry[], unmatched: KnownFinding[], manifest: Manifest, style: Style): string {
  const sections = AUDIT_KINDS.flatMap((kind) => {
    const lines = entries
      .filter((entry) => entry.kind === kind)
      .flatMap((entry) => [
        `- ${text(entry)}`,
        ...entry.names.map((name) => `    ${printable(name)}`),
        ...acceptance(entry, manifest),
        ...(isAlarming(entry) && entry.finding !== undefined
          ? [style.dim(`    finding: ${printable(entry.finding)}`)]
          : []),
      ]);
    return lines.length === 0 ? [] : [[style.bold(`${TITLES[kind]}:`), ...lines].join("\n")];
  });
  if (unmatched.length > 0) {
    const lines = unmatched.map((known) => `- ${printable(known.finding)} (${placeIn(manifest, known)})`);
    sections.push([style.bold("Known findings that no longer occur; delete the entries:"), ...lines].join("\n"));
  }
  const alarming = entries.filter(isAlarming).length;
  const summary = alarming === 0 ? "As declared" : `${plural(alarming, "thing")} to look at`;
  return [...sections, `${summary} (as of ${manifest.asOf}).`].join("\n\n");
}
