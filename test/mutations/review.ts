/** Breaks of what a reviewer relies on: the manifest's meaning, and the removal limit. */
import type { WrittenMutation } from "./Mutation";

export const review: WrittenMutation[] = [
  {
    name: "judge a change by its own rules alone",
    danger: "Who gives access that a rule forbids removes the rule in the same pull request.",
    file: "provider/rules/judge.ts",
    find: "const former = before.rules.flatMap((rule) => {",
    replace: "const former = before.rules.slice(0, 0).flatMap((rule) => {",
    caughtBy:
      "test/rules/lifted.test.ts: rules and changes: refuses to remove a rule and to use the freedom in one change, and allows it in two",
  },
  {
    name: "let a change write an exception from a rule that was never to have one",
    danger: "A rule of the level never is lowered and got round in one pull request.",
    file: "provider/rules/judge.ts",
    find: 'const allow = rule.level === "never" ? []',
    replace: 'const allow = rule.level === "advise" ? []',
    caughtBy:
      "test/rules/lifted.test.ts: rules and changes: refuses what a rule before it forbids, whatever it makes of the rule",
  },
  {
    name: "forget what a person was before the change that is judged",
    danger: "A person leaves the team that must not reach the bank and reaches the bank, in one pull request.",
    file: "provider/rules/RuledAccess.ts",
    find: "const formerly = found.filter((former) => former !== undefined);",
    replace: "const formerly = found.slice(0, 0).filter((former) => former !== undefined);",
    caughtBy:
      "test/rules/lifted.test.ts: rules and changes: a person stays what the rules before the change saw in the person",
  },
  {
    name: "let the passing of days break a rule and hold up revocations",
    danger: "The night on which a deputy's access ends, nothing is revoked any more.",
    file: "provider/rules/judge.ts",
    find: "return allowance !== undefined || violation.byTime === true;",
    replace: "return allowance !== undefined && violation.byTime === true;",
    caughtBy:
      "test/rules/rules.test.ts: rules: only the passing of days is a warning, so that no revocation waits for it",
  },
  {
    name: "removal limit off",
    danger: "A file that was emptied by mistake takes everybody's access in one deployment.",
    file: "provider/review/RemovalLimit.ts",
    find: "if (!isAll && (lost < limits.atLeast || lost * 100 <= of * limits.percent)) return [];",
    replace: "if (!isAll && (lost < limits.atLeast || of > 0)) return [];",
    caughtBy: "test/review/removalLimit.test.ts: removal limit: allows 30 percent of the grants, and not more",
  },
  {
    name: "let a client that stays lose its last people",
    danger: "In a small organisation a slip takes everybody from a client, and no limit is reached.",
    file: "provider/review/RemovalLimit.ts",
    find: "if (keepsPeople && keepsSites) return [];",
    replace: "if (keepsPeople || keepsSites) return [];",
    caughtBy:
      "test/review/removalLimit.test.ts: removal limit: a client that stays keeps a person and a site at any size, unless allowRemovals names it",
  },
  {
    name: "take a failed preview for an empty one",
    danger: "A program that throws is reviewed as a change that nobody is concerned by.",
    file: "provider/review/fromPreview.ts",
    find: "if (errors.length > 0) throw",
    replace: "if (errors.length > steps.length + 1000) throw",
    caughtBy: "test/cli/review.test.ts: review --preview: exits with 2 for a preview whose program threw",
  },
  {
    name: "take the removal limit from the change itself",
    danger: "Who takes access away lifts the limit in the same pull request.",
    file: "provider/review/RemovalLimit.ts",
    find: "const limits = before.removalLimit;",
    replace: "const limits = after.removalLimit;",
    caughtBy:
      "test/review/removalLimit.test.ts: removal limit: applies the limits from before the change, which were reviewed",
  },
  {
    name: "take an administrator's edit of a user for a use",
    danger: "An account that its owner never used is not reported.",
    file: "provider/review/lastUse.ts",
    find: "lastLogin === null ? null : Math.max(lastLogin, lastAccess ?? 0)",
    replace: "lastLogin === null ? (lastAccess ?? null) : Math.max(lastLogin, lastAccess ?? 0)",
    caughtBy:
      "test/inventory/unused.test.ts: unused: an access without a login is what an administrator did to the user",
  },
  {
    name: "count the days of the last use on the clock of this machine",
    danger: "With a server whose clock is wrong, people who use the panel are reported, or nobody is.",
    file: "provider/inventory/unused.ts",
    find: "const asOf = dayOf(inventory.takenAt);",
    replace: "const asOf = dayOf(Date.now() / 1000);",
    caughtBy:
      "test/inventory/unused.test.ts: unused: names the person, the clients, the sites and the day of the last use",
  },
  {
    name: "let a protected site go",
    danger: "The one site that must not change hands does.",
    file: "provider/review/RemovalLimit.ts",
    find: "if (!protect || owner === undefined || (to !== undefined && to === matchedClients.get(owner))) return [];",
    replace: "if (!protect || owner === undefined || to !== undefined) return [];",
    caughtBy:
      "test/review/removalLimit.test.ts: removal limit: a protected site may only move to another client, and only if allowRemovals names it",
  },
  {
    name: "take an expired binding as present",
    danger: "Access that was granted for a month lasts for ever.",
    file: "provider/manifest/normalForm.ts",
    find: ".filter((user) => user.ended === ended)",
    replace: ".filter((user) => !ended || user.ended)",
    caughtBy:
      "test/stack/lastDeployment.test.ts: takes away what has expired on the day after its last one, however much it is",
  },
  {
    name: "take two spellings for two names",
    danger: "A person who was removed under one spelling keeps access under the other.",
    file: "provider/naming/PanelUser.ts",
    find: "export function userNameKey(value: string): string {\n  return rawName(value).trim().toLowerCase();",
    replace: "export function userNameKey(value: string): string {\n  return rawName(value).trim();",
    caughtBy: "test/faults/hostile.test.ts: row 50: all problems of a manifest are in one report",
  },
  {
    name: "take a name that only looks like another for a plain one",
    danger: "A stranger is bound whose name a reviewer cannot tell from that of a colleague.",
    file: "provider/naming/PanelUser.ts",
    find: 'return problems.length > 0 ? problems : spellingProblems(written, "The user\'s name");',
    replace: 'return problems.length > 0 ? problems : spellingProblems(written, "The user\'s name").slice(1);',
    caughtBy: "test/manifest/badManifests.test.ts: manifest: refuses names that could be mistaken for others",
  },
  {
    name: "call access unchanged that the state may take away",
    danger: "A removed line is planned as no change, and its deployment takes the access.",
    file: "provider/inventory/Plan.ts",
    find: "undecided: undecided || undeclaredIds(undeclared).length > 0,",
    replace: "undecided: undecided && undeclaredIds(undeclared).length > 0,",
    caughtBy:
      "test/cli/plan.test.ts: plan: does not claim that nothing changes after a line was removed, because the stack's state decides",
  },
  {
    name: "let a name be Markdown",
    danger: "A name mentions people, shows a link, or hides the line that says who loses access.",
    file: "provider/text/markdown.ts",
    find: 'const ticks = "`".repeat(longestRun(line) + 1);',
    replace: 'const ticks = "`";',
    caughtBy:
      "test/review/markdownReview.test.ts: Markdown review: shows a name only as inline code, never as HTML, link, image, mention or new line",
  },
  {
    name: "follow a link of a pull request",
    danger: "A review of a manifest that is a link shows a file of the machine in a public comment.",
    file: "provider/cli/git.ts",
    find: 'isRegularFile: type === "blob" && mode !== "120000",',
    replace: 'isRegularFile: type === "blob" && mode !== "160000",',
    caughtBy:
      "test/cli/review.test.ts: review: never passes an argument to git as an option, and follows no symbolic link",
  },
];
