/** The sentences of a review, the same for every printer, for readers who know no Aegir. */
import { daysLater } from "../naming/Day";
import type { AccessChange, Cause, Rename, Who } from "./AccessChange";
import { isFinal, type Refusal, type Review } from "./RemovalLimit";
import type { Difference } from "./Difference";
import type { EffectiveAccess, Person } from "./EffectiveAccess";
import type { Note } from "./notes";
import { enumerated, name, phrase, plural, type Phrase } from "../text/Phrase";

const SHOWN_PEOPLE = 10;
const SHOWN_SITES = 5;
/** How long `allowRemovals` holds in the line that a refusal proposes. */
const PROPOSED_DAYS = 7;

export class Words {
  private readonly before: EffectiveAccess;
  private readonly after: EffectiveAccess;

  constructor(private readonly difference: Difference) {
    this.before = difference.before;
    this.after = difference.after;
  }

  summary(): Phrase {
    const { lost, gained, renamed, grants } = this.difference;
    const loses = counted(lost.filter(({ announced }) => !announced));
    const ended = counted(lost.filter(({ announced }) => announced));
    const gains = counted(gained);
    const parts = [
      ...(loses ? [`${loses.subject} ${loses.one ? "loses" : "lose"} access`] : []),
      ...(gains ? [`${gains.subject} ${gains.one ? "gains" : "gain"} access`] : []),
      ...(loses || gains
        ? []
        : [this.after.undecided ? "no change of access is seen" : "nobody gains or loses access"]),
      ...(ended ? [`the access of ${ended.subject} has ended`] : []),
      ...(renamed.length > 0
        ? [`${plural(renamed.length, "client")} ${renamed.length === 1 ? "is" : "are"} renamed`]
        : []),
    ];
    const share =
      grants.lost > 0
        ? ` ${grants.lost} of ${plural(grants.before, "grant")} ${grants.lost === 1 ? "is" : "are"} taken away.`
        : "";
    return capitalized([`${parts.join("; ")}.${share}`]);
  }

  client(internalName: string): Phrase {
    const title = (this.after.clients.get(internalName) ?? this.before.clients.get(internalName))?.name;
    if (title === undefined || title === internalName) return [name(internalName)];
    return phrase`${name(title)} (${name(internalName)})`;
  }

  person({ name: called, by }: Person): Phrase {
    return by === "name" ? [name(called)] : phrase`the user with ${name(called)}`;
  }

  login(client: string): Phrase {
    const access = this.after.instance === undefined ? this.before : this.after;
    return phrase`the shell login ${name(access.loginName(client))}`;
  }

  who(who: Who): Phrase {
    switch (who.kind) {
      case "person":
        return this.person(who.person);
      case "login":
        return this.login(who.client);
      case "everybody":
        return phrase`all users who act for ${this.client(who.client)} on the server, and its shell login,`;
    }
  }

  /** Who, which sites and why; of each no more than so many are named. */
  change(change: AccessChange, verb: "lose" | "gain", most = { people: SHOWN_PEOPLE, sites: SHOWN_SITES }): Phrase {
    const { who, sites, causes } = change;
    const whose = enumerated(
      who.map((each) => this.who(each)),
      most.people,
    );
    const because = causes.map((cause) => this.cause(cause, sites.length, who.length, most.sites));
    const verbs = who.length === 1 && who[0]!.kind !== "everybody" ? `${verb}s` : verb;
    return capitalized(phrase`${whose} ${verbs} ${enumerated(sites.map(name), most.sites)}: ${enumerated(because)}.`);
  }

  private cause(cause: Cause, sites: number, people: number, most: number): Phrase {
    const [it, s] = sites === 1 ? ["it", "s"] : ["they", ""];
    const act = people === 1 ? "acts" : "act";
    const clients =
      "clients" in cause
        ? enumerated(
            cause.clients.map((client) => this.client(client)),
            most,
          )
        : [];
    switch (cause.kind) {
      case "moved":
        return phrase`${it} move${s} from ${this.client(cause.from)} to ${this.client(cause.to)}`;
      case "clientRemoved": {
        const to = cause.to === undefined ? phrase`the server's default owner` : this.client(cause.to);
        const what = sites === 1 ? "the site goes" : "its sites go";
        return phrase`${this.client(cause.client)} is removed, and ${what} to ${to}`;
      }
      case "replaced":
        return phrase`${this.client(cause.to)} takes the place of ${name(cause.from)}, and has another login`;
      case "released":
        return phrase`${it} leave${s} this file and go${s === "" ? "" : "es"} from ${this.client(cause.client)} to the server's default owner`;
      case "declared":
        return phrase`added here for ${this.client(cause.client)}`;
      case "takenOver":
        return phrase`${this.client(cause.to)} takes ${sites === 1 ? "it" : "them"} over from ${this.client(cause.from)}`;
      case "unbound":
        return phrase`no longer ${act} for ${clients}`;
      case "bound": {
        const until = cause.expires === undefined ? [] : phrase` until ${name(cause.expires)}`;
        const why = cause.reason === undefined ? [] : phrase` (${name(cause.reason)})`;
        return phrase`now ${act} for ${clients}${until}${why}`;
      }
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
      this.before.loginOf(from) === this.after.loginOf(to)
        ? phrase`Its login stays.`
        : phrase`The shell login ${name(this.before.loginName(from))} becomes ${name(this.after.loginName(to))}, with another password; its home directory and SSH keys are lost.`;
    const title = this.after.clients.get(to)?.name ?? to;
    return phrase`${name(title)}: ${name(from)} becomes ${name(to)}. Its people keep their sites. ${login}`;
  }

  note(note: Note): Phrase {
    switch (note.kind) {
      case "cannotRemove":
        return phrase`${this.client(note.client)} is removed here, but ${this.sites(note.sites)} ${note.sites.length === 1 ? "is" : "are"} to stay with it (${name("onDestroy: leave")}): Aegir does not delete a client that owns sites, so the deployment will fail. Move the sites first.`;
      case "unprotected":
        return note.site === undefined
          ? phrase`${this.client(note.client)} is no longer protected.`
          : phrase`${name(note.site)} of ${this.client(note.client)} is no longer protected.`;
      case "keepsNobody":
        return phrase`${this.client(note.client)} may lose its last person from now on (${name("keepPeople")} is gone).`;
      case "limits": {
        const limits = ({ percent, atLeast }: { percent: number; atLeast: number }) =>
          `${percent} %, at least ${atLeast}`;
        return phrase`The removal limit changes from ${limits(note.from)} to ${limits(note.to)}. The new limit applies from the next change on.`;
      }
      case "handedOver":
        return phrase`A handover of ${this.sites(note.sites)} takes neither user 1 of the Drupal site nor its SSL certificate nor downloaded backups from the former client: see handing-over-a-site.md.`;
      case "gone":
        return phrase`Without any site after this: ${this.people(note.people)}.`;
      case "new":
        return phrase`Without any site before this: ${this.people(note.people)}.`;
      case "wide":
        return phrase`${capitalized(this.person(note.person))} would reach ${note.sites} of all ${note.of} sites.`;
      case "rotated":
        return phrase`${capitalized(this.login(note.client))} gets a new password. Its home directory and SSH keys are lost.`;
      case "passwordRead":
        return phrase`The password of ${this.login(note.client)} will be among the stack's (secret) outputs.`;
      case "made":
        return phrase`The panel user ${note.person.by === "mail" ? phrase`with ${name(note.person.name)}` : name(note.person.name)} is created if there is none${note.person.by === "name" && note.person.createdAs !== undefined ? phrase`, with the address ${name(note.person.createdAs)}` : ""}.`;
      case "end": {
        const [from, to] = [note.from, note.to].map((day) => (day === undefined ? phrase`no end` : [name(day)]));
        return phrase`${capitalized(this.person(note.person))} may act for ${this.client(note.client)} until ${to!} (before: ${from!}).`;
      }
      case "mailStays":
        return phrase`The user with ${name(note.mail)} stays bound to ${this.client(note.client)}, because removing ${name("email")} here takes nothing away. To remove the access, unbind the user in the panel.`;
      case "left":
        return phrase`${capitalized(this.sites(note.sites))} ${note.sites.length === 1 ? "leaves" : "leave"} this file and stay${note.sites.length === 1 ? "s" : ""} with ${this.client(note.client)}; nobody loses access.`;
      case "server":
        return phrase`This file now describes the server ${name(note.to)} instead of ${name(note.from)}: everything that it declared on ${name(note.from)} is removed.`;
      case "replaced":
        return phrase`${this.client(note.to)} is added, and ${name(note.from)} with the same title is removed. If this is a rename, write ${name(`renamedFrom: ${note.from}`)} at the client: its bindings and login then follow.`;
      case "title":
        return phrase`The client ${name(note.client)} gets the title ${name(note.to)} (before: ${name(note.from)}). This changes no access.`;
    }
  }

  refusal(refusal: Refusal): Phrase {
    switch (refusal.kind) {
      case "tooMuch": {
        const { lost, of, limits, allowed } = refusal;
        const more = allowed > 0 ? ` allowRemovals allows ${allowed}.` : "";
        if (lost === of) return phrase`This takes away all ${of} grants.${more}`;
        return phrase`This takes away ${lost} of ${of} grants (${Math.floor((lost * 100) / of)} %), and ${limits.percent} % may go.${more}`;
      }
      case "protectedClient": {
        const { client, gone, sites, people } = refusal;
        const loses = [
          ...(sites.length > 0 ? [this.sites(sites)] : []),
          ...(people.length > 0 ? [this.people(people)] : []),
        ];
        const what = gone
          ? this.difference.successors.has(client)
            ? phrase`would get another internal name`
            : phrase`would be removed`
          : phrase`would lose ${enumerated(loses)}`;
        return phrase`${this.client(client)} is protected, and ${what}.`;
      }
      case "protectedSite": {
        const to = refusal.to === undefined ? phrase`leave this file` : phrase`go to ${this.client(refusal.to)}`;
        return phrase`${name(refusal.site)} of ${this.client(refusal.client)} is protected, and would ${to}.`;
      }
      case "lastPerson":
        return phrase`${this.client(refusal.client)} must keep a person, and would lose the last: ${this.people(refusal.people)}.`;
      case "emptied": {
        const last = refusal.people.length > 0 ? this.people(refusal.people) : this.sites(refusal.sites);
        return phrase`${this.client(refusal.client)} stays, and would lose the last of its ${refusal.people.length > 0 ? "people" : "sites"}: ${last}.`;
      }
      case "lastAccess":
        return phrase`${capitalized(this.people(refusal.people))} would no longer reach any site, and may still act for a client.`;
    }
  }

  /** What to do about refusals. */
  remedies({ refusals, allowed }: Review): Phrase[] {
    const final = refusals.filter(isFinal);
    const rest = refusals.filter((refusal) => !isFinal(refusal));
    return [
      ...(final.length > 0
        ? [
            phrase`Protected clients and sites cannot be removed or renamed. First remove ${name("protect")} in a separate change and deploy that.`,
          ]
        : []),
      ...(rest.length > 0
        ? [phrase`If this is intended, confirm it in the manifest: ${name(this.allowance([...rest, ...allowed]))}`]
        : []),
    ];
  }

  allowedRemoval(refusal: Refusal): Phrase {
    const { reason, until } = this.after.allowRemovals!;
    return phrase`${this.refusal(refusal)} The manifest confirms it until ${name(until)}: ${name(reason)}`;
  }

  private allowance(refusals: Refusal[]): string {
    const all = <K extends Refusal["kind"]>(...kinds: K[]) =>
      refusals.filter((each): each is Extract<Refusal, { kind: K }> => (kinds as string[]).includes(each.kind));
    const clients = [...new Set(all("protectedClient", "lastPerson", "emptied").map(({ client }) => client))];
    const sites = all("protectedSite").map(({ site }) => site);
    const users = all("lastAccess").flatMap(({ people }) => people.map((person) => person.name));
    const fields = [
      `until: ${daysLater(this.after.asOf, PROPOSED_DAYS)}`,
      `reason: "..."`,
      ...all("tooMuch").map(({ lost }) => `grants: ${lost}`),
      ...(clients.length > 0 ? [`clients: [${clients.join(", ")}]`] : []),
      ...(sites.length > 0 ? [`sites: [${sites.join(", ")}]`] : []),
      ...(users.length > 0 ? [`users: [${users.map((user) => JSON.stringify(user)).join(", ")}]`] : []),
    ];
    return `allowRemovals: { ${fields.join(", ")} }`;
  }

  private people(people: Person[]): Phrase {
    return enumerated(
      people.map((person) => this.person(person)),
      SHOWN_PEOPLE,
    );
  }

  private sites(sites: readonly string[]): Phrase {
    return enumerated(sites.map(name), SHOWN_SITES);
  }
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
    ...(others > 0 ? [`those who act for ${plural(others, "client")} outside this file`] : []),
  ];
  if (parts.length === 0) return undefined;
  return { subject: parts.join(parts.length > 2 ? ", " : " and "), one: others === 0 && people + logins === 1 };
}

/** The program's own words with a capital; a name stays as it is. */
function capitalized(words: Phrase): Phrase {
  const index = words.findIndex((word) => word !== "");
  const first = words[index];
  if (typeof first !== "string") return words;
  return words.with(index, `${first[0]!.toUpperCase()}${first.slice(1)}`);
}
