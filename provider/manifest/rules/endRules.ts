/** Rules about ends: readers are warned of one that is near, and of one that is over. */
import { quoted } from "../../text/quoted";
import { WARNED_DAYS } from "../Manifest";
import {
  type ClientEntry,
  clientTitle,
  hasEnded,
  type ManifestEntries,
  type Text,
  type UserEntry,
} from "../ManifestEntries";
import type { Roster } from "../Roster";
import type { RuleContext } from "./RuleContext";

/** Each end is warned of once: that of a person or of a team's entry, and not that of everybody whom it concerns. */
export function checkEnds(
  { people, clients }: Pick<ManifestEntries, "people" | "clients">,
  roster: Roster,
  context: RuleContext,
): void {
  for (const { name, ends: day } of people) {
    if (day === undefined) continue;
    const access = `All access of ${quoted(name.text)}`;
    const over = `${access} ended on ${day.text}. Delete the person and what names them, or write a later day.`;
    checkEnd({ field: "ends", day, near: `${access} ends on ${day.text}`, over }, context);
  }
  for (const client of clients) {
    for (const { team, expires, reason } of client.teams) {
      context.checkReason(reason, REASON);
      if (expires !== undefined) checkEnd(endOf(`The team ${quoted(team.text)}`, expires, client), context);
    }
    for (const user of client.users) {
      context.checkReason(user.reason, REASON);
      if (user.expires !== undefined) checkUser(user, user.expires, client, roster, context);
    }
  }
}

const REASON = "TICKET-12, relaunch";

interface End {
  field: "ends" | "expires";
  day: Text;
  /** What ends on the day, as a sentence without its full stop; undefined if nothing does. */
  near: string | undefined;
  /** What has ended on it, as sentences; undefined if nothing has. */
  over: string | undefined;
}

function endOf(who: string, day: Text, client: ClientEntry): End {
  const act = `act for the ${clientTitle(client)} until ${day.text}`;
  const over = `${who} could ${act}, and no longer. Delete the entry, or write a later day.`;
  return { field: "expires", day, near: `${who} can ${act}`, over };
}

/** The access goes on with a team that may act for the client for longer, and ends before with the person. */
function checkUser(
  { name }: UserEntry,
  expires: Text,
  client: ClientEntry,
  roster: Roster,
  context: RuleContext,
): void {
  const end = endOf(quoted(name.text), expires, client);
  const key = roster.keyOf(name.text);
  const team = client.teams.find(
    (entry) => !hasEnded(entry.expires, expires.text) && roster.membersOf(entry.team.text).people.has(key),
  )?.team.text;
  if (hasEnded(roster.recordOf(key)?.ends, expires.text)) {
    checkEnd({ ...end, near: undefined, over: undefined }, context);
  } else if (team === undefined) checkEnd(end, context);
  else {
    const over = `This entry ended on ${expires.text}, and ${quoted(name.text)} can act for the ${clientTitle(client)} with the team ${quoted(team)}. Delete the entry.`;
    checkEnd({ ...end, near: undefined, over }, context);
  }
}

function checkEnd({ field, day, near, over }: End, context: RuleContext): void {
  const days = context.daysTo(field, day);
  if (days === undefined || days > WARNED_DAYS) return;
  if (days < 0) {
    if (over !== undefined) context.warn(day, "expired", over);
  } else if (near !== undefined) {
    const left = days === 0 ? "today is the last day" : days === 1 ? "1 day is left" : `${days} days are left`;
    context.warn(day, "expiresSoon", `${near}: ${left}. Write a later day if the access is to stay.`);
  }
}
