import { phrase, plural } from "../../text/Phrase";
import { wholeNumber } from "../fields";
import type { RuleKind } from "../RuleKind";
import { clientText } from "../ruleText";
import { targetsOf } from "../scope";

/** No client has too many people. */
export const mostPeople: RuleKind<number> = {
  schema: wholeNumber(1, "5").meta({ description: "At most so many people may act for each of the rule's clients." }),
  judge(most, scope, access) {
    return targetsOf(scope, access)
      .filter(({ client }) => client.grants.length > most)
      .map(({ client }) => ({
        person: undefined,
        client,
        sites: [],
        ways: client.place ? [client.place] : [],
        says: phrase`${plural(client.grants.length, "person", "people")} act for ${clientText(client)}, and at most ${most} may`,
        parts: client.grants.map(({ person }) => person.key),
      }));
  },
};
