/** Rules about users: bound once, spelt in one way, one mail address, one uid. */
import { mailKey, mailProblems, userNameKey, userNameProblems } from "../../naming/PanelUser";
import { quoted } from "../../text/quoted";
import {
  type ClientEntry,
  clientTitle,
  hasEnded,
  type ManifestEntries,
  type Text,
  type UserEntry,
} from "../ManifestEntries";
import type { Roster } from "../Roster";
import { earlier, type RuleContext } from "./RuleContext";

export function checkUsers({ people, teams, clients }: ManifestEntries, roster: Roster, context: RuleContext): void {
  const members = teams.flatMap((team) => team.members).filter(({ text }) => roster.team(text) === undefined);
  checkBindings(clients, members, context);
  const users = clients.flatMap((client) => client.users);
  // Where there are people, an entry that says of a person what is theirs is refused for that.
  checkNewUsers(
    roster.hasRecords ? people.map(({ name, email }) => ({ name, createUser: email })) : users,
    clients,
    context,
  );
  if (!roster.hasRecords) checkExpectedUids(users, context);
  for (const client of clients) {
    for (const entry of client.nameless) {
      context.report(
        entry,
        "missingKey",
        "This entry of users names no person and no team. Write name: with a person, or team: with a team.",
      );
    }
    warnIfPersonIsMissing(client, roster, context);
  }
}

/** A person is bound to a client once, and spelt in one way. */
function checkBindings(clients: readonly ClientEntry[], members: readonly Text[], context: RuleContext): void {
  const spellings = new Map<string, Text>();
  for (const member of members) checkSpelling(member, spellings, context);
  for (const { users } of clients) {
    const bound = new Map<string, Text>();
    for (const { name } of users) {
      const problems = userNameProblems(name.text);
      context.reportAll(name, "invalidUserName", problems);
      if (problems.length > 0) continue;
      const twice = earlier(bound, userNameKey(name.text), name);
      if (twice === undefined) checkSpelling(name, spellings, context);
      else {
        context.report(
          name,
          "duplicateUser",
          `The user ${quoted(name.text)} is listed twice in this client, first on ${context.place(twice, name)}; capitals do not count. Delete one of the two.`,
        );
      }
    }
  }
}

function checkSpelling(name: Text, spellings: Map<string, Text>, context: RuleContext): void {
  const before = earlier(spellings, userNameKey(name.text), name);
  if (before === undefined || before.text === name.text) return;
  context.report(
    name,
    "userSpelledTwoWays",
    `${quoted(name.text)} and ${quoted(before.text)} on ${context.place(before, name)} are one user to Drupal. ` +
      "Write the name in both places as the panel shows it.",
    before,
  );
}

/** A user that is to be created has one mail address, and no other user or client has the same one. */
function checkNewUsers(
  users: readonly Pick<UserEntry, "name" | "createUser">[],
  clients: readonly ClientEntry[],
  context: RuleContext,
): void {
  const mails = new Map<string, Text>();
  const byMail = new Map<string, { mail: Text; name: Text }>();
  const clientMails = new Map(clients.flatMap(({ email }) => (email ? [[mailKey(email.text), email] as const] : [])));
  for (const { name, createUser } of users) {
    if (createUser === undefined) continue;
    const problems = mailProblems(createUser.text);
    context.reportAll(createUser, "invalidMail", problems);
    if (problems.length > 0) continue;

    const mail = mailKey(createUser.text);
    const other = earlier(mails, userNameKey(name.text), createUser);
    const sharing = earlier(byMail, mail, { mail: createUser, name });
    const client = clientMails.get(mail);
    if (other !== undefined && mailKey(other.text) !== mail) {
      context.report(
        createUser,
        "conflictingMails",
        `The user ${quoted(name.text)} would be made with ${quoted(createUser.text)} here and with ${quoted(other.text)} on ${context.place(other, createUser)}. ` +
          "Write one address, in one of the two places.",
        other,
      );
    } else if (sharing !== undefined && userNameKey(sharing.name.text) !== userNameKey(name.text)) {
      context.report(
        createUser,
        "sharedMail",
        `The users ${quoted(name.text)} and ${quoted(sharing.name.text)} on ${context.place(sharing.mail, createUser)} would be made with one mail address, which Drupal does not allow. ` +
          "Give each an address of its own.",
        sharing.mail,
      );
    } else if (client !== undefined) {
      context.report(
        createUser,
        "sharedMail",
        `${quoted(createUser.text)} is also the email of the client on ${context.place(client, createUser)}, and one of the two would find the address taken. ` +
          "Delete the client's email; the user listed here is enough.",
        client,
      );
    }
  }
}

/** A name means one person, so all entries that give a uid give the same one. */
function checkExpectedUids(users: readonly UserEntry[], context: RuleContext): void {
  const first = new Map<string, UserEntry>();
  for (const user of users) {
    if (user.expectedUid === undefined) continue;
    const other = earlier(first, userNameKey(user.name.text), user);
    if (other === undefined || other.expectedUid === user.expectedUid) continue;
    context.report(
      user.name,
      "conflictingUids",
      `The user ${quoted(user.name.text)} is expected to have uid ${user.expectedUid} here and uid ${other.expectedUid} on ${context.place(other.name, user.name)}. ` +
        "Write one number, in one of the two places.",
      other.name,
    );
  }
}

function warnIfPersonIsMissing(client: ClientEntry, roster: Roster, { asOf, warn }: RuleContext): void {
  const { keepPeople, email, users, teams } = client;
  if (keepPeople === undefined || email !== undefined) return;
  const stays = (key: string) => !hasEnded(roster.recordOf(key)?.ends, asOf);
  const named = users.filter(({ expires }) => !hasEnded(expires, asOf)).map(({ name }) => roster.keyOf(name.text));
  const listed = teams.filter(({ expires }) => !hasEnded(expires, asOf));
  const isKept =
    named.some(stays) || listed.some(({ team }) => [...roster.membersOf(team.text).people.keys()].some(stays));
  if (isKept) return;
  warn(
    keepPeople,
    "noPersonToKeep",
    `The ${clientTitle(client)} is to keep a person (keepPeople), but has none now. List one, or delete keepPeople.`,
  );
}
