import { whatIsReached } from "../answers/answers";
import { JsonAnswers } from "../answers/jsonAnswers";
import { TextAnswers } from "../answers/textAnswers";
import { answered, PERSON_HELP, requirePerson, SOURCE_HELP, SOURCE_OPTIONS } from "./answerSource";
import { defineCommand } from "./Command";
import { ExitCode } from "./ExitCode";

/** `aegir-access what`: everything that a person reaches. */
export const what = defineCommand({
  name: "what",
  summary: "shows which clients, sites and logins a person reaches, and until when",
  description: [PERSON_HELP, SOURCE_HELP],
  operands: { usage: "PERSON", least: 1, most: 1 },
  options: SOURCE_OPTIONS,
  exitCodes: {
    [ExitCode.ok]: "the person reaches at least one site",
    [ExitCode.found]: "the person is there, and reaches no site",
    [ExitCode.usage]: "invalid command line, configuration or manifest, or there is no such person",
  },
  examples: [
    ["what alice", "as the manifest in this directory declares it"],
    ["what alice@acme.example --live --stack production", "on the server, with access that is not declared"],
    ["what SHA256:kW8eJ...", "what the holder of this key reaches"],
  ],
  run({ values, operands }, context) {
    return answered(values, context, (access) => {
      const answer = whatIsReached(access, requirePerson(access, operands[0]!));
      return {
        hasAccess: (answer.administers ?? 0) > 0 || answer.clients.some(({ sites }) => sites.length > 0),
        facts: new JsonAnswers(access).what(answer),
        text: new TextAnswers(access).what(answer),
      };
    });
  },
});
