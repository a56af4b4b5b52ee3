/** Who may act for a client until another day. */
import type { AccessClient, EffectiveAccess, Person } from "./EffectiveAccess";

/** Clients are given by their internal names after the change, days in UTC. */
export type EndAdvisory =
  | { kind: "end"; person: Person; client: string; from: string | undefined; to: string | undefined }
  /** All access of the person ends on another day. */
  | { kind: "personEnds"; person: Person; from: string | undefined; to: string | undefined }
  /** The client's entry of the team ends on another day. */
  | { kind: "teamEnds"; team: string; client: string; from: string | undefined; to: string | undefined };

/** Other ends of who may act for a client, each said of what has the end: the person, the entry of a team, or the binding. */
export function endAdvisories(
  before: EffectiveAccess,
  after: EffectiveAccess,
  had: AccessClient,
  has: AccessClient,
): EndAdvisory[] {
  const client = has.internalName;
  const found = new Map<string, EndAdvisory>();
  for (const [key, { person, expires: to, ended, ways = [] }] of has.bindings) {
    const earlier = had.bindings.get(key);
    if (!earlier || earlier.expires === to || ended || earlier.ended) continue;
    const from = earlier.expires;
    const [was, is] = [before.people.get(key)?.ends, after.people.get(key)?.ends];
    const [team] = ways.length === 1 && earlier.ways?.length === 1 ? ways.map((way) => way.team) : [];
    if (was !== is && (to === is || from === was)) {
      found.set(`person ${key}`, { kind: "personEnds", person, from: before.knowsTeams ? was : from, to: is });
    } else if (team !== undefined && team === earlier.ways?.[0]?.team && to === ways[0]?.expires) {
      found.set(`team ${team}`, { kind: "teamEnds", team, client, from: earlier.ways[0]?.expires, to });
    } else found.set(`binding ${key}`, { kind: "end", person, client, from, to });
  }
  return [...found.values()];
}
