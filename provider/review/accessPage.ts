/**
 * A picture of access as one HTML page, which loads nothing else: what can this person reach, who can reach this site, who is
 * in this team, what is in this file, and which rules the access breaks.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeKey } from "../naming/AuthorizedKey";
import { brokenText } from "../rules/brokenText";
import { type BrokenRule, brokenRules } from "../rules/judge";
import { jsonInScript } from "../text/jsonText";
import { rendered } from "../text/Phrase";
import { printable } from "../text/printable";
import type { Binding, EffectiveAccess } from "./EffectiveAccess";
import { lastUseText } from "./lastUse";

/** The page without its data. Names reach it as JSON alone, and its script sets them as text alone. */
let template: string | undefined;

/** @param broken the rules that the access breaks; those of the manifest that it is of, unless others are given */
export function accessPage(access: EffectiveAccess, broken: readonly BrokenRule[] = brokenOf(access)): string {
  template ??= withHashes(readFileSync(join(__dirname, "page.html"), "utf8"));
  return template.replace("PAGE_DATA", () => jsonInScript(pageData(access, broken)));
}

function brokenOf({ ruled }: EffectiveAccess): BrokenRule[] {
  return ruled === undefined ? [] : brokenRules(ruled.rules, ruled.access);
}

/** The style and the script of the page, and nothing else, are let run by its own policy. */
function withHashes(html: string): string {
  const hash = (element: RegExp): string => {
    const content = element.exec(html)?.[1] ?? "";
    return `sha256-${createHash("sha256").update(content).digest("base64")}`;
  };
  return html
    .replace("STYLE_HASH", hash(/<style>([^]*?)<\/style>/))
    .replace("SCRIPT_HASH", hash(/<script>([^]*?)<\/script>/));
}

/** Clients, sites, people, teams and files, which refer to each other by index. */
function pageData(access: EffectiveAccess, broken: readonly BrokenRule[]): object {
  const people = [...access.people.values()];
  const sites = [...access.sites.values()];
  const clients = [...access.clients.values()];
  const indexOf = <T>(items: T[], key: (item: T) => string) => new Map(items.map((item, index) => [key(item), index]));
  const [personIndex, siteIndex, clientIndex] = [
    indexOf(people, ({ key }) => key),
    indexOf(sites, ({ site }) => site),
    indexOf(clients, ({ internalName }) => internalName),
  ];
  const teamNames = [...access.teams.keys()];
  const files = [...access.files.values()].filter(({ path }) => path !== "");
  const [teamIndex, fileIndex] = [indexOf(teamNames, (name) => name), indexOf(files, ({ path }) => path)];
  const indexesIn = (index: ReadonlyMap<string, number>, keys: Iterable<string> = []) =>
    [...keys].flatMap((key) => index.get(key) ?? []);
  const binding = ({ person, expires, reason, keys = [], ways = [] }: Binding) => ({
    person: personIndex.get(person.key),
    teams: indexesIn(teamIndex, new Set(ways.flatMap(({ team }) => team ?? []))),
    expires: expires ?? null,
    reason: reason === undefined ? null : printable(reason),
    keys: keys.map(describeKey),
  });
  return {
    asOf: access.asOf,
    server: access.server ?? null,
    rules: broken.map((each) => ({
      rule: printable(each.rule.rule),
      text: rendered(brokenText(each), (name) => printable(name)),
      person: personIndex.get(each.violation.person?.key ?? "") ?? null,
      client: clientIndex.get(each.violation.client?.internalName ?? "") ?? null,
    })),
    teams: teamNames.map((name) => ({
      name: printable(name),
      people: indexesIn(personIndex, access.teams.get(name)),
      teams: indexesIn(teamIndex, access.teamsIn.get(name)),
    })),
    files: files.map(({ path, owners }) => ({
      path: printable(path),
      owners: owners.map((owner) => printable(owner)),
    })),
    people: people.map(({ name, by, blocked, administrator, lastUse, external = false, ends }) => ({
      name: printable(name),
      external,
      ends: ends ?? null,
      by,
      blocked,
      administrator,
      lastUse: lastUse === undefined ? null : lastUseText(lastUse),
    })),
    sites: sites.map(({ site, owner }) => ({ site: printable(site), owner: clientIndex.get(owner ?? "") ?? null })),
    clients: clients.map(({ internalName, name, passwordEnds, bindings, owners = [], path }) => ({
      owners: owners.map((owner) => printable(owner)),
      file: fileIndex.get(path ?? "") ?? null,
      client: printable(internalName),
      name: printable(name),
      login: access.loginOf(internalName) === undefined ? null : printable(access.loginName(internalName)),
      passwordEnds: passwordEnds ?? null,
      sites: access.sitesOf(internalName).map((site) => siteIndex.get(site)),
      people: [...bindings.values()].filter(({ ended }) => !ended).map(binding),
    })),
  };
}
