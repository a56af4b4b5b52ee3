/** Answers for a terminal or a log: no line longer than the width, no colours. */
import type { EffectiveAccess } from "../review/EffectiveAccess";
import { capitalizedPhrase, name, type Phrase, phrase, plural, rendered } from "../text/Phrase";
import { printable } from "../text/printable";
import { hangingIndent } from "../text/wrap";
import type { ClientReach, WhatAnswer, WhoAnswer, WhyAnswer } from "./answers";
import { AnswerText, place } from "./answerText";
import type { Reach, WayIn } from "./ways";

const WIDTH = 100;

export class TextAnswers {
  readonly #text: AnswerText;

  constructor(access: EffectiveAccess) {
    this.#text = new AnswerText(access);
  }

  who({ site, people, login }: WhoAnswer): string {
    const through = (kind: WayIn["kind"]) =>
      people.flatMap(({ person, ways }) => {
        const ofKind = ways.filter((way) => way.kind === kind);
        return ofKind.length > 0 ? [{ person, ways: ofKind }] : [];
      });
    return [
      ...lines(phrase`${name(site.site)} ${this.#owner(site)}.`),
      ...this.#people("Through the panel", through("panel")),
      ...this.#people("With a key of their own", through("key")),
      ...this.#people("As administrators", through("administrator")),
      ...(login ? ["With a shared password:", ...lines(this.#text.login(login), "- ")] : []),
      ...(people.length === 0 ? lines([`No person reaches it${login ? " otherwise" : ""}.`]) : []),
    ].join("\n");
  }

  #owner({ owner, declaredAt }: WhoAnswer["site"]): Phrase {
    if (owner === undefined) return ["belongs to no client that is known here"];
    return phrase`belongs to ${this.#text.subjects.client(owner)}${declaredAt ? phrase`, ${place(declaredAt)}` : []}`;
  }

  #people(title: string, reaches: Reach[]): string[] {
    if (reaches.length === 0) return [];
    const rows = reaches.flatMap(({ person, ways }) =>
      ways.flatMap((way) =>
        lines(capitalizedPhrase(phrase`${this.#text.subjects.person(person)} ${this.#text.way(way)}`), "- "),
      ),
    );
    return [`${title}:`, ...rows];
  }

  what({ person, clients, administers, notReached }: WhatAnswer): string {
    const count = clients.reduce((sum, { sites }) => sum + sites.length, 0);
    const reached = phrase`${this.#text.subjects.person(person)} reaches ${plural(count, "site")} of ${plural(clients.length, "client")}.`;
    return [
      ...lines(capitalizedPhrase(reached)),
      ...(administers === undefined
        ? []
        : lines([`As an administrator of the panel, the person also sees all ${plural(administers, "site")}.`])),
      ...clients.flatMap((client) => ["", ...this.#client(client)]),
      ...(notReached.length > 0 ? ["", "Not any more:"] : []),
      ...notReached.flatMap((why) => lines(this.#text.notReached(why), "- ")),
    ].join("\n");
  }

  #client({ client, sites, ways, login }: ClientReach): string[] {
    return [
      ...lines(phrase`${this.#text.subjects.client(client)}:`),
      ...ways.flatMap((way) => lines(this.#text.way(way), "- ")),
      ...(login ? lines(phrase`may know the shared password of ${this.#text.subjects.login(client)}`, "- ") : []),
      ...(sites.length === 0 ? ["    (it has no site)"] : sites.map((site) => `    ${printable(site)}`)),
    ];
  }

  why({ person, site, ways, login, notReached }: WhyAnswer): string {
    const who = capitalizedPhrase(this.#text.subjects.person(person));
    const owner = this.#owner(site);
    return [
      ...lines(
        ways.length > 0
          ? phrase`${who} reaches ${name(site.site)}, which ${owner}:`
          : phrase`${who} does not reach ${name(site.site)}, which ${owner}:`,
      ),
      ...ways.flatMap((way) => lines(phrase`${who} ${this.#text.way(way)}`, "- ")),
      ...notReached.flatMap((why) => lines(phrase`${who} ${this.#text.notReached(why)}`, "- ")),
      ...(login ? ["", ...lines(this.#text.login(login))] : []),
    ].join("\n");
  }
}

function lines(words: Phrase, mark = ""): string[] {
  return hangingIndent(
    rendered(words, (text) => printable(text)),
    WIDTH,
    mark,
  );
}
