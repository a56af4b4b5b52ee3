/**
 * Tests of access that a repository keeps beside its manifest: who can, who cannot, and who alone may reach a site. They
 * judge people, by every way that is known of them. The shared password of a login is not a person.
 */
import { nearest } from "../manifest/closest";
import type { ManifestProblem } from "../manifest/ManifestError";
import type { ManifestFileContent } from "../manifest/ManifestFiles";
import { inOrder, Problems } from "../manifest/Problems";
import type { Report } from "../manifest/SourceText";
import { matchesPattern } from "../naming/Pattern";
import { normalizeDomain } from "../naming/SiteDomain";
import type { EffectiveAccess, Person } from "../review/EffectiveAccess";
import { enumerated, name, type Phrase, phrase, plural, rendered } from "../text/Phrase";
import { printable } from "../text/printable";
import { quoted } from "../text/quoted";
import { whyReached } from "./answers";
import { AnswerText, joined } from "./answerText";
import { People, similarSites } from "./find";
import { type AccessTest, readAccessTests, type Text } from "./readAccessTests";
import { peopleInto, waysTo } from "./ways";

export interface AccessTestRun {
  /** How many tests the file has. */
  tests: number;
  /** In the order of the file: tests that fail, and what is wrong with the file. */
  problems: ManifestProblem[];
}

/** How many people and sites of a failed test are explained. */
const EXPLAINED = 3;

export function runAccessTests(tests: ManifestFileContent, access: EffectiveAccess): AccessTestRun {
  const problems = new Problems();
  const count = problems.until((reportAny) => {
    const { tests: read, report } = readAccessTests(tests, reportAny);
    const runner = new TestRunner(access, report);
    for (const test of read) runner.run(test);
    return read.length;
  });
  return { tests: count ?? 0, problems: inOrder(problems.all, []) };
}

/** A person or a team of a test, as the users that it means. */
interface Subject extends Text {
  people: Person[][];
}

/** The sites that a test names, by internal name of their owner. */
type SitesByOwner = Map<string | undefined, string[]>;

class TestRunner {
  readonly #people: People;
  readonly #text: AnswerText;

  constructor(
    private readonly access: EffectiveAccess,
    private readonly report: Report,
  ) {
    this.#people = new People(access);
    this.#text = new AnswerText(access);
  }

  run(test: AccessTest): void {
    const subjects = [
      ...test.people.map((person) => ({ ...person, people: this.#person(person) })),
      ...test.teams.map((team) => ({ ...team, people: this.#team(team) })),
    ];
    const patterns = test.sites.map((pattern) => ({ ...pattern, sites: this.#sites(pattern) }));
    if (test.kind === "only") {
      const allowed = new Set(subjects.flatMap(({ people }) => people.flat()).map(({ key }) => key));
      for (const { sites, ...pattern } of patterns) this.#fail(test, pattern, this.#others(allowed, sites));
      return;
    }
    const sites = new Map(
      [...new Set(patterns.flatMap((pattern) => [...pattern.sites.keys()]))].map((owner) => [
        owner,
        [...new Set(patterns.flatMap((pattern) => pattern.sites.get(owner) ?? []))],
      ]),
    );
    for (const subject of subjects) {
      this.#fail(test, subject, this.#those(subject, sites, test.kind === "cannot"));
    }
  }

  #person(person: Text): Person[][] {
    const users = this.#people.find(person.text);
    if (users.length > 0) return [users];
    this.#unknown(person, "unknownPerson", "person", this.#people.similar(person.text));
    return [];
  }

  #team(team: Text): Person[][] {
    const members = this.access.teams.get(team.text);
    if (members === undefined) {
      this.#unknown(team, "unknownTeam", "team", nearest(team.text, this.access.teams.keys(), 1));
      return [];
    }
    return [...members].flatMap((key) => {
      const person = this.access.people.get(key);
      return person === undefined ? [] : [this.#people.usersOf(person)];
    });
  }

  #sites(pattern: Text): SitesByOwner {
    const domain = normalizeDomain(pattern.text);
    const found: SitesByOwner = new Map();
    for (const { site, owner } of this.access.sites.values()) {
      if (!matchesPattern(domain, site)) continue;
      const others = found.get(owner);
      if (others === undefined) found.set(owner, [site]);
      else others.push(site);
    }
    if (found.size === 0) {
      this.#unknown(
        pattern,
        "unknownSite",
        "site",
        pattern.text.includes("*") ? [] : similarSites(this.access, domain),
      );
    }
    return found;
  }

  #unknown(
    { text, ...span }: Text,
    code: "unknownPerson" | "unknownTeam" | "unknownSite",
    what: string,
    meant: string[],
  ) {
    const suggestion = meant[0] === undefined ? "" : ` Did you mean ${quoted(meant[0])}?`;
    this.report(
      span,
      code,
      `The manifest has no ${what} ${quoted(text)}, so this test proves nothing.${suggestion} Correct it, or delete it here.`,
    );
  }

  /** People outside the test who reach sites. */
  #others(allowed: ReadonlySet<string>, sites: SitesByOwner): Phrase[] {
    return [...sites].flatMap(([owner, domains]) =>
      peopleInto(this.access, owner)
        .filter(({ person }) => !allowed.has(person.key))
        .map(({ person }) => this.#why([person], domains)),
    );
  }

  /** Those who reach sites, or who don't. */
  #those({ people }: Subject, sites: SitesByOwner, reach: boolean): Phrase[] {
    return people.flatMap((users) =>
      [...sites]
        .filter(([owner]) => users.some((user) => waysTo(this.access, owner, user).length > 0) === reach)
        .map(([, domains]) => this.#why(users, domains)),
    );
  }

  /** Why a person reaches sites of one client, or why not, as `why` prints it. */
  #why(users: Person[], sites: string[]): Phrase {
    const { person, ways, notReached } = whyReached(this.access, users, this.access.sites.get(sites[0]!)!);
    const reasons = [...ways.map((way) => this.#text.way(way)), ...notReached.map((why) => this.#text.notReached(why))];
    const verb = ways.length > 0 ? "reaches" : "does not reach";
    const who = this.#text.subjects.person(person);
    return phrase`${who} ${verb} ${enumerated(sites.map(name), EXPLAINED)}: ${who} ${joined(reasons, "; ")}.`;
  }

  #fail({ name: title, kind }: AccessTest, { source, start, end }: Text, failures: Phrase[]): void {
    if (failures.length === 0) return;
    const called = title === undefined ? `access test (${kind})` : `access test ${quoted(title)}`;
    const shown = failures.slice(0, EXPLAINED).map((failure) => rendered(failure, (each) => printable(each)));
    const left = failures.length - shown.length;
    const more = left > 0 ? [`${plural(left, "more reason")} ${left === 1 ? "is" : "are"} not shown.`] : [];
    this.report(
      source.span(start, end),
      "accessTestFailed",
      [`The ${called} fails.`, ...shown, ...more, "Correct the access, or change the test."].join(" "),
    );
  }
}
