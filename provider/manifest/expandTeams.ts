/** The people who may act for a client, each with every entry that says so: by name, or by a team. */
import { compareText } from "../text/order";
import type { ManifestWay } from "./Manifest";
import type { ClientEntry, Text, UserEntry } from "./ManifestEntries";
import type { Roster } from "./Roster";
import { placeOf } from "./SourceText";

export interface ExpandedUser {
  key: string;
  name: string;
  /** By name first, then by team. Those that have ended are left out, unless all have. */
  ways: [ManifestWay, ...ManifestWay[]];
  /** The last day; undefined if there is none. */
  expires: string | undefined;
  /** The last day is over. */
  ended: boolean;
  /** Of the way that lasts longest. */
  reason: string | undefined;
}

export function usersOf({ users, teams }: ClientEntry, roster: Roster, asOf: string): ExpandedUser[] {
  const found = new Map<string, { name: string; ways: ManifestWay[] }>();
  const add = (key: string, mention: Text, way: ManifestWay) => {
    const user = found.get(key) ?? { name: roster.recordOf(key)?.name.text ?? mention.text, ways: [] };
    user.ways.push(way);
    found.set(key, user);
  };
  for (const user of users) add(roster.keyOf(user.name.text), user.name, wayOf(user.name, undefined, user));
  for (const entry of [...teams].sort((one, other) => compareText(one.team.text, other.team.text))) {
    const way = wayOf(entry.team, entry.team.text, entry);
    for (const [key, mention] of roster.membersOf(entry.team.text).people) add(key, mention, way);
  }
  return Array.from(found, ([key, { name, ways }]) => {
    const lasting = ways.filter(({ expires }) => !isOver(expires, asOf));
    const shown = (lasting.length > 0 ? lasting : ways) as ExpandedUser["ways"];
    const { expires: last, reason } = shown.reduce((one, other) => (lastsLonger(other, one) ? other : one));
    const ends = roster.recordOf(key)?.ends?.text;
    const expires = ends !== undefined && (last === undefined || ends < last) ? ends : last;
    return { key, name, ways: shown, expires, ended: isOver(expires, asOf), reason };
  });
}

function wayOf(place: Text, team: string | undefined, { expires, reason }: Pick<UserEntry, "expires" | "reason">) {
  return { team, expires: expires?.text, reason: reason?.text, ...placeOf(place) };
}

function lastsLonger(one: ManifestWay, other: ManifestWay): boolean {
  return other.expires !== undefined && (one.expires === undefined || one.expires > other.expires);
}

function isOver(day: string | undefined, asOf: string): boolean {
  return day !== undefined && day < asOf;
}
