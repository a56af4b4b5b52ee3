/** A client's internal name is a claim, the number of its node is the client: what follows where the two have parted. */
import { capitalized } from "../text/capitalized";
import { AegirError } from "./AegirError";

/** A client as the state knows it. */
export interface KnownClient {
  internalName: string;
  nid: number;
}

/** What a look found if recorded internal name and node no longer belong together. Null where there is none. */
export interface ClientChange {
  /** The internal name of the recorded node now. */
  internalName: string | null;
  /** The node that has the recorded internal name now. */
  nid: number | null;
}

/** Undefined if name and number still belong together, or if there is neither any more. */
export function clientChange(
  { internalName, nid }: KnownClient,
  clients: readonly KnownClient[],
): ClientChange | undefined {
  const named = clients.find((client) => client.internalName === internalName);
  const known = clients.find((client) => client.nid === nid);
  return named === known ? undefined : { internalName: known?.internalName ?? null, nid: named?.nid ?? null };
}

/** What happened to a client: a clause without its subject. */
export function partedClient({ internalName, nid }: KnownClient, found: ClientChange): string {
  const known = found.internalName === null ? "no longer exists" : `is called ${found.internalName} now`;
  const bearer = found.nid === null ? "no client is" : `node ${found.nid} is`;
  return `was node ${nid}, which ${known}; ${bearer} called ${internalName} now`;
}

/** Refuses to give anything to a client of the recorded name that may be another one. */
export function otherClient(server: string, known: KnownClient, found: ClientChange): AegirError {
  const ways = [
    ...(found.internalName === null ? [] : [`declare the client ${found.internalName} to keep to that one`]),
    ...(found.nid === null
      ? []
      : [
          `to mean the one that is called ${known.internalName} now, set onExisting: "adopt" on its AegirClient and run ` +
            "`pulumi up --refresh`; without an AegirClient, remove this resource, run `pulumi up`, and declare it again",
        ]),
  ].join("; or ");
  return clientParted(server, known, found, ways);
}

/** Refuses to guess which client is meant. `ways`: how a person says it. */
export function clientParted(
  server: string,
  { internalName, nid }: KnownClient,
  found: ClientChange,
  ways: string,
): AegirError {
  return new AegirError({
    code: "changedMeanwhile",
    what: `the client ${internalName} ${partedClient({ internalName, nid }, found)}`,
    server,
    outcome: "notDone",
    next: capitalized(ways),
    detail: { expected: { internalName, nid }, found },
  });
}
