import { describeKey } from "../naming/AuthorizedKey";
import { ADVICE, brokenText } from "../rules/brokenText";
import { capitalizedPhrase, enumerated, name, type Phrase, phrase } from "../text/Phrase";
import type { Advisory } from "./Advisory";
import type { AccessKey, Declaration, Person, Release } from "./EffectiveAccess";
import { lastUseText } from "./lastUse";
import { SHOWN_PEOPLE, type SubjectText } from "./SubjectText";

const SHOWN_RULES = 5;

export function advisoryText(advisory: Advisory, subjects: SubjectText): Phrase {
  switch (advisory.kind) {
    case "approval":
      return phrase`Needs the approval of ${enumerated(advisory.owners.map(name), Infinity, "or")} for ${enumerated(
        [...advisory.clients.map((client) => subjects.client(client)), ...advisory.others.map(declarationText)],
        SHOWN_OWNED,
      )}.`;
    case "cannotRemove":
      return phrase`${subjects.client(advisory.client)} is removed here, but ${subjects.sites(advisory.sites)} ${advisory.sites.length === 1 ? "is" : "are"} to stay with it (${name("onDestroy: leave")}): Aegir does not delete a client that owns sites, so the deployment will fail. Move the sites first.`;
    case "releases":
      return phrase`${subjects.client(advisory.client)} is deleted together with what the manifest does not declare of it: ${advisory.what.map((release) => RELEASED[release]).join("; ")}.`;
    case "unprotected":
      return advisory.site === undefined
        ? phrase`${subjects.client(advisory.client)} is no longer protected.`
        : phrase`${name(advisory.site)} of ${subjects.client(advisory.client)} is no longer protected.`;
    case "keepsNobody":
      return phrase`${subjects.client(advisory.client)} may lose its last person from now on (${name("keepPeople")} is gone).`;
    case "limits":
    case "gainLimits": {
      const limit = advisory.kind === "limits" ? "removal limit" : "gain limit";
      return phrase`The ${limit} changes from ${limitText(advisory.from)} to ${limitText(advisory.to)}. The new limit applies from the next change on.`;
    }
    case "rules": {
      const { removed, changed, added } = advisory;
      const said = (rules: string[], verb: string): Phrase[] =>
        rules.length === 0 ? [] : [phrase`${ruleNames(rules)} ${rules.length === 1 ? "is" : "are"} ${verb}`];
      const all = [...said(removed, "removed"), ...said(changed, "changed"), ...said(added, "added")];
      return phrase`${capitalizedPhrase(enumerated(all))}. The rules from before this change still apply to it.`;
    }
    case "advice":
      return phrase`${brokenText(advisory.broken)} ${ADVICE}`;
    case "ruledTeam": {
      const { team, joined, left } = advisory;
      const moves = [
        ...(left.length > 0 ? [phrase`loses ${enumerated(left.map(name), SHOWN_PEOPLE)}`] : []),
        ...(joined.length > 0 ? [phrase`gains ${enumerated(joined.map(name), SHOWN_PEOPLE)}`] : []),
      ];
      return phrase`The team ${name(team)} of ${ruleNames(advisory.rules)} ${enumerated(moves)}.`;
    }
    case "noLongerExternal":
      return phrase`${capitalizedPhrase(ruleNames(advisory.rules))} no longer ${advisory.rules.length === 1 ? "applies" : "apply"} to ${enumerated(advisory.names.map(name), SHOWN_PEOPLE)} from the next change on: no longer marked ${name("external")}.`;
    case "handedOver":
      return phrase`A handover of ${subjects.sites(advisory.sites)} takes neither user 1 of the Drupal site nor downloaded backups from the former client, nor an SSL certificate that other sites of that client use: see handing-over-a-site.md.`;
    case "gone":
      return phrase`Left with no site: ${subjects.people(advisory.people)}.`;
    case "new":
      return phrase`Had no site before: ${subjects.people(advisory.people)}.`;
    case "lastUse":
      return phrase`As of ${advisory.asOf}, ${lastUses(advisory.people, subjects)}.`;
    case "wide":
      return phrase`${capitalizedPhrase(subjects.person(advisory.person))} would reach ${advisory.sites} of all ${advisory.of} sites.`;
    case "rotated":
      return phrase`${capitalizedPhrase(subjects.login(advisory.client))} gets a new password${advisory.people.length > 0 ? phrase`, because ${subjects.people(advisory.people)} ${advisory.people.length === 1 ? "leaves" : "leave"} the client (${name("rotateOnLeave")})` : ""}. Its home directory and SSH keys are lost${advisory.putBack ? ", and the keys of the manifest are put back" : ""}.`;
    case "rotatedByAge":
      return phrase`${capitalizedPhrase(subjects.login(advisory.client))} gets a new password whenever its password is ${advisory.everyDays} days old. Its home directory and SSH keys are lost each time.`;
    case "mayKnowPassword":
      return phrase`${capitalizedPhrase(subjects.people(advisory.people))} may know the password of ${subjects.login(advisory.client)}, which keeps working. Rotate it: change ${name("rotation")} at the client, or write ${name("rotateOnLeave: true")} before people leave.`;
    case "keysRemoved":
      return phrase`${capitalizedPhrase(subjects.person(advisory.person))} can no longer use ${subjects.login(advisory.client)} with ${keys(advisory.keys)}.`;
    case "keysAdded":
      return phrase`${capitalizedPhrase(subjects.person(advisory.person))} can use ${subjects.login(advisory.client)} with ${keys(advisory.keys)}.`;
    case "loginKeysRemoved":
      return phrase`${capitalizedPhrase(subjects.login(advisory.client))} can no longer be used with ${keys(advisory.keys)}.`;
    case "loginKeysAdded":
      return phrase`${capitalizedPhrase(subjects.login(advisory.client))} can be used with ${keys(advisory.keys)}.`;
    case "passwordRead":
      return phrase`The password of ${subjects.login(advisory.client)} will be among the stack's (secret) outputs.`;
    case "made":
      return phrase`The panel user ${advisory.person.by === "mail" ? phrase`with ${name(advisory.person.name)}` : name(advisory.person.name)} is created if there is none${advisory.person.by === "name" && advisory.person.createdAs !== undefined ? phrase`, with the address ${name(advisory.person.createdAs)}` : ""}${advisory.person.welcomed ? ", and Aegir mails the login and the password there" : ""}.`;
    case "end":
      return phrase`${capitalizedPhrase(subjects.person(advisory.person))} may act for ${subjects.client(advisory.client)} until ${ends(advisory)}.`;
    case "teamEnds":
      return phrase`The team ${name(advisory.team)} may act for ${subjects.client(advisory.client)} until ${ends(advisory)}.`;
    case "personEnds":
      return phrase`All access of ${subjects.person(advisory.person)} lasts until ${ends(advisory)}.`;
    case "mailStays":
      return phrase`The user with ${name(advisory.mail)} stays bound to ${subjects.client(advisory.client)}, because removing ${name("email")} here takes nothing away. To remove the access, unbind the user in the panel.`;
    case "left":
      return phrase`${capitalizedPhrase(subjects.sites(advisory.sites))} ${advisory.sites.length === 1 ? "leaves" : "leave"} the manifest and stay${advisory.sites.length === 1 ? "s" : ""} with ${subjects.client(advisory.client)}; nobody loses access.`;
    case "server":
      return phrase`This file now describes the server ${name(advisory.to)} instead of ${name(advisory.from)}: everything that it declared on ${name(advisory.from)} is removed.`;
    case "replaced":
      return phrase`${subjects.client(advisory.to)} is added, and ${name(advisory.from)} with the same title is removed. If this is a rename, write ${name(`renamedFrom: ${advisory.from}`)} at the client: its bindings and login then follow.`;
    case "title":
      return phrase`The client ${name(advisory.client)} gets the title ${name(advisory.to)} (before: ${name(advisory.from)}). This changes no access.`;
  }
}

function ruleNames(rules: readonly string[]): Phrase {
  return phrase`${rules.length === 1 ? "the rule" : "the rules"} ${enumerated(rules.map(name), SHOWN_RULES)}`;
}

function limitText(limit: { percent: number; atLeast: number } | undefined): string {
  return limit === undefined ? "none" : `${limit.percent} %, at least ${limit.atLeast}`;
}

/** How many things an approval names. */
const SHOWN_OWNED = 5;

function declarationText({ kind, name: called }: Pick<Declaration, "kind" | "name">): Phrase {
  return kind === "setting" ? [name(called)] : phrase`${DECLARED[kind]} ${name(called)}`;
}

const DECLARED = {
  person: "the person",
  team: "the team",
  rule: "the rule",
  knownFinding: "the known finding",
  scope: "the scope of",
};

const RELEASED: Record<Release, string> = {
  sites: "its other sites go to the default owner",
  bindings: "other users are unbound",
  platforms: "its access to platforms ends",
};

/** Those who did the same share a clause. */
function lastUses(people: readonly Person[], subjects: SubjectText): Phrase {
  const groups = new Map<string, Person[]>();
  for (const person of people) {
    const key = JSON.stringify(person.lastUse);
    groups.set(key, [...(groups.get(key) ?? []), person]);
  }
  const clauses = [...groups.values()].map(
    (group) => phrase`${subjects.people(group)} ${lastUseText(group[0]!.lastUse!, group.length)}`,
  );
  return enumerated(clauses, SHOWN_PEOPLE);
}

function ends(advisory: { from: string | undefined; to: string | undefined }): Phrase {
  const [from, to] = [advisory.from, advisory.to].map((day) => (day === undefined ? phrase`no end` : [name(day)]));
  return phrase`${to!} (before: ${from!})`;
}

function keys(keys: readonly AccessKey[]): Phrase {
  const named = enumerated(keys.map((key) => name(describeKey(key))));
  return phrase`the key${keys.length === 1 ? "" : "s"} ${named}`;
}
