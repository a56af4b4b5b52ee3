/** Rules about sites: each has one owner, and takeOverFrom names another client. */
import { clientNameKey } from "../../naming/ClientName";
import { deriveInternalName } from "../../naming/InternalName";
import { siteDomainProblems } from "../../naming/SiteDomain";
import { rawName } from "../../naming/SpelledName";
import { quoted } from "../../text/quoted";
import { type ClientEntry, clientTitle, type Text } from "../ManifestEntries";
import { earlier, type RuleContext } from "./RuleContext";

export function checkSites(clients: readonly ClientEntry[], context: RuleContext): void {
  const owners = new Map<string, { site: Text; client: ClientEntry }>();
  for (const client of clients) {
    for (const { site, normalForm, takeOverFrom } of client.sites) {
      if (takeOverFrom !== undefined) checkTakeOver(takeOverFrom, client, clients, context);
      const problems = siteDomainProblems(site.text);
      context.reportAll(site, "invalidDomain", problems);
      if (problems.length > 0) continue;
      const first = earlier(owners, normalForm, { site, client });
      if (first === undefined) continue;
      const spelling = first.site.text === site.text ? "" : ` (there ${quoted(first.site.text)})`;
      const place = `${context.place(first.site, site)}${spelling}`;
      if (first.client === client) {
        context.report(
          site,
          "duplicateSite",
          `The site ${quoted(site.text)} is listed twice in this client, first on ${place}. Delete one of the two.`,
        );
      } else {
        context.report(
          site,
          "siteWithTwoOwners",
          `The site ${quoted(site.text)} has two owners: the ${clientTitle(first.client)} on ${place} and the ${clientTitle(client)} here. ` +
            "A site belongs to exactly one client. Delete one of the two.",
          first.site,
        );
      }
    }
  }
  for (const [domain, { site }] of owners) {
    const bare = domain.startsWith("www.") ? owners.get(domain.slice(4)) : undefined;
    if (bare === undefined) continue;
    context.warn(
      site,
      "perhapsAnAlias",
      `${quoted(site.text)} and ${quoted(bare.site.text)} on ${context.place(bare.site, site)} are often one site and its alias, and an alias has no owner. ` +
        "If the panel shows only one of them as a site, delete the other.",
      bare.site,
    );
  }
}

function checkTakeOver(
  loser: Text,
  client: ClientEntry,
  clients: readonly ClientEntry[],
  { naming, report }: RuleContext,
): void {
  if (loser.text === client.internalName?.text) {
    report(
      loser,
      "takeOverFromItself",
      `takeOverFrom names this client itself. Write the internal name of the client that loses the site, or delete it.`,
    );
  } else if (!/^[a-z0-9_.-]+$/.test(loser.text)) {
    const titled = clients.find(({ name }) => name && clientNameKey(name.text) === clientNameKey(loser.text));
    const instead = titled?.internalName?.text ?? deriveInternalName(rawName(loser.text), naming.clientPrefix);
    const advice = instead
      ? `Write ${quoted(instead)} if that client is meant.`
      : "Write the internal name as the panel shows it.";
    report(
      loser,
      "invalidInternalName",
      `takeOverFrom must be an internal name, but is ${quoted(loser.text)}. ${advice}`,
    );
  }
}
