/** The sentences of a review, the same for every printer, for readers who know no Aegir. */
import { capitalizedPhrase, enumerated, name, type Phrase, phrase, plural } from "../text/Phrase";
import { type AccessChange, type Cause, type Rename, whoKey } from "./AccessChange";
import type { Advisory } from "./Advisory";
import { advisoryText } from "./advisoryText";
import type { Difference } from "./Difference";
import type { EffectiveAccess } from "./EffectiveAccess";
import { refusalText, remedyText } from "./refusalText";
import type { Refusal, Review } from "./RemovalLimit";
import { SHOWN_PEOPLE, SHOWN_SITES, SubjectText } from "./SubjectText";

/** What a person or a login does with sites in a change. */
export type ChangeVerb = "lose" | "gain";

export class ReviewText {
  readonly #before: EffectiveAccess;
  readonly #after: EffectiveAccess;
  readonly #subjects: SubjectText;

  constructor(private readonly difference: Difference) {
    this.#before = difference.before;
    this.#after = difference.after;
    this.#subjects = new SubjectText(this.#before, this.#after);
  }

  summary(): Phrase {
    const { lost, gained, renames, grants } = this.difference;
    const loses = counted(lost.filter(({ announced }) => !announced));
    const ended = counted(lost.filter(({ announced }) => announced));
    const gains = counted(gained);
    const keyed = this.#keyHolders();
    const logins = this.#loginsWithOtherKeys();
    const parts = [
      ...(loses ? [`${loses.subject} ${loses.one ? "loses" : "lose"} access`] : []),
      ...(gains ? [`${gains.subject} ${gains.one ? "gains" : "gain"} access`] : []),
      ...(keyed > 0 ? [`the keys of ${plural(keyed, "person", "people")} change`] : []),
      ...(logins > 0 ? [`the keys of ${plural(logins, "shell login")} change`] : []),
      ...(loses || gains || keyed + logins > 0
        ? []
        : [this.#after.undecided ? "no change of access is seen" : "nobody gains or loses access"]),
      ...(ended ? [`the access of ${ended.subject} has ended`] : []),
      ...(renames.length > 0
        ? [`${plural(renames.length, "client")} ${renames.length === 1 ? "is" : "are"} renamed`]
        : []),
    ];
    const share =
      grants.lost > 0
        ? ` ${grants.lost} of ${plural(grants.before, "grant")} ${grants.lost === 1 ? "is" : "are"} taken away.`
        : "";
    return capitalizedPhrase([`${parts.join("; ")}.${share}`]);
  }

  /** How many people neither lose nor gain sites, and get in with other keys than before. */
  #keyHolders(): number {
    const { advisories, lost, gained } = this.difference;
    const named = new Set([...lost, ...gained].flatMap(({ who }) => who).map(whoKey));
    const people = advisories.flatMap((advisory) =>
      advisory.kind === "keysRemoved" || advisory.kind === "keysAdded" ? [advisory.person] : [],
    );
    return new Set(people.filter((person) => !named.has(whoKey({ kind: "person", person }))).map(({ key }) => key))
      .size;
  }

  #loginsWithOtherKeys(): number {
    const clients = this.difference.advisories.flatMap((advisory) =>
      advisory.kind === "loginKeysRemoved" || advisory.kind === "loginKeysAdded" ? [advisory.client] : [],
    );
    return new Set(clients).size;
  }

  /** Who, which sites and why; of each no more than so many are named. */
  change(change: AccessChange, verb: ChangeVerb, most = { people: SHOWN_PEOPLE, sites: SHOWN_SITES }): Phrase {
    const { who, sites, causes } = change;
    const whose = enumerated(
      who.map((each) => this.#subjects.who(each)),
      most.people,
    );
    const because = causes.map((cause) => this.#cause(cause, sites.length, who.length, most.sites));
    const verbs = who.length === 1 && who[0]!.kind !== "everybody" ? `${verb}s` : verb;
    return capitalizedPhrase(
      phrase`${whose} ${verbs} ${enumerated(sites.map(name), most.sites)}: ${enumerated(because)}.`,
    );
  }

  #cause(cause: Cause, sites: number, people: number, most: number): Phrase {
    const [it, s] = sites === 1 ? ["it", "s"] : ["they", ""];
    const act = people === 1 ? "acts" : "act";
    const clients =
      "clients" in cause
        ? enumerated(
            cause.clients.map((client) => this.#subjects.client(client)),
            most,
          )
        : [];
    switch (cause.kind) {
      case "moved":
        return phrase`${it} move${s} from ${this.#subjects.client(cause.from)} to ${this.#subjects.client(cause.to)}`;
      case "clientRemoved": {
        const to = cause.to === undefined ? phrase`the server's default owner` : this.#subjects.client(cause.to);
        const what = sites === 1 ? "the site goes" : "its sites go";
        return phrase`${this.#subjects.client(cause.client)} is removed, and ${what} to ${to}`;
      }
      case "replaced":
        return phrase`${this.#subjects.client(cause.to)} takes the place of ${name(cause.from)}, and has another login`;
      case "released":
        return phrase`${it} leave${s} the manifest and go${s === "" ? "" : "es"} from ${this.#subjects.client(cause.client)} to the server's default owner`;
      case "declared":
        return phrase`added here for ${this.#subjects.client(cause.client)}`;
      case "takenOver":
        return phrase`${this.#subjects.client(cause.to)} takes ${sites === 1 ? "it" : "them"} over from ${this.#subjects.client(cause.from)}`;
      case "unbound":
        return phrase`no longer ${act} for ${clients}`;
      case "bound":
        return phrase`now ${act} for ${clients}${until(cause)}${why(cause)}`;
      case "joinedTeam":
        return phrase`${people === 1 ? "joins" : "join"} the team ${name(cause.team)} and now ${act} for ${clients}${until(cause)}`;
      case "leftTeam":
        return phrase`${people === 1 ? "leaves" : "leave"} the team ${name(cause.team)} and no longer ${act} for ${clients}`;
      case "teamBound":
        return phrase`the team ${name(cause.team)} now acts for ${clients}${until(cause)}${why(cause)}`;
      case "teamUnbound":
        return this.#after.teams.has(cause.team)
          ? phrase`the team ${name(cause.team)} no longer acts for ${clients}`
          : phrase`the team ${name(cause.team)} is dissolved and no longer acts for ${clients}`;
      case "expired":
        return phrase`could act for ${clients} until ${name(cause.day)}`;
      case "blocked":
        return phrase`blocked in the panel`;
      case "unblocked":
        return phrase`no longer blocked in the panel`;
      case "administrator":
        return phrase`now an administrator, who sees every site`;
      case "noAdministrator":
        return phrase`no longer an administrator, who sees every site`;
    }
  }

  rename({ from, to }: Rename): Phrase {
    const login =
      this.#before.loginOf(from) === this.#after.loginOf(to)
        ? phrase`Its login stays.`
        : phrase`The shell login ${name(this.#before.loginName(from))} becomes ${name(this.#after.loginName(to))}, with another password; its home directory and SSH keys are lost.`;
    const title = this.#after.clients.get(to)?.name ?? to;
    return phrase`${name(title)}: ${name(from)} becomes ${name(to)}. Its people keep their sites. ${login}`;
  }

  advisory(advisory: Advisory): Phrase {
    return advisoryText(advisory, this.#subjects);
  }

  /** What else there is to know. */
  advisories({ difference, accessTests }: Review): Phrase[] {
    const { tests = 0, testsBefore } = accessTests ?? {};
    const edited =
      testsBefore === undefined
        ? []
        : [phrase`The access tests are edited: ${plural(testsBefore, "test")} before, ${String(tests)} after.`];
    return [...edited, ...difference.advisories.map((advisory) => this.advisory(advisory))];
  }

  refusal(refusal: Refusal): Phrase {
    const { matchedClients } = this.difference;
    return refusalText(refusal, { subjects: this.#subjects, matchedClients });
  }

  /** What to do about refusals. */
  remedies(review: Review): Phrase[] {
    return remedyText(review);
  }

  allowedChange(refusal: Refusal): Phrase {
    if (refusal.kind === "brokenRule") {
      const { rule, violation, allowance } = refusal.broken;
      const exception = phrase`until ${name(allowance!.until)} (${name(allowance!.reason)})`;
      return phrase`An exception from the rule ${name(rule.rule)} ${exception}: ${violation.says}.`;
    }
    const { reason, until } = (refusal.kind === "tooManyGains" ? this.#after.allowGains : this.#after.allowRemovals)!;
    return phrase`${this.refusal(refusal)} The manifest confirms it until ${name(until)}: ${name(reason)}`;
  }
}

function until({ expires }: { expires: string | undefined }): Phrase {
  return expires === undefined ? [] : phrase` until ${name(expires)}`;
}

function why({ reason }: { reason: string | undefined }): Phrase {
  return reason === undefined ? [] : phrase` (${name(reason)})`;
}

/** How many people and logins some changes concern, as the subject of a sentence. */
function counted(changes: AccessChange[]): { subject: string; one: boolean } | undefined {
  const all = changes.flatMap(({ who }) => who);
  const people = new Set(all.flatMap((who) => (who.kind === "person" ? [who.person.key] : []))).size;
  const logins = new Set(all.flatMap((who) => (who.kind === "login" ? [who.client] : []))).size;
  const others = new Set(all.flatMap((who) => (who.kind === "everybody" ? [who.client] : []))).size;
  const parts = [
    ...(people > 0 ? [plural(people, "person", "people")] : []),
    ...(logins > 0 ? [plural(logins, "shell login")] : []),
    ...(others > 0 ? [`those who act for ${plural(others, "client")} outside the manifest`] : []),
  ];
  if (parts.length === 0) return undefined;
  return { subject: parts.join(parts.length > 2 ? ", " : " and "), one: others === 0 && people + logins === 1 };
}
