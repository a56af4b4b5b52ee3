/** Rules about teams: one name each, which no person has, and none in itself. */
import { userNameKey, userNameProblems } from "../../naming/PanelUser";
import { spellingProblems } from "../../naming/SpelledName";
import { quoted } from "../../text/quoted";
import { closest } from "../closest";
import { type ClientEntry, hasEnded, type ManifestEntries, type Text } from "../ManifestEntries";
import type { PersonEntry, TeamEntry } from "../PeopleEntries";
import { MOST_MEMBERSHIPS, type Roster } from "../Roster";
import { reportUnknownPerson } from "./peopleRules";
import { earlier, type RuleContext } from "./RuleContext";

/** A cycle that is longer is not shown in full. */
const SHOWN_STEPS = 20;

export function checkTeams({ people, teams, clients }: ManifestEntries, roster: Roster, context: RuleContext): void {
  checkTeamNames(people, teams, context);
  for (const team of teams) checkMembers(team, roster, context);
  for (const cycle of roster.cycles) reportCycle(cycle, context);
  for (const client of clients) checkTeamsOf(client, roster, context);
  if (roster.tooLarge !== undefined) {
    context.report(
      roster.tooLarge,
      "tooManyValues",
      `With this team there are more than ${MOST_MEMBERSHIPS} people in teams and clients, far more than a server has bindings. List fewer teams in teams and clients.`,
    );
  }
}

function checkTeamNames(people: readonly PersonEntry[], teams: readonly TeamEntry[], context: RuleContext): void {
  const persons = new Map(people.map(({ id }) => [userNameKey(id.text), id]));
  const names = new Map<string, Text>();
  for (const { name } of teams) {
    context.checkVisible("The name of a team", name, "web", 60);
    context.reportAll(name, "invalidText", spellingProblems(name.text, "The name of the team"));
    const [twice, person] = [earlier(names, userNameKey(name.text), name), persons.get(userNameKey(name.text))];
    if (twice !== undefined) {
      context.report(
        name,
        "duplicateTeam",
        `Two teams have the name ${quoted(name.text)}, the first on ${context.place(twice, name)}; capitals do not count. ` +
          "Join the two, or give one of them another name.",
        twice,
      );
    }
    if (person !== undefined) {
      context.report(
        name,
        "personAndTeam",
        `${quoted(name.text)} is a team here and a person on ${context.place(person, name)}; capitals do not count. ` +
          "Give one of them another name, here and wherever it is listed.",
        person,
      );
    }
  }
}

function checkMembers({ name, members }: TeamEntry, roster: Roster, context: RuleContext): void {
  const listed = new Map<string, Text>();
  for (const member of members) {
    const isTeam = roster.team(member.text) !== undefined;
    if (!isTeam && roster.person(member.text) === undefined) {
      context.reportAll(member, "invalidUserName", userNameProblems(member.text));
      if (roster.hasRecords) reportUnknownPerson(member, roster, context, roster.teamNames);
    }
    const twice = earlier(listed, isTeam ? `team ${member.text}` : `person ${roster.keyOf(member.text)}`, member);
    if (twice === undefined) continue;
    context.report(
      member,
      "duplicateMember",
      `${quoted(member.text)} is listed twice in the team ${quoted(name.text)}, first on ${context.place(twice, member)}. Delete one of the two.`,
    );
  }
  const { people } = roster.membersOf(name.text);
  if ([...people.keys()].some((key) => !hasEnded(roster.recordOf(key)?.ends, context.asOf))) return;
  const why = people.size === 0 ? "has no people" : "has no people any more";
  context.warn(
    name,
    "emptyTeam",
    `The team ${quoted(name.text)} ${why}, so its entries give no access. Add its people, or delete it.`,
  );
}

function reportCycle(cycle: readonly Text[], context: RuleContext): void {
  const last = cycle.at(-1)!;
  const steps = cycle.map(
    (entry, index) =>
      `${quoted(cycle.at(index - 1)!.text)} contains ${quoted(entry.text)} (${context.place(entry, last)})`,
  );
  const more = steps.length > SHOWN_STEPS ? [`${steps.length - SHOWN_STEPS} more steps`] : [];
  context.report(
    last,
    "teamInItself",
    `The team ${quoted(last.text)} contains itself: ${[...steps.slice(0, SHOWN_STEPS), ...more].join(", ")}. Delete one of these entries.`,
  );
}

/** The entries of a client's users that name teams. */
function checkTeamsOf(client: ClientEntry, roster: Roster, context: RuleContext): void {
  const listed = new Map<string, Text>();
  for (const { team, name, personal } of client.teams) {
    if (name !== undefined) {
      context.report(
        name,
        "invalidValue",
        `An entry of users names a person or a team, and this one names both. Write ${quoted(name.text)} in an entry of its own, or delete it.`,
      );
    }
    for (const field of personal) {
      context.report(
        field,
        "belongsToPerson",
        `${field.text} is about one person, and this entry names the team ${quoted(team.text)}. Write it at the person under people, and delete it here.`,
      );
    }
    if (roster.team(team.text) === undefined) reportUnknownTeam(team, roster, context);
    const twice = earlier(listed, team.text, team);
    if (twice === undefined) continue;
    context.report(
      team,
      "duplicateUser",
      `The team ${quoted(team.text)} is listed twice in this client, first on ${context.place(twice, team)}. Delete one of the two.`,
    );
  }
}

function reportUnknownTeam(team: Text, roster: Roster, context: RuleContext): void {
  const person = roster.person(team.text);
  const meant = closest(team.text, roster.teamNames);
  const advice =
    person !== undefined
      ? `That is a person: write ${quoted(team.text)} without team.`
      : meant !== undefined
        ? `Did you mean ${quoted(meant)}?`
        : `Add it under teams, for example ${quoted(team.text)}: [alice, bob].`;
  context.report(team, "unknownTeam", `There is no team ${quoted(team.text)} under teams. ${advice}`);
}
