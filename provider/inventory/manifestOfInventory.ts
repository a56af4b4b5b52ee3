/**
 * A live server as a manifest: everything that can be declared so that deploying it writes nothing, with comments where a
 * person has to decide. The same server gives the same bytes.
 */
import { name, type Phrase, phrase, rendered } from "../text/Phrase";
import { quoted } from "../text/quoted";
import { wrap } from "../text/wrap";
import { yamlScalar } from "../text/yamlScalar";
import type { Inventory } from "../worker/facts";
import { type LiveClient, liveClients, type LiveSite, type LiveUser } from "./declarable";
import { findingsOf, findingText } from "./findings";
import type { UnusedAccess } from "./unused";

/** Begins every comment that needs a decision, so that `grep decide:` finds them all. */
export const DECIDE = "decide:";

/** Characters of a comment on a line. */
const WIDTH = 110;

const HEADER = [
  "# yaml-language-server: $schema=node_modules/pulumi-aegir/dist/manifest/access.schema.json",
  "#",
  "# Who may reach which site, as found on the server. Deploying this file changes nothing there.",
  `# A comment that begins with "${DECIDE}" marks a decision for you. Those about the whole server are at the end.`,
];

/**
 * @param server the configured server's name, where a stack has several
 * @param hasAccounts whether the configuration has shell accounts for the server
 * @param unused people to mark for a decision
 */
export function manifestOfInventory(
  inventory: Inventory,
  server?: string,
  hasAccounts = false,
  unused: readonly UnusedAccess[] = [],
): string {
  const clients = liveClients(inventory, hasAccounts, unused);
  const declared = clients.some(({ problems }) => problems.length === 0);
  return [
    ...HEADER,
    "version: 1",
    ...(server === undefined ? [] : [`server: ${yamlScalar(server)}`]),
    declared ? "clients:" : "clients: []",
    ...clients.flatMap((client, index) =>
      clientLines(client)
        .slice(index === 0 ? 1 : 0)
        .map((line) => (line === "" ? line : `  ${line}`)),
    ),
    ...serverLines(inventory),
    "",
  ].join("\n");
}

function clientLines(client: LiveClient): string[] {
  const { name: title, internalName, sites, users, problems, remarks } = client;
  const lines = [
    `- name: ${yamlScalar(title)}${remarks.length > 0 ? ` # ${DECIDE} ${remarks.join("; ")}` : ""}`,
    `  internalName: ${yamlScalar(internalName)}`,
    ...list("sites", sites, ({ site }) => site),
    ...list("users", users, (user) => user.name),
  ];
  if (problems.length === 0) return ["", ...lines];
  const says = phrase`The client ${name(internalName)} cannot be declared as it is. ${problems.join(" ")}`;
  return ["", ...decide(says), ...lines.map(commented)];
}

/** A list of a client; as a comment, if nothing in it can be declared. */
function list<T extends LiveSite | LiveUser>(field: string, entries: T[], nameOf: (entry: T) => string): string[] {
  if (entries.length === 0) return [];
  const lines = entries.flatMap((entry) => {
    const item = `- ${yamlScalar(nameOf(entry))}`;
    if (entry.problems.length > 0) {
      return [...decide(phrase`${name(nameOf(entry))} is not declared. ${entry.problems.join(" ")}`), commented(item)];
    }
    const remarks = "remarks" in entry ? entry.remarks : [];
    return [remarks.length > 0 ? `${item} # ${DECIDE} ${remarks.join("; ")}` : item];
  });
  const head = `${field}:`;
  const empty = entries.every(({ problems }) => problems.length > 0);
  return [`  ${empty ? commented(head) : head}`, ...lines.map((line) => `    ${line}`)];
}

/** What concerns no declared client. */
function serverLines(inventory: Inventory): string[] {
  return findingsOf(inventory).flatMap((finding) => {
    const { says, names } = findingText(finding);
    return ["", ...decide(says), ...names.map((each) => `#   ${quoted(each)}`)];
  });
}

function decide(says: Phrase): string[] {
  return wrap(`${DECIDE} ${rendered(says, quoted)}`, WIDTH).map((line) => `# ${line}`);
}

function commented(line: string): string {
  return line.startsWith("#") ? line : `# ${line}`;
}
