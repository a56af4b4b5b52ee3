/** A picture of access as one HTML page, which loads nothing else: what can this person reach, who can reach this site. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeKey } from "../naming/AuthorizedKey";
import { jsonInScript } from "../text/jsonText";
import { printable } from "../text/printable";
import type { Binding, EffectiveAccess } from "./EffectiveAccess";
import { lastUseText } from "./lastUse";

/** The page without its data. Names reach it as JSON alone, and its script sets them as text alone. */
let template: string | undefined;

export function accessPage(access: EffectiveAccess): string {
  template ??= withHashes(readFileSync(join(__dirname, "page.html"), "utf8"));
  return template.replace("PAGE_DATA", () => jsonInScript(pageData(access)));
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

/** Clients, sites and people, which refer to each other by index. */
function pageData(access: EffectiveAccess): object {
  const people = [...access.people.values()];
  const sites = [...access.sites.values()];
  const clients = [...access.clients.values()];
  const indexOf = <T>(items: T[], key: (item: T) => string) => new Map(items.map((item, index) => [key(item), index]));
  const [personIndex, siteIndex, clientIndex] = [
    indexOf(people, ({ key }) => key),
    indexOf(sites, ({ site }) => site),
    indexOf(clients, ({ internalName }) => internalName),
  ];
  const binding = ({ person, expires, reason, keys = [] }: Binding) => ({
    person: personIndex.get(person.key),
    expires: expires ?? null,
    reason: reason === undefined ? null : printable(reason),
    keys: keys.map(describeKey),
  });
  return {
    asOf: access.asOf,
    server: access.server ?? null,
    people: people.map(({ name, by, blocked, administrator, lastUse }) => ({
      name: printable(name),
      by,
      blocked,
      administrator,
      lastUse: lastUse === undefined ? null : lastUseText(lastUse),
    })),
    sites: sites.map(({ site, owner }) => ({ site: printable(site), owner: clientIndex.get(owner ?? "") ?? null })),
    clients: clients.map(({ internalName, name, passwordEnds, bindings }) => ({
      client: printable(internalName),
      name: printable(name),
      login: access.loginOf(internalName) === undefined ? null : printable(access.loginName(internalName)),
      passwordEnds: passwordEnds ?? null,
      sites: access.sitesOf(internalName).map((site) => siteIndex.get(site)),
      people: [...bindings.values()].filter(({ ended }) => !ended).map(binding),
    })),
  };
}
