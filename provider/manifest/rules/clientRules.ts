/** Rules about clients: names, internal names and logins are unique, and a former name belongs to one client. */
import { clientNameKey, clientNameProblems } from "../../naming/ClientName";
import { deriveInternalName, internalNameProblems, isInternalName } from "../../naming/InternalName";
import { mailProblems } from "../../naming/PanelUser";
import { everyDaysProblems, PASSWORD_DAYS, windowProblems } from "../../naming/RotationByAge";
import { reducedName, shellAccountName, shellAccountNameProblems } from "../../naming/ShellAccountName";
import { rawName } from "../../naming/SpelledName";
import { quoted } from "../../text/quoted";
import { type ClientEntry, clientTitle, type Text } from "../ManifestEntries";
import { earlier, type RuleContext } from "./RuleContext";

export function checkClients(clients: readonly ClientEntry[], context: RuleContext): void {
  checkNames(clients, context);
  checkInternalNames(clients, context);
  checkShellAccounts(clients, context);
  checkRenames(clients, context);
}

function checkNames(clients: readonly ClientEntry[], context: RuleContext): void {
  const byName = new Map<string, Text>();
  for (const { name, email, welcomeMail } of clients) {
    if (email !== undefined) context.reportAll(email, "invalidMail", mailProblems(email.text));
    else if (welcomeMail !== undefined) {
      context.report(
        welcomeMail,
        "missingKey",
        "welcomeMail needs an email in this client. Add email, or delete welcomeMail.",
      );
    }
    if (name === undefined) continue;
    context.reportAll(name, "invalidClientName", clientNameProblems(name.text));
    const first = earlier(byName, clientNameKey(name.text), name);
    if (first === undefined) continue;
    context.report(
      name,
      "duplicateClient",
      `Two clients have the name ${quoted(name.text)}, the first on ${context.place(first, name)}; capitals do not count. ` +
        "Give one of them another name, or join the two.",
      first,
    );
  }
}

/** Two clients share neither an internal name nor the login that BOA makes of it. */
function checkInternalNames(clients: readonly ClientEntry[], context: RuleContext): void {
  const { clientPrefix, instance = "" } = context.naming;
  const byInternalName = new Map<string, Text>();
  const byLogin = new Map<string, Text>();
  for (const { internalName } of clients) {
    if (internalName === undefined) continue;
    const problems = internalNameProblems(internalName.text, clientPrefix, context.shellLogins === true);
    context.reportAll(internalName, "invalidInternalName", problems);
    if (problems.length > 0) continue;
    if (context.shellLogins === undefined) warnOfMissingLogin(internalName, context);

    const same = earlier(byInternalName, internalName.text, internalName);
    const sameLogin = earlier(byLogin, reducedName(internalName.text), internalName);
    if (same !== undefined) {
      context.report(
        internalName,
        "duplicateInternalName",
        `The client on ${context.place(same, internalName)} already has the internal name ${quoted(internalName.text)}. ` +
          "Write another internalName, or join the two clients.",
        same,
      );
    } else if (sameLogin !== undefined) {
      const login = shellAccountName(instance, internalName.text);
      context.report(
        internalName,
        "duplicateLogin",
        `The internal name ${quoted(internalName.text)} gives the same login ${quoted(login)} as ${quoted(sameLogin.text)} on ${context.place(sameLogin, internalName)}, ` +
          "because logins have no underscores: each client's people would reach the other's files. Write another internalName.",
        sameLogin,
      );
    }
  }
  for (const { name, lacksInternalName } of clients) {
    if (lacksInternalName && name !== undefined) reportMissingInternalName(name, byLogin, context);
  }
}

function warnOfMissingLogin(internalName: Text, context: RuleContext): void {
  for (const problem of shellAccountNameProblems(internalName.text)) {
    context.warn(
      internalName,
      "noShellLogin",
      `${problem} Where BOA hosts the sites, this is refused. Give --stack or --config, and it is known.`,
    );
  }
}

/** No internal name is derived silently: a new title would mean another client, and its people would lose their access. */
function reportMissingInternalName(name: Text, byLogin: Map<string, Text>, context: RuleContext): void {
  const { clientPrefix } = context.naming;
  const derived = deriveInternalName(rawName(name.text), clientPrefix);
  const problems = internalNameProblems(derived, clientPrefix, context.shellLogins !== false);
  const taken = problems.length === 0 ? earlier(byLogin, reducedName(derived), name) : undefined;
  if (taken !== undefined) {
    problems.push(`The client on ${context.place(taken, name)} would share the login with ${quoted(derived)}.`);
  }
  context.report(
    name,
    "missingKey",
    problems.length === 0
      ? `internalName is missing in this client. Write the line internalName: ${derived}, or the one that the panel shows if the client exists already.`
      : `internalName is missing in this client, and the name ${quoted(name.text)} gives no usable one. ${problems.join(" ")} ` +
          "Choose one, and write it in a line internalName: of this client.",
    taken,
  );
}

function checkShellAccounts(clients: readonly ClientEntry[], context: RuleContext): void {
  for (const client of clients) {
    if (client.shellAccount === undefined) continue;
    const { key, rotation, rotationByAge } = client.shellAccount;
    if (!client.mayOwnSites) {
      context.report(
        key,
        "loginWithoutSites",
        `The ${clientTitle(client)} owns no site here, and BOA makes a login only for a client that owns one: the deployment would wait in vain. ` +
          "Add the client's sites, or delete shellAccount.",
      );
    }
    if (rotation !== undefined) context.checkVisible("rotation", rotation, "2026-07");
    if (rotationByAge === undefined) continue;
    const { span, everyDays, window } = rotationByAge;
    const { instance, passwordDays = PASSWORD_DAYS } = context.naming;
    if (instance !== undefined) context.reportAll(span, "invalidRotation", everyDaysProblems(everyDays, passwordDays));
    if (window !== undefined) context.reportAll(window, "invalidRotation", windowProblems(window.text));
  }
}

/** A former name belongs to one client, and to none that is declared. */
function checkRenames(clients: readonly ClientEntry[], context: RuleContext): void {
  const declared = new Map(clients.flatMap(({ internalName: it }) => (it ? [[it.text, it] as const] : [])));
  const renamed = new Map<string, Text>();
  for (const { renamedFrom, internalName } of clients) {
    if (renamedFrom === undefined) continue;
    const present = declared.get(renamedFrom.text);
    const twice = earlier(renamed, renamedFrom.text, renamedFrom);
    if (renamedFrom.text === internalName?.text) {
      context.report(
        renamedFrom,
        "renamedToItself",
        "renamedFrom is this client's present internal name. Write the former one, or delete it.",
      );
    } else if (present !== undefined) {
      context.report(
        renamedFrom,
        "formerNameInUse",
        `renamedFrom names ${quoted(renamedFrom.text)}, which the client on ${context.place(present, renamedFrom)} still is. ` +
          "One client cannot become two: delete renamedFrom, or that client.",
        present,
      );
    } else if (twice !== undefined) {
      context.report(
        renamedFrom,
        "duplicateFormerName",
        `renamedFrom names ${quoted(renamedFrom.text)}, and so does the client on ${context.place(twice, renamedFrom)}. ` +
          "One client cannot become two: delete one of the two lines.",
        twice,
      );
    } else if (!isInternalName(renamedFrom.text)) {
      context.report(
        renamedFrom,
        "invalidInternalName",
        `renamedFrom must be an internal name, but is ${quoted(renamedFrom.text)}. Write at most 16 characters of a-z, 0-9 and _, as the panel showed it.`,
      );
    }
  }
}
