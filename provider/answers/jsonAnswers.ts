/** Answers for programs. Names are as they are: escape them where you show them. `text` is what people read, safe to show. */
import type { EffectiveAccess, Person } from "../review/EffectiveAccess";
import { type Phrase, rendered } from "../text/Phrase";
import { printable } from "../text/printable";
import type { NotReached, WhatAnswer, WhoAnswer, WhyAnswer } from "./answers";
import { AnswerText } from "./answerText";
import type { SharedLogin, WayIn } from "./ways";

export class JsonAnswers {
  readonly #text: AnswerText;

  constructor(access: EffectiveAccess) {
    this.#text = new AnswerText(access);
  }

  who({ site, people, login }: WhoAnswer): object {
    return {
      ...plainSite(site),
      people: people.map(({ person, ways }) => ({ ...plainPerson(person), ways: this.#ways(ways) })),
      sharedLogin: plainLogin(login),
    };
  }

  what({ person, clients, administers, notReached }: WhatAnswer): object {
    return {
      person: plainPerson(person),
      seesEverySite: administers !== undefined,
      clients: clients.map(({ client, sites, ways, login }) => ({
        client,
        sites,
        ways: this.#ways(ways),
        sharedLogin: plainLogin(login),
      })),
      notReached: this.#notReached(notReached),
    };
  }

  why({ person, site, ways, login, notReached }: WhyAnswer): object {
    return {
      person: plainPerson(person),
      ...plainSite(site),
      reaches: ways.length > 0,
      ways: this.#ways(ways),
      sharedLogin: plainLogin(login),
      notReached: this.#notReached(notReached),
    };
  }

  #ways(ways: WayIn[]): object[] {
    return ways.map((way) => ({
      kind: way.kind,
      client: way.client ?? null,
      team: way.entry?.team ?? null,
      /** From the one that lists the person to that of the entry. */
      teams: way.teams,
      expires: way.expires ?? null,
      reason: way.reason ?? null,
      keys: way.keys.map(({ type, fingerprint, comment }) => ({ type, fingerprint, comment })),
      /** Null where this is not known. */
      declared: way.isDeclared ?? null,
      ...plainPlace(way.entry),
      text: text(this.#text.way(way)),
    }));
  }

  #notReached(reasons: NotReached[]): object[] {
    return reasons.map((why) => ({
      ...why,
      ...("at" in why && { at: undefined, ...plainPlace(why.at) }),
      text: text(this.#text.notReached(why)),
    }));
  }
}

function plainSite({ site, owner, declaredAt }: WhoAnswer["site"]): object {
  return { site, client: owner ?? null, ...plainPlace(declaredAt) };
}

function plainPlace(at: { file: string; line: number } | undefined): object {
  return { file: at?.file ?? null, line: at?.line ?? null };
}

function plainLogin(login: SharedLogin | undefined): object | null {
  return login ? { login: login.login, passwordEnds: login.passwordEnds ?? null } : null;
}

function plainPerson({ name, by, blocked, administrator }: Person): object {
  return { name, by, blocked, administrator };
}

function text(words: Phrase): string {
  return rendered(words, (name) => printable(name));
}
