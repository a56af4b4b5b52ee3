/**
 * A live server compared with its manifest: what is not as declared, what gives access and is not declared, and what is
 * about to end.
 */
import type { ServerInventory } from "../aegir/AegirServer";
import { type KnownFinding, type Manifest, WARNED_DAYS } from "../manifest/Manifest";
import { daysBetween } from "../naming/Day";
import { mailKey, userNameKey } from "../naming/PanelUser";
import { shellAccountNameProblems } from "../naming/ShellAccountName";
import { normalizeDomain } from "../naming/SiteDomain";
import { name, type Phrase, phrase, plural } from "../text/Phrase";
import type { Inventory } from "../worker/facts";
import { DEFECTS, findingId, findingsOf, findingText } from "./findings";
import { keyDifference, type LoginKeys } from "./loginKeys";
import { endingPasswords, type LiveLogins } from "./passwords";
import { planOf } from "./Plan";
import { ruleFindings } from "./ruleFindings";
import { declaredSitesOf } from "./undeclared";
import { UNUSED, unusedAccess } from "./unused";

export interface AuditEntry {
  /**
   * - `drift`: declared, and not so on the server
   * - `undeclared`: gives access, and the manifest does not declare it
   * - `rule`: breaks a rule of the manifest, declared or not
   * - `defect`: damaged on the server
   * - `password`: a declared login whose password has ended or ends soon, or passwords that could not be looked at
   * - `unused`: may act for clients, declared or not, and has not used the panel for so many days
   * - `ends`: will end soon; nothing is wrong
   * - `accepted`: would alarm, and is listed in the manifest's knownFindings
   * - `known`: gives access by design of the server, such as administrators; no manifest can say it
   */
  kind: "drift" | "undeclared" | "rule" | "defect" | "password" | "unused" | "accepted" | "ends" | "known";
  /** The id by which knownFindings names it; undefined if it cannot be accepted. */
  finding: string | undefined;
  /** The resource's id, where there is one. */
  resource: string | undefined;
  says: Phrase;
  /** What belongs below the sentence. */
  names: string[];
  /** The entry of knownFindings that names it, ended or not. */
  accepted?: KnownFinding;
}

/** In the order of their urgency. */
export const AUDIT_KINDS = [
  "drift",
  "undeclared",
  "rule",
  "defect",
  "password",
  "unused",
  "accepted",
  "ends",
  "known",
] as const;

/**
 * A live server beside its manifest, and the knownFindings that match nothing any more.
 *
 * @param unusedDays how long the panel was not used by people to report; undefined: nobody is reported for that
 */
export function auditOf(
  manifest: Manifest,
  inventory: ServerInventory,
  logins: LiveLogins,
  unusedDays: number | undefined,
): { entries: AuditEntry[]; unmatched: KnownFinding[] } {
  const all = [
    ...found(manifest, inventory),
    ...passwords(manifest, logins),
    ...keysFound(manifest, logins),
    ...rules(manifest, inventory, logins),
    ...unused(inventory, unusedDays),
  ];
  const entries = all.map((entry) => accepted(entry, manifest));
  const unmatched = manifest.knownFindings
    .filter((known) => unusedDays !== undefined || !known.finding.startsWith(UNUSED))
    .filter((known) => !entries.some((entry) => entry.accepted === known));
  return { entries: inOrder(entries), unmatched };
}

/** A finding that the manifest knows does not alarm until it ends or lists another name. */
function accepted(entry: AuditEntry, { knownFindings, asOf }: Manifest): AuditEntry {
  const known = knownFindings.find(({ finding }) => finding === entry.finding);
  if (known === undefined) return entry;
  const holds = known.until >= asOf && entry.names.every((each) => known.names.includes(each));
  return { ...entry, accepted: known, kind: holds ? "accepted" : entry.kind };
}

function found(manifest: Manifest, inventory: Inventory): AuditEntry[] {
  const isDeclared = (client: string) => manifest.clients.some(({ internalName }) => internalName === client);
  const findings = findingsOf(inventory)
    .filter((finding) => finding.kind !== "defaultOwned" || !isDeclared(finding.client))
    .map((finding): AuditEntry => {
      const kind = DEFECTS.includes(finding.kind) ? "defect" : finding.kind === "defaultOwned" ? "undeclared" : "known";
      const id = kind === "known" ? undefined : findingId(finding);
      return { kind, finding: id, resource: undefined, ...findingText(finding) };
    });
  return [...drift(manifest, inventory), ...undeclared(manifest, inventory), ...ends(manifest), ...findings];
}

/** Of advice that is not followed, nothing has to be accepted. */
function rules(manifest: Manifest, inventory: Inventory, logins: LiveLogins): AuditEntry[] {
  return ruleFindings(manifest, inventory, logins).map(({ isAdvice, finding, ...entry }) => ({
    kind: isAdvice ? "known" : "rule",
    finding: isAdvice ? undefined : finding,
    ...entry,
  }));
}

function keysFound({ clients }: Manifest, { keys = new Map<string, LoginKeys>(), stack }: LiveLogins): AuditEntry[] {
  return [...keys].flatMap(([client, held]): AuditEntry[] => {
    const account = `account:${client}`;
    if (typeof held !== "string") {
      const says = phrase`The keys in the login of ${name(client)} could not be looked at: ${held.problem}`;
      return [{ kind: "defect", finding: undefined, resource: account, says, names: [] }];
    }
    const declared = clients.find(({ internalName }) => internalName === client);
    const { missing, left, foreign } = keyDifference(declared, held, stack);
    const listed = (names: string[], entryOf: () => AuditEntry) => (names.length > 0 ? [{ ...entryOf(), names }] : []);
    return [
      ...listed(missing, () =>
        entry(
          "drift",
          account,
          phrase`Declared keys are missing in the login of ${name(client)}; a deployment adds them:`,
        ),
      ),
      ...listed(left, () =>
        entry(
          "drift",
          account,
          declared?.shellAccount
            ? phrase`Keys of earlier deployments still open the login of ${name(client)}; a deployment removes them:`
            : phrase`Keys of earlier deployments still open the login of ${name(client)}, which is not declared. If the next deployment does not remove them, its state was lost: declare ${name("shellAccount: true")} at the client for one deployment, or remove their lines from .ssh/authorized_keys in the login's home:`,
        ),
      ),
      ...listed(foreign, () => ({
        ...undeclaredEntry(
          "undeclared",
          `keys:${client}`,
          phrase`Keys that no deployment ${stack === undefined ? "" : "of this stack "}has written open the login of ${name(client)}. Declare each at its person, or remove its line from .ssh/authorized_keys in the login's home:`,
        ),
        resource: account,
      })),
    ];
  });
}

function inOrder(entries: AuditEntry[]): AuditEntry[] {
  return entries
    .map((entry, index) => ({ entry, index }))
    .sort(
      (one, other) =>
        AUDIT_KINDS.indexOf(one.entry.kind) - AUDIT_KINDS.indexOf(other.entry.kind) || one.index - other.index,
    )
    .map(({ entry }) => entry);
}

/** True if a nightly job should alarm. */
export function isAlarming({ kind }: AuditEntry): boolean {
  return kind !== "accepted" && kind !== "ends" && kind !== "known";
}

function entry(kind: "drift" | "ends", resource: string, says: Phrase): AuditEntry {
  return { kind, finding: undefined, resource, says, names: [] };
}

/** @param how what is undeclared about the resource: the first part of the finding's id */
function undeclaredEntry(
  how: "undeclared" | "linked",
  resource: string,
  says: Phrase,
  names: string[] = [],
): AuditEntry {
  return { kind: "undeclared", finding: `${how}-${resource}`, resource, says, names };
}

/** What a deployment would do about it, before what it says. */
const WOULD = {
  adopt: "is as declared:",
  create: "is missing; a deployment makes it:",
  update: "is not as declared; a deployment changes it:",
  refuse: "is not as declared, and a deployment may refuse it:",
} as const;

function drift(manifest: Manifest, inventory: Inventory): AuditEntry[] {
  const steps = planOf(manifest, inventory).steps.filter(({ action }) => action !== "adopt");
  const users = new Map(inventory.users.map((user) => [userNameKey(user.name), user]));
  const expired = manifest.clients.flatMap(({ internalName, expired }) =>
    expired
      .filter((user) => users.get(userNameKey(user.name))?.clients.includes(internalName))
      .map((user) =>
        entry(
          "drift",
          `binding:${internalName}:${user.name}`,
          phrase`${name(user.name)} could act for ${name(internalName)} until ${user.expires!}, and ${plural(daysBetween(user.expires!, manifest.asOf), "day")} later still can: no deployment has taken it away. See when the last one ran, and why it failed. If it succeeded, its state does not know this binding: remove it in the panel.`,
        ),
      ),
  );
  return [
    ...steps.map(({ resource, says, action }) =>
      entry("drift", resource, phrase`${name(resource)} ${WOULD[action]} ${says}.`),
    ),
    ...expired,
  ];
}

function undeclared(manifest: Manifest, inventory: Inventory): AuditEntry[] {
  const declared = new Map(manifest.clients.map((client) => [client.internalName, client]));
  const declaredSites = declaredSitesOf(manifest, inventory);
  const links = inventory.sites
    .filter(({ hostmaster }) => !hostmaster)
    .flatMap(({ site, owner, links: found }) => {
      const others = found.filter(
        (directory) => directory !== owner?.internalName && shellAccountNameProblems(directory).length === 0,
      );
      return others.length === 0
        ? []
        : [
            undeclaredEntry(
              "linked",
              `site:${site}`,
              phrase`The files of ${name(site)} are linked for other clients than its owner, so that their shell logins reach them:`,
              others,
            ),
          ];
    });
  const clients = inventory.clients
    .filter(({ internalName, isDefault, isAdmin }) => declared.has(internalName) || !(isDefault || isAdmin))
    .flatMap((client): AuditEntry[] => {
      const { internalName } = client;
      const known = declared.get(internalName);
      if (!known) {
        const people = phrase`${plural(client.users.length, "person", "people")} and ${plural(client.sites.length, "site")}`;
        const names = [...client.users.map((user) => user.name), ...client.sites];
        return [
          undeclaredEntry(
            "undeclared",
            `client:${internalName}`,
            phrase`The client ${name(internalName)} is in no manifest, with ${people}${names.length > 0 ? ":" : "."}`,
            names,
          ),
        ];
      }
      const spoken = new Set([...known.users, ...known.expired].map((user) => userNameKey(user.name)));
      const people = client.users.filter(
        (user) =>
          !spoken.has(userNameKey(user.name)) &&
          (known.email === undefined || mailKey(known.email) !== mailKey(user.mail)),
      );
      const sites = client.sites.filter((site) => !declaredSites.has(normalizeDomain(site)));
      return [
        ...people.map((user) =>
          undeclaredEntry(
            "undeclared",
            `binding:${internalName}:${user.name}`,
            phrase`${name(user.name)} may act for ${name(internalName)}${user.active ? "" : " (but is blocked)"}, which the manifest does not say.`,
          ),
        ),
        ...sites.map((site) =>
          undeclaredEntry(
            "undeclared",
            `site:${site}`,
            phrase`${name(site)} belongs to ${name(internalName)}, which the manifest does not say.`,
          ),
        ),
      ];
    });
  return [...clients, ...links];
}

function passwords(manifest: Manifest, logins: LiveLogins): AuditEntry[] {
  const { problem } = logins;
  if (problem !== null) {
    const says = phrase`The passwords of the logins could not be looked at: ${problem}`;
    return [{ kind: "password", finding: undefined, resource: undefined, says, names: [] }];
  }
  return endingPasswords(manifest, logins).map(({ resource, says }) => {
    return { kind: "password", finding: `password-${resource}`, resource, says, names: [] };
  });
}

function unused(inventory: ServerInventory, days: number | undefined): AuditEntry[] {
  if (days === undefined) return [];
  return unusedAccess(inventory, days).map(({ finding, says, clients }) => {
    return { kind: "unused", finding, resource: undefined, says, names: clients };
  });
}

function ends({ clients, asOf }: Manifest): AuditEntry[] {
  return clients.flatMap(({ internalName, users }) =>
    users.flatMap((user) => {
      const days = user.expires === undefined ? Infinity : daysBetween(asOf, user.expires);
      if (days > WARNED_DAYS) return [];
      const left = days === 0 ? "today is the last day" : `${plural(days, "day")} left`;
      return [
        entry(
          "ends",
          `binding:${internalName}:${user.name}`,
          phrase`${name(user.name)} may act for ${name(internalName)} until ${user.expires ?? ""}: ${left}.`,
        ),
      ];
    }),
  );
}
