/** Rules about users: bound once, spelt in one way, one mail address, one uid; and how long their access lasts. */
import { mailKey, mailProblems, userNameKey, userNameProblems } from "../../naming/PanelUser";
import { quoted } from "../../text/quoted";
import { WARNED_DAYS } from "../Manifest";
import { type ClientEntry, clientTitle, hasEnded, type Text, type UserEntry } from "../ManifestEntries";
import { earlier, type RuleContext } from "./RuleContext";

export function checkUsers(clients: readonly ClientEntry[], context: RuleContext): void {
  const users = clients.flatMap((client) => client.users);
  checkBindings(clients, context);
  checkNewUsers(users, clients, context);
  checkExpectedUids(users, context);
  for (const client of clients) {
    for (const user of client.users) checkEnd(user, client, context);
    warnIfPersonIsMissing(client, context);
  }
}

/** A person is bound to a client once, and spelt in one way. */
function checkBindings(clients: readonly ClientEntry[], context: RuleContext): void {
  const spellings = new Map<string, Text>();
  for (const { users } of clients) {
    const bound = new Map<string, Text>();
    for (const { name } of users) {
      const problems = userNameProblems(name.text);
      context.reportAll(name, "invalidUserName", problems);
      if (problems.length > 0) continue;
      const twice = earlier(bound, userNameKey(name.text), name);
      const before = earlier(spellings, userNameKey(name.text), name);
      if (twice !== undefined) {
        context.report(
          name,
          "duplicateUser",
          `The user ${quoted(name.text)} is listed twice in this client, first on ${context.place(twice, name)}; capitals do not count. Delete one of the two.`,
        );
      } else if (before !== undefined && before.text !== name.text) {
        context.report(
          name,
          "userSpelledTwoWays",
          `${quoted(name.text)} and ${quoted(before.text)} on ${context.place(before, name)} are one user to Drupal. ` +
            "Write the name in both places as the panel shows it.",
          before,
        );
      }
    }
  }
}

/** A user that is to be created has one mail address, and no other user or client has the same one. */
function checkNewUsers(users: readonly UserEntry[], clients: readonly ClientEntry[], context: RuleContext): void {
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

function checkEnd({ name, expires, reason }: UserEntry, client: ClientEntry, context: RuleContext): void {
  context.checkReason(reason, "TICKET-12, relaunch");
  if (expires === undefined) return;
  const days = context.daysTo("expires", expires);
  if (days === undefined) return;
  const until = `${quoted(name.text)} ${days < 0 ? "could" : "can"} act for the ${clientTitle(client)} until ${expires.text}`;
  if (days < 0) {
    context.warn(expires, "expired", `${until}, and no longer. Delete the entry, or write a later day.`);
  } else if (days <= WARNED_DAYS) {
    const left = days === 0 ? "today is the last day" : days === 1 ? "1 day is left" : `${days} days are left`;
    context.warn(expires, "expiresSoon", `${until}: ${left}. Write a later day if the access is to stay.`);
  }
}

function warnIfPersonIsMissing(client: ClientEntry, { asOf, warn }: RuleContext): void {
  const { keepPeople, email, users } = client;
  if (keepPeople === undefined || email !== undefined) return;
  if (users.some(({ expires }) => !hasEnded(expires, asOf))) return;
  warn(
    keepPeople,
    "noPersonToKeep",
    `The ${clientTitle(client)} is to keep a person (keepPeople), but has none now. List one, or delete keepPeople.`,
  );
}
