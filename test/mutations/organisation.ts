/** Breaks of what an organisation is written with: people, teams, several files, rules, and the answers about them. */
import type { WrittenMutation } from "./Mutation";

const people = "test/manifest/people.test.ts";
const files = "test/manifest/severalFiles.test.ts: manifest directory";
const accessTests = "test/answers/accessTests.test.ts: access tests";

export const organisation: WrittenMutation[] = [
  {
    name: "ignore the end of a team's entry",
    danger: "A team that was let in for a month keeps its access for ever.",
    file: "provider/manifest/expandTeams.ts",
    find: "const way = wayOf(entry.team, entry.team.text, entry);",
    replace: "const way = wayOf(entry.team, entry.team.text, { ...entry, expires: undefined });",
    caughtBy: `${people}: teams: a way that has ended is left out, and the person with the last one`,
  },
  {
    name: "ignore the end of a person where an entry lasts longer",
    danger: "Who has left the organisation keeps access by every entry that has an end of its own.",
    file: "provider/manifest/expandTeams.ts",
    find: "ends !== undefined && (last === undefined || ends < last) ? ends : last;",
    replace: "last ?? ends;",
    caughtBy: `${people}: teams: a person is bound once, with every way, until the last of them or the person ends`,
  },
  {
    name: "keep people in their teams after their last day",
    danger: "A rule lets in a person who has left, because one of its teams still has the name.",
    file: "provider/manifest/normalForm.ts",
    find: "filter((key) => !hasEnded(roster.recordOf(key)?.ends, asOf))",
    replace: "filter((key) => roster.recordOf(key)?.ends !== null)",
    caughtBy: `${people}: teams: hold the people of the teams in them, without those who have ended`,
  },
  {
    name: "keep everybody of a team that a team no longer contains",
    danger: "Who is only in the inner team keeps access after that team was taken out of the outer one.",
    file: "provider/manifest/Roster.ts",
    find: "for (const [key, mention] of inner.people) people.set(key, mention);",
    replace:
      "for (const [key, mention] of [...this.#members.values()].flatMap((all) => [...all.people])) people.set(key, mention);",
    caughtBy:
      "test/review/teams.test.ts: teams: effective access equals that of a model which asks of every person and client",
  },
  {
    name: "judge a team by the people that it had before the change",
    danger: "A person put into a forbidden team and given access in one change passes the rule.",
    file: "provider/rules/RuledAccess.ts",
    find: "teams: new Map([...before.teams, ...after.teams]),",
    replace: "teams: new Map([...after.teams, ...before.teams]),",
    caughtBy: "test/rules/lifted.test.ts: rules and changes: refuses the ways round a rule of the change before it",
  },
  {
    name: "let a key in a login pass the rules",
    danger: "A person whom a rule keeps out gets in with a key that was left in the login, and no audit names it.",
    file: "provider/inventory/ruledServer.ts",
    find: 'typeof text === "string" ? keyHolders',
    replace: 'typeof text === "object" ? keyHolders',
    caughtBy:
      "test/inventory/rules.test.ts: audit: a key in a login gives reach to the person whose it is, bound or not",
  },
  {
    name: "ignore the key of a user who is blocked in the panel",
    danger: "An access test or an answer says that nobody else gets in, and a blocked user's key still does.",
    file: "provider/answers/ways.ts",
    find: "...(keys.length > 0 ? [{",
    replace: "...(keys.length > 0 && !person.blocked ? [{",
    caughtBy: "test/answers/answers.test.ts: ways: a user who is blocked in the panel still gets in with a key",
  },
  {
    name: "check no scope of a file for clients",
    danger: "Who may change only one file gives access to a client of others.",
    file: "provider/manifest/rules/scopeRules.ts",
    find: "checkClient(client, scope.clients, context);",
    replace: "checkClient(client, undefined, context);",
    caughtBy: `${files}: refuses a client and sites outside the scope of the file`,
  },
  {
    name: "check no scope of a file for sites",
    danger: "Who may change only one file gives access to a site of others.",
    file: "provider/manifest/rules/scopeRules.ts",
    find: "checkSites(client, scope.sites, context);",
    replace: "checkSites(client, undefined, context);",
    caughtBy: `${files}: refuses a client and sites outside the scope of the file`,
  },
  {
    name: "accept a site in two files",
    danger: "A site has two owners, and which of them gets it depends on the order of the files.",
    file: "provider/manifest/rules/siteRules.ts",
    find: "if (first === undefined) continue;",
    replace: "if (first === undefined || first.site.source !== site.source) continue;",
    caughtBy: `${files}: refuses a site in two files`,
  },
  {
    name: "ask for the approval of one side only",
    danger: "The owners of one file take a client from those of another, who are not asked.",
    file: "provider/review/approvals.ts",
    find: "for (const owned of [old, now]) {",
    replace: "for (const owned of [now]) {",
    caughtBy: "test/review/approvals.test.ts: approvals: a client that changes hands needs the owners before and after",
  },
  {
    name: "let a change widen the scope of a file and use it",
    danger: "A scope is no limit: the owners of the file lift it in the pull request that leaves it.",
    file: "provider/review/RemovalLimit.ts",
    find: "    ...scopeRefusals(difference),\n",
    replace: "",
    caughtBy:
      "test/review/pullRequests.test.ts: pull request comment: matches the golden file of 33-scope-widened-and-used",
  },
  {
    name: "pass an access test of an unknown person",
    danger: "A test with a misspelt name passes, and proves nothing, for as long as it is there.",
    file: "provider/answers/accessTests.ts",
    find: 'this.#unknown(person, "unknownPerson", "person", this.#people.similar(person.text));',
    replace: "",
    caughtBy: `${accessTests}: reports cannot: { people: [bbo], sites: [www.acme.example] }`,
  },
  {
    name: "count a blocked user as one who no longer uses the access",
    danger: "A blocked user is reported at every audit, and the findings that matter are lost among such.",
    file: "provider/inventory/unused.ts",
    find: "const reachesSites = user.active && uid",
    replace: "const reachesSites = uid",
    caughtBy:
      "test/inventory/unused.test.ts: unused: leaves out blocked users, users without a client and user 1, and names administrators",
  },
];
