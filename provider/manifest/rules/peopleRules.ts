/** Rules about the records of people: each panel user has one, and where there are any, names refer to them. */
import { userNameKey, userNameProblems } from "../../naming/PanelUser";
import { quoted } from "../../text/quoted";
import { closest } from "../closest";
import type { ClientEntry, Text } from "../ManifestEntries";
import type { PersonEntry } from "../PeopleEntries";
import type { Roster } from "../Roster";
import { earlier, type RuleContext } from "./RuleContext";

export function checkPeople(people: readonly PersonEntry[], context: RuleContext): void {
  const ids = new Map<string, Text>();
  const names = new Map<string, Text>();
  for (const { id, name, email, welcomeMail, owner } of people) {
    context.reportAll(id, "invalidUserName", userNameProblems(id.text));
    if (name !== id) context.reportAll(name, "invalidUserName", userNameProblems(name.text));
    const same = earlier(ids, userNameKey(id.text), id) ?? earlier(names, userNameKey(name.text), name);
    if (same !== undefined) {
      context.report(
        name,
        "duplicatePerson",
        `${quoted(name.text)} and ${quoted(same.text)} on ${context.place(same, name)} are one person; capitals do not count. ` +
          "Join the two records, or write each with the name that the panel shows.",
        same,
      );
    }
    if (welcomeMail !== undefined && email === undefined) {
      const advice = "Add email, or delete welcomeMail.";
      context.report(welcomeMail, "missingKey", `welcomeMail needs an email in this person. ${advice}`);
    }
    if (owner !== undefined) context.checkVisible("owner", owner, "alice", 200);
  }
}

/** Where people have records, a client names nobody else. */
export function checkNames(clients: readonly ClientEntry[], roster: Roster, context: RuleContext): void {
  for (const { name, personal } of clients.flatMap(({ users }) => users)) {
    const record = roster.person(name.text);
    const team = roster.team(name.text);
    if (record !== undefined) {
      for (const field of personal) {
        const holder = `the person ${quoted(name.text)} on ${context.place(record.id, field)}`;
        const instead = field.text === "createUser" ? "email" : field.text;
        context.report(
          field,
          "belongsToPerson",
          `${field.text} holds for the person everywhere. Write ${instead} at ${holder}, and delete it here.`,
        );
      }
    } else if (team !== undefined) {
      context.report(
        name,
        "personAndTeam",
        `${quoted(name.text)} is a team, on ${context.place(team.name, name)}. Write { team: ${name.text} } for all of it, or ` +
          "give the team another name if a person is meant.",
      );
    } else if (roster.hasRecords) reportUnknownPerson(name, roster, context);
  }
}

export function reportUnknownPerson(
  name: Text,
  roster: Roster,
  context: RuleContext,
  others: readonly string[] = [],
): void {
  // Which is reported wherever it stands.
  if (userNameProblems(name.text).length > 0) return;
  const known = roster.recordOf(roster.keyOf(name.text))?.id.text;
  const meant = known ?? closest(name.text, [...roster.ids, ...others]);
  context.report(
    name,
    "unknownPerson",
    `There is no ${quoted(name.text)} under people. ${meant === undefined ? "" : `Did you mean ${quoted(meant)}? `}` +
      `A new person needs a line there, for example ${quoted(name.text)}: { email: them@acme.example }.`,
  );
}
