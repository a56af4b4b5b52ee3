/** The sentences of answers, the same for people and programs. */
import { describeKey } from "../naming/AuthorizedKey";
import type { EffectiveAccess } from "../review/EffectiveAccess";
import { SubjectText } from "../review/SubjectText";
import { enumerated, name, type Phrase, phrase } from "../text/Phrase";
import type { NotReached } from "./answers";
import type { SharedLogin, WayIn } from "./ways";

export class AnswerText {
  readonly subjects: SubjectText;

  constructor(access: EffectiveAccess) {
    this.subjects = new SubjectText(access, access);
  }

  /** What follows the name of a person who reaches something: `acts for Acme Corp (acme) until 2026-12-31, access.yaml:7`. */
  way(way: WayIn): Phrase {
    const { kind, client, teams, keys } = way;
    if (kind === "administrator") return ["is an administrator, who sees every site"];
    const of = this.subjects.client(client!);
    if (kind === "key") {
      const shown = enumerated(keys.map((key) => name(describeKey(key))));
      return phrase`logs in to ${this.subjects.login(client!)} of ${of} with ${shown}${this.#origin(way)}`;
    }
    const reason = way.reason === undefined ? [] : phrase` (${name(way.reason)})`;
    return phrase`acts for ${of}${membership(teams)}${this.#until(way)}${reason}${this.#origin(way)}`;
  }

  #until({ expires }: WayIn): Phrase {
    return expires === undefined ? [] : phrase` until ${name(expires)}`;
  }

  #origin({ entry, isDeclared }: WayIn): Phrase {
    if (entry !== undefined) return phrase`, ${place(entry)}`;
    return isDeclared === false ? [", which is not declared"] : [];
  }

  /** What follows the name of a person who does not reach something. */
  notReached(why: NotReached): Phrase {
    switch (why.kind) {
      case "ended": {
        const at = why.at === undefined ? [] : phrase`, ${place(why.at)}`;
        return phrase`could act for ${this.subjects.client(why.client)} until ${name(why.day)}${at}`;
      }
      case "blocked":
        return ["is blocked in the panel"];
      case "actsFor": {
        if (why.clients.length === 0) return ["does not act for any client"];
        const clients = why.clients.map((client) => this.subjects.client(client));
        return phrase`acts for other clients: ${enumerated(clients, SHOWN_CLIENTS)}`;
      }
      case "withoutOwner":
        return ["cannot reach it through a client, because it belongs to no client that is known here"];
    }
  }

  login({ client, passwordEnds }: SharedLogin): Phrase {
    const end = passwordEnds === undefined ? [] : phrase`, which works until ${name(passwordEnds)},`;
    const login = this.subjects.login(client);
    return phrase`All people who know the shared password of ${login}${end} reach its files. Who they are is not recorded.`;
  }
}

/** `as a member of the team web (in core, in everyone)`. */
function membership([team, ...around]: readonly string[]): Phrase {
  if (team === undefined) return [];
  const outer = around.map((each) => phrase`in ${name(each)}`);
  return phrase` as a member of the team ${name(team)}${outer.length === 0 ? [] : phrase` (${joined(outer, ", ")})`}`;
}

export function joined(all: Phrase[], separator: string): Phrase {
  return all.flatMap((each, index) => (index === 0 ? [...each] : [separator, ...each]));
}

const SHOWN_CLIENTS = 5;

/** `access.yaml:7`, as editors open it. */
export function place({ file, line }: { file: string; line: number }): Phrase {
  return [name(`${file}:${line}`)];
}
