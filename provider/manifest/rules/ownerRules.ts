/** Rules about code owners: names that GitHub and GitLab understand in CODEOWNERS. */
import { mailProblems } from "../../naming/PanelUser";
import { quoted } from "../../text/quoted";
import type { ManifestEntries, Text } from "../ManifestEntries";
import { earlier, type RuleContext } from "./RuleContext";

/** `@user`, `@organisation/team`, `@group/subgroup`, and the roles of GitLab, as `@@maintainers`. */
const HANDLE = /^@@?[\w.-]+(\/[\w.-]+)*$/;

export function checkOwners({ files, clients }: ManifestEntries, context: RuleContext): void {
  for (const { owners } of [...files, ...clients]) {
    const seen = new Map<string, Text>();
    for (const owner of owners) {
      if (!HANDLE.test(owner.text) && mailProblems(owner.text).length > 0) {
        context.report(
          owner,
          "invalidOwner",
          `${quoted(owner.text)} is not a code owner. Write @user, @organisation/team or a mail address.`,
        );
      } else if (earlier(seen, owner.text.toLowerCase(), owner) !== undefined) {
        context.report(
          owner,
          "invalidOwner",
          `The owner ${quoted(owner.text)} is listed twice. Delete one of the two.`,
        );
      }
    }
  }
}
