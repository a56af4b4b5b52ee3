/**
 * What this provider process has learned of clients and people by number, from a refresh or from the state. Names are
 * claims: where one has passed to another client or person, what is new must not follow it.
 */
import type { KnownClient } from "../aegir/ClientNumber";
import { configurationOf, serverFor } from "../aegir/servers";
import type { NameChange } from "../aegir/UserNumber";
import { userNameKey } from "../naming/PanelUser";
import { identityOn, isDeclared } from "./uniqueIdentities";
import { isKnown } from "./values";

/** A person that the state knows under a name, which belongs to another one now. */
export interface PartedUser {
  uid: number;
  change: NameChange;
}

const refreshed = new Set<string>();
/** What a refresh found of a user's name that another person has now. */
const partedUsers = new Map<string, PartedUser>();
/** Which node the AegirClient of an internal name is, by server and internal name. */
const clientNids = new Map<string, number>();
/** Which node a refresh missed under an internal name that another client has now. */
const partedClients = new Map<string, number>();

export function noteRead(server: string, id: string): void {
  refreshed.add(identityOn(server, id));
}

/**
 * Pulumi asks for a difference at the end of a refresh as well, from what was read to what the state declared. Nothing of
 * that will be done: what the program declares now is not known before its check.
 */
export function isRefresh(server: string | undefined, id: string): boolean {
  if (refreshed.size === 0) return false;
  const { name } = serverFor(server);
  return refreshed.has(identityOn(name, id)) && !isDeclared(name, id);
}

const clientKey = (server: string, internalName: string): string => identityOn(server, `client:${internalName}`);

/**
 * Which client is meant by an internal name is decided at one place, the AegirClient, where `onExisting: "adopt"` can say
 * it. Bindings and sites follow it: Pulumi deploys it before what is linked to its `internalName`.
 */
export function noteClientNid(server: string, internalName: string, nid: number): void {
  // A difference is also asked for where nothing can be done.
  if (configurationOf(server)) clientNids.set(clientKey(server, internalName), nid);
}

/** Undefined if this process has heard of no AegirClient of this internal name. */
export function clientNidOf(server: string, internalName: string): number | undefined {
  if (!isKnown([server, internalName]) || !configurationOf(server)) return undefined;
  return clientNids.get(clientKey(server, internalName));
}

/** By the refresh, or by a difference, for an update in another provider process than its refresh. */
export function notePartedClient(server: string, { internalName, nid }: KnownClient): void {
  if (configurationOf(server)) partedClients.set(clientKey(server, internalName), nid);
}

/** Which node is to be given something that is new, and so has no number of its own yet; undefined if any is good. */
export function expectedClientNid(server: string, internalName: string): number | undefined {
  return clientNidOf(server, internalName) ?? partedClients.get(clientKey(server, internalName));
}

const userKey = (server: string, user: string): string => identityOn(server, `user:${userNameKey(user)}`);

/** As `notePartedClient`. */
export function notePartedUser(server: string, user: string, uid: number, change: NameChange): void {
  if (configurationOf(server)) partedUsers.set(userKey(server, user), { uid, change });
}

export function partedUser(server: string, user: string): PartedUser | undefined {
  return partedUsers.get(userKey(server, user));
}

/** For tests that play several operations in one process. */
export function forgetNumbers(): void {
  refreshed.clear();
  partedUsers.clear();
  clientNids.clear();
  partedClients.clear();
}
