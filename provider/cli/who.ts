import { whoReaches } from "../answers/answers";
import { JsonAnswers } from "../answers/jsonAnswers";
import { TextAnswers } from "../answers/textAnswers";
import { answered, requireSite, SOURCE_HELP, SOURCE_OPTIONS } from "./answerSource";
import { defineCommand } from "./Command";
import { ExitCode } from "./ExitCode";

/** `aegir-access who`: everybody who reaches a site. */
export const who = defineCommand({
  name: "who",
  summary: "shows who reaches a site, in which way and until when",
  description: [
    "Shows three ways to a site: through Aegir's panel, with a key of one's own in the client's shell login, and with the " +
      "shared password of that login. Shows the team, the last day and the reason, and where the manifest declares it.",
    SOURCE_HELP,
  ],
  operands: { usage: "SITE", least: 1, most: 1 },
  options: SOURCE_OPTIONS,
  exitCodes: {
    [ExitCode.ok]: "a person or a shell login reaches the site",
    [ExitCode.found]: "the site is there, and no person and no shell login reaches it",
    [ExitCode.usage]: "invalid command line, configuration or manifest, or there is no such site",
  },
  examples: [
    ["who www.acme.example", "as the manifest in this directory declares it"],
    ["who www.acme.example --revision v12 --as-of 2026-03-01", "who reached it on that day, as it was declared then"],
    ["who www.acme.example --live --stack production", "on the server, with administrators and undeclared access"],
  ],
  run({ values, operands }, context) {
    return answered(values, context, (access) => {
      const answer = whoReaches(access, requireSite(access, operands[0]!));
      return {
        hasAccess: answer.people.length > 0 || answer.login !== undefined,
        facts: new JsonAnswers(access).who(answer),
        text: new TextAnswers(access).who(answer),
      };
    });
  },
});
