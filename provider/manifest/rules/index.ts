/** The rules about values and between entries, in the order in which their problems are found. */
import { dayProblems } from "../../naming/Day";
import type { ManifestEntries } from "../ManifestEntries";
import type { ManifestOptions } from "../ManifestOptions";
import type { Roster } from "../Roster";
import type { Report } from "../SourceText";
import { checkAccessRules } from "./accessRules";
import { checkClients } from "./clientRules";
import { checkEnds } from "./endRules";
import { checkAllowGains, checkAllowRemovals, checkKnownFindings } from "./exceptionRules";
import { checkKeys, checkKeysPossible } from "./keyRules";
import { checkOwners } from "./ownerRules";
import { checkNames, checkPeople } from "./peopleRules";
import { RuleContext } from "./RuleContext";
import { checkScopes } from "./scopeRules";
import { selectServer } from "./serverRule";
import { checkSites } from "./siteRules";
import { checkTeams } from "./teamRules";
import { checkUsers } from "./userRules";

/** @throws RangeError if `asOf` is not a day */
export function checkRules(
  entries: ManifestEntries,
  roster: Roster,
  asOf: string,
  options: ManifestOptions,
  report: Report,
  warn: Report,
): void {
  const [wrongDay] = dayProblems(asOf);
  if (wrongDay !== undefined) throw new RangeError(`asOf: ${wrongDay}`);
  const naming = selectServer(entries, options, report);
  const context = new RuleContext(asOf, naming, options.servers !== undefined, report, warn);
  if (entries.files.every(({ lacksClients }) => lacksClients)) {
    report(
      entries.files[0]!.firstLine,
      "missingKey",
      "clients is missing in this manifest. It must be a list of clients, each beginning with - name:.",
    );
  }
  checkOwners(entries, context);
  checkScopes(entries, context);
  checkClients(entries.clients, context);
  checkSites(entries.clients, context);
  checkPeople(entries.people, context);
  checkTeams(entries, roster, context);
  checkNames(entries.clients, roster, context);
  checkUsers(entries, roster, context);
  checkEnds(entries, roster, context);
  checkKeys(entries, context);
  // The configuration may have changed since.
  if (!options.deployed) checkKeysPossible(entries, roster, context);
  if (entries.allowRemovals !== undefined) checkAllowRemovals(entries.allowRemovals, context);
  if (entries.allowGains !== undefined) checkAllowGains(entries.allowGains, context);
  checkAccessRules(entries.rules, context);
  checkKnownFindings(entries.knownFindings, context);
}
