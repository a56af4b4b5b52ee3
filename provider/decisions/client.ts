/**
 * What a deployment does with a client: one answer for the resource that carries it out, and for `plan`, which only shows
 * it. Nothing here asks a server or throws.
 */
import { canonicalName } from "../naming/SpelledName";
import type { ClientFacts } from "../worker/facts";

export interface DeclaredClient {
  name: string;
  onExisting?: "fail" | "adopt" | undefined;
}

/** What the state knows of a client. */
export interface RecordedClient {
  nid: number;
  name: string;
}

/** What the server has that matters for a client of one internal name. */
export interface LiveClient {
  /** The client of this internal name. */
  client: Pick<ClientFacts, "nid" | "name"> | null;
  /** Internal names of other clients whose shell account would have the same name. */
  sameShellName: readonly string[];
  /** The internal name that the recorded node has now; null if there is no such node any more. */
  recordedIsCalled?: string | null | undefined;
}

/**
 * - `create`: there is no such client
 * - `adopt`: it is as declared, and nothing is written
 * - `rename`: it gets the declared name
 * - `refuse`: a person has to decide which client is meant, or which name; nothing is written
 */
export type ClientDecision = { action: "create" | "adopt" | "rename" } | { action: "refuse"; why: ClientRefusal };

/**
 * - `sharedLogin`: it would be made, and its shell login would be that of another client
 * - `otherName`: it exists under another name
 * - `parted`: the recorded name and node no longer belong together
 * - `gone`: the recorded client is gone
 * - `changed`: it has a name that is neither the declared nor the recorded one
 */
export type ClientRefusal = "sharedLogin" | "otherName" | "parted" | "gone" | "changed";

/** @param recorded undefined if no state knows the client, as in `plan` */
export function decideClient(
  declared: DeclaredClient,
  { client, sameShellName, recordedIsCalled = null }: LiveClient,
  recorded: RecordedClient | undefined,
): ClientDecision {
  const adopts = declared.onExisting === "adopt";
  if (!recorded && !client) {
    return sameShellName.length > 0 ? { action: "refuse", why: "sharedLogin" } : { action: "create" };
  }
  const isKnown = recorded !== undefined && client?.nid === recorded.nid;
  if (recorded && !isKnown && !(client && adopts)) {
    return { action: "refuse", why: client || recordedIsCalled !== null ? "parted" : "gone" };
  }
  if (client?.name === declared.name) return { action: "adopt" };
  if (isKnown) {
    return client.name === canonicalName(recorded.name) ? { action: "rename" } : { action: "refuse", why: "changed" };
  }
  return adopts ? { action: "rename" } : { action: "refuse", why: "otherName" };
}
