/** The site and the person that a question means, however they are written. */
import { nearest } from "../manifest/closest";
import { mailKey, userNameKey } from "../naming/PanelUser";
import { normalizeDomain } from "../naming/SiteDomain";
import { canonicalName } from "../naming/SpelledName";
import type { AccessSite, EffectiveAccess, Person } from "../review/EffectiveAccess";

/** How many names are suggested for one that is not there. */
const SUGGESTED = 3;

export function findSite({ sites }: EffectiveAccess, asked: string): AccessSite | undefined {
  const domain = normalizeDomain(asked);
  return sites.get(domain) ?? [...sites.values()].find(({ site }) => normalizeDomain(site) === domain);
}

/** Domains that may be meant by one that is not there: those that have it in them, and those that are spelled almost so. */
export function similarSites({ sites }: EffectiveAccess, asked: string): string[] {
  const domain = normalizeDomain(asked);
  const bare = domain.replace(/^www\./, "");
  const related = [...sites.keys()].filter((site) => bare !== "" && (site.includes(bare) || bare.endsWith(`.${site}`)));
  return [...new Set([...related, ...nearest(domain, sites.keys(), SUGGESTED)])].slice(0, SUGGESTED);
}

/** The people of one picture of access, to be found in any way of naming them. */
export class People {
  readonly #people: ReadonlyMap<string, Person>;
  readonly #byId: ReadonlyMap<string, Person>;
  readonly #byMail = new Map<string, Person[]>();

  constructor(private readonly access: EffectiveAccess) {
    this.#people = access.people;
    this.#byId = new Map([...access.people.values()].flatMap((each) => (each.id ? [[nameKey(each.id), each]] : [])));
    for (const person of access.people.values()) {
      for (const mail of mailsOf(person)) this.#byMail.set(mail, [...(this.#byMail.get(mail) ?? []), person]);
    }
  }

  /**
   * The users that are one person, by the key under `people` or the name of the user (in whatever capitals), mail address,
   * or fingerprint of a key (`SHA256:...`). A manifest refers to people by the first, so it comes first.
   * There are several where the `email` of a client names the person besides its own name.
   */
  find(asked: string): Person[] {
    const name = nameKey(asked);
    const named = this.#byId.get(name) ?? this.#people.get(`user:${name}`) ?? this.#holderOf(asked);
    return named === undefined ? (this.#byMail.get(mailKey(asked)) ?? []) : this.usersOf(named);
  }

  /** All users with a mail address of this one, itself first. */
  usersOf(person: Person): Person[] {
    return [...new Set([person, ...mailsOf(person).flatMap((mail) => this.#byMail.get(mail) ?? [])])];
  }

  /** Names that may be meant by one that is not there. */
  similar(asked: string): string[] {
    const names = [...this.#people.values()].flatMap(({ id, name }) => [id ?? name, name]);
    return nearest(asked, new Set(names), SUGGESTED);
  }

  /** Who logs in with a key of this fingerprint; no two people have the same one. */
  #holderOf(fingerprint: string): Person | undefined {
    if (!fingerprint.startsWith("SHA256:")) return undefined;
    const bindings = [...this.access.clients.values()].flatMap((client) => [...client.bindings.values()]);
    const binding = bindings.find(({ keys = [] }) => keys.some((key) => key.fingerprint === fingerprint));
    return this.#people.get(binding?.person.key ?? "");
  }
}

/** Equal for one name, in whatever capitals. */
function nameKey(name: string): string {
  return canonicalName(userNameKey(name));
}

function mailsOf({ by, name, email, createdAs }: Person): string[] {
  const mails = [email, createdAs, by === "mail" ? name : undefined];
  return [...new Set(mails.flatMap((mail) => (mail === undefined ? [] : [mailKey(mail)])))];
}
