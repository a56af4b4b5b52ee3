/**
 * What a live server holds besides clients with their sites and people: who reaches sites by another way, what hangs on
 * nothing, and what looks like access but is none. No manifest can say it, so a person has to know and decide.
 */
import { mailKey } from "../naming/PanelUser";
import { seesEverySite } from "../review/fromInventory";
import { by } from "../text/order";
import { enumerated, name, type Phrase, phrase, plural } from "../text/Phrase";
import type { Inventory } from "../worker/facts";
import { grouped } from "./declarable";

/** Something on the server to know or to decide. Clients are given by their internal names. */
export type InventoryFinding =
  /**
   * A site without the row of its current revision: Drupal shows it to all users who can log in
   * (docs/aegir.md#sites-without-owner).
   */
  | { kind: "damagedSite"; nid: number; title: string }
  | { kind: "damagedClient"; nid: number; title: string }
  | { kind: "danglingOwner"; site: string; ownerNid: number }
  | { kind: "orphanBinding"; uid: number; user: string | null; clientNid: number; client: string | null }
  | { kind: "noDefaultOwner"; nid: number }
  /** Sites of the default owner, which belong to no real client, and the users who are bound to it. */
  | { kind: "defaultOwned"; client: string; sites: string[]; users: string[] }
  | { kind: "administrators"; users: string[] }
  | { kind: "restriction"; platform: string; clients: string[] }
  | { kind: "sharedMail"; mail: string; users: string[] };

/** Findings that give or deny access by mistake, not by design, and need a repair. */
export const DEFECTS: readonly InventoryFinding["kind"][] = [
  "damagedSite",
  "damagedClient",
  "danglingOwner",
  "orphanBinding",
  "noDefaultOwner",
];

/** Defects first; within a kind in the order of names. */
export function findingsOf(inventory: Inventory): InventoryFinding[] {
  const { server, sites, users, platforms, orphanBindings, damaged } = inventory;
  const own = sites.filter(({ hostmaster }) => !hostmaster);
  const named = new Map(inventory.clients.map(({ nid, internalName }) => [nid, internalName]));
  const administrators = users.filter((user) => seesEverySite(user, inventory));
  const mails = grouped(
    users.filter(({ mail }) => mail !== ""),
    ({ mail }) => mailKey(mail),
  );
  return [
    ...damaged
      .map(({ nid, type, title }): InventoryFinding => ({
        kind: type === "site" ? "damagedSite" : "damagedClient",
        nid,
        title,
      }))
      .sort((left, right) => DEFECTS.indexOf(left.kind) - DEFECTS.indexOf(right.kind)),
    ...own
      .filter(({ owner }) => owner === null)
      .map(({ site, ownerNid }): InventoryFinding => ({ kind: "danglingOwner", site, ownerNid })),
    ...orphanBindings.map((orphan): InventoryFinding => ({ kind: "orphanBinding", ...orphan })),
    ...(server.defaultClient === null ? [{ kind: "noDefaultOwner", nid: server.defaultClientNid } as const] : []),
    ...defaultOwned(inventory),
    ...(administrators.length > 0 ? [{ kind: "administrators", users: namesOf(administrators) } as const] : []),
    ...platforms
      .filter(({ clients }) => clients.some((nid) => named.get(nid) !== server.adminClient?.internalName))
      .map(({ title, clients }): InventoryFinding => {
        const admitted = clients.map((nid) => named.get(nid) ?? `a client that is gone (node ${nid})`).sort();
        return { kind: "restriction", platform: title, clients: admitted };
      }),
    ...[...mails.entries()]
      .filter(([, sharing]) => sharing.length > 1)
      .map(([mail, sharing]) => ({ kind: "sharedMail" as const, mail, users: namesOf(sharing) }))
      .sort(by("mail")),
  ];
}

/** On a plain Aegir the admin client is the default owner, and its people are administrators. */
function defaultOwned(inventory: Inventory): InventoryFinding[] {
  const { clients, sites, server } = inventory;
  const client = clients.find(({ isDefault }) => isDefault);
  if (client === undefined) return [];
  const owned = sites.filter(({ hostmaster, ownerNid }) => !hostmaster && ownerNid === client.nid).sort(by("site"));
  const users = server.adminClient?.nid === client.nid ? [] : namesOf(client.users);
  if (owned.length + users.length === 0) return [];
  return [{ kind: "defaultOwned", client: client.internalName, sites: owned.map(({ site }) => site), users }];
}

function namesOf(users: { name: string }[]): string[] {
  return users.map(({ name }) => name).sort();
}

/** The same for the same finding at every look, so that a manifest can name it. */
export function findingId(finding: InventoryFinding): string {
  const { kind } = finding;
  switch (kind) {
    case "damagedSite":
      return `damaged-site:${finding.nid}`;
    case "damagedClient":
      return `damaged-client:${finding.nid}`;
    case "danglingOwner":
      return `dangling-owner:${finding.site}`;
    case "orphanBinding":
      return `orphan-binding:${finding.uid}:${finding.clientNid}`;
    case "noDefaultOwner":
      return "no-default-owner";
    case "defaultOwned":
      return `default-owned:${finding.client}`;
    case "administrators":
    case "restriction":
    case "sharedMail":
      return kind;
  }
}

/** What a finding means and what to do about it, in sentences, and the names that belong below them. */
export function findingText(finding: InventoryFinding): { says: Phrase; names: string[] } {
  const says = (words: Phrase, names: string[] = []) => ({ says: words, names });
  switch (finding.kind) {
    case "damagedSite":
      return says(
        phrase`The site ${name(finding.title)} (node ${finding.nid}) has lost its row in the database, and the panel shows it to all users. Delete the node, or restore its row.`,
      );
    case "damagedClient":
      return says(
        phrase`The client ${name(finding.title)} (node ${finding.nid}) has lost its row in the database. Delete the node, or restore its row.`,
      );
    case "danglingOwner":
      return says(
        phrase`The site ${name(finding.site)} belongs to node ${finding.ownerNid}, which is not a client (any more). Declare it at the client that it belongs to.`,
      );
    case "orphanBinding": {
      const { uid, user, clientNid, client } = finding;
      const who = user === null ? phrase`a user that is gone (uid ${uid})` : phrase`the user ${name(user)}`;
      const what =
        client === null ? phrase`a client that is gone (node ${clientNid})` : phrase`the client ${name(client)}`;
      return says(
        phrase`A binding joins ${who} and ${what}. It gives no access until that number is used again. Delete the row (hosting_client_user).`,
      );
    }
    case "noDefaultOwner":
      return says(
        phrase`The server has no default owner: hosting_default_client is ${finding.nid}, which is not a client. Removing a site from a client cannot work until it is set.`,
      );
    case "defaultOwned": {
      const { client, sites, users } = finding;
      const bound = enumerated(users.map(name));
      const who = users.length === 0 ? [] : phrase` ${bound} ${users.length === 1 ? "is" : "are"} bound to it.`;
      return says(
        phrase`${plural(sites.length, "site")} ${sites.length === 1 ? "belongs" : "belong"} to the server's default owner, ${name(client)}.${who} Declare each at its client, or at this one if it is to stay:`,
        sites,
      );
    }
    case "administrators":
      return says(phrase`Administrators see and manage every site, whatever is declared:`, finding.users);
    case "restriction":
      return says(
        phrase`The platform ${name(finding.platform)} takes sites of these clients alone, which is not declared here and does not follow a new internal name:`,
        finding.clients,
      );
    case "sharedMail":
      return says(
        phrase`Several users have the mail address ${name(finding.mail)}, so an ${name("email")} or ${name("createUser")} with it is refused. Give each an address of its own:`,
        finding.users,
      );
  }
}
