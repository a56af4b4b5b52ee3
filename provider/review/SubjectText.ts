import { enumerated, name, type Phrase, phrase } from "../text/Phrase";
import type { Who } from "./AccessChange";
import type { EffectiveAccess, Person } from "./EffectiveAccess";

export const SHOWN_PEOPLE = 10;
export const SHOWN_SITES = 5;

/** How a review names clients, people, logins and sites. */
export class SubjectText {
  constructor(
    private readonly before: EffectiveAccess,
    private readonly after: EffectiveAccess,
  ) {}

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

  people(people: Person[]): Phrase {
    return enumerated(
      people.map((person) => this.person(person)),
      SHOWN_PEOPLE,
    );
  }

  sites(sites: readonly string[]): Phrase {
    return enumerated(sites.map(name), SHOWN_SITES);
  }
}
