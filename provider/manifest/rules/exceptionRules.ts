/** Rules about what a manifest confirms for a time: removals, and findings of `audit`. */
import { isInternalName } from "../../naming/InternalName";
import { userNameProblems } from "../../naming/PanelUser";
import { siteDomainProblems } from "../../naming/SiteDomain";
import { quoted } from "../../text/quoted";
import { LONGEST_ALLOWANCE_DAYS, LONGEST_KNOWN_FINDING_DAYS } from "../Manifest";
import type { AllowanceEntry, KnownFindingEntry, Text } from "../ManifestEntries";
import { earlier, type RuleContext } from "./RuleContext";

export function checkAllowRemovals(allowance: AllowanceEntry, context: RuleContext): void {
  const { key, reason, grants, clients, sites, users } = allowance;
  context.checkReason(reason, "TICKET-12, the customer leaves");
  for (const site of sites) context.reportAll(site, "invalidDomain", siteDomainProblems(site.text));
  for (const client of clients) {
    if (isInternalName(client.text)) continue;
    context.report(
      client,
      "invalidInternalName",
      `allowRemovals names clients by their internal names, and ${quoted(client.text)} is none.`,
    );
  }
  for (const user of users) {
    // A person whom only a mail address names is allowed for by that.
    const problems = user.text.includes("@") ? [] : userNameProblems(user.text);
    context.reportAll(user, "invalidUserName", problems);
  }
  if (grants === 0 && clients.length + sites.length + users.length === 0) {
    context.report(
      key,
      "allowsNothing",
      "allowRemovals allows nothing. Write grants, clients, sites or users, as the refusal shows them, or delete it.",
    );
  }
  checkAllowanceEnd("allowRemovals", allowance, context);
}

export function checkAllowGains(allowance: AllowanceEntry, context: RuleContext): void {
  context.checkReason(allowance.reason, "TICKET-12, the new agency");
  checkAllowanceEnd("allowGains", allowance, context);
}

function checkAllowanceEnd(field: string, { key, until }: AllowanceEntry, context: RuleContext): void {
  const days = context.daysOfException(until, `${field} may hold for`, LONGEST_ALLOWANCE_DAYS);
  if (until !== undefined && days !== undefined && days < 0) {
    context.warn(key, "allowanceEnded", `${field} ended on ${until.text} and allows nothing any more. Delete it.`);
  }
}

export function checkKnownFindings(known: readonly KnownFindingEntry[], context: RuleContext): void {
  const seen = new Map<string, Text>();
  for (const { finding, reason, until } of known) {
    context.checkReason(reason, "TICKET-12, moves in spring");
    const first = finding && earlier(seen, finding.text, finding);
    if (finding && first !== undefined) {
      context.report(
        finding,
        "duplicateFinding",
        `The finding ${quoted(finding.text)} is listed twice, first on ${context.place(first, finding)}. Delete one of the two.`,
        first,
      );
    }
    const days = context.daysOfException(until, "A known finding may stay so for", LONGEST_KNOWN_FINDING_DAYS);
    if (until !== undefined && days !== undefined && days < 0) {
      context.warn(
        until,
        "knownFindingEnded",
        `This known finding ended on ${until.text}, and \`audit\` alarms again. Fix it, or write a later day.`,
      );
    }
  }
}
