import { whyReached } from "../answers/answers";
import { JsonAnswers } from "../answers/jsonAnswers";
import { TextAnswers } from "../answers/textAnswers";
import { answered, PERSON_HELP, requirePerson, requireSite, SOURCE_HELP, SOURCE_OPTIONS } from "./answerSource";
import { defineCommand } from "./Command";
import { ExitCode } from "./ExitCode";

/** `aegir-access why`: every way of a person to a site. */
export const why = defineCommand({
  name: "why",
  summary: "shows every way in which a person reaches a site, or why the person does not",
  description: [
    `${PERSON_HELP} ` +
      "People who know the shared password of a shell login reach the site too. Who knows it is not recorded, so it is " +
      "not a way of PERSON and does not change the exit code.",
    SOURCE_HELP,
  ],
  operands: { usage: "PERSON SITE", least: 2, most: 2 },
  options: SOURCE_OPTIONS,
  exitCodes: {
    [ExitCode.ok]: "the person reaches the site",
    [ExitCode.found]: "the person does not reach the site; the output shows what is nearest",
    [ExitCode.usage]: "invalid command line, configuration or manifest, or there is no such person or site",
  },
  examples: [
    ["why bob shop.acme.example", "every way of bob, each with the line that declares it"],
    ["why bob shop.acme.example --live --stack production", "whether bob reaches it on the server, declared or not"],
  ],
  run({ values, operands }, context) {
    const [person, site] = operands as [string, string];
    return answered(values, context, (access) => {
      const answer = whyReached(access, requirePerson(access, person), requireSite(access, site));
      return {
        hasAccess: answer.ways.length > 0,
        facts: new JsonAnswers(access).why(answer),
        text: new TextAnswers(access).why(answer),
      };
    });
  },
});
