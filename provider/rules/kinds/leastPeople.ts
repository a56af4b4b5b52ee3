import { phrase, plural } from "../../text/Phrase";
import { wholeNumber } from "../fields";
import type { RuleKind } from "../RuleKind";
import { clientText } from "../ruleText";
import { targetsOf } from "../scope";

/** Every client has people enough. An end that was written counts as known, so that its coming holds nothing up. */
export const leastPeople: RuleKind<number> = {
  schema: wholeNumber(1, "2").meta({
    description: "At least so many people must be able to act for each of the rule's clients.",
  }),
  judge(least, scope, access) {
    return targetsOf(scope, access)
      .filter(({ client }) => client.declared && client.grants.length < least)
      .map(({ client }) => {
        const people = client.grants.length === 0 ? "no person" : plural(client.grants.length, "person", "people");
        const act = client.grants.length < 2 ? "acts" : "act";
        return {
          person: undefined,
          client,
          sites: [],
          ways: client.place ? [client.place] : [],
          says: phrase`${people} ${act} for ${clientText(client)}, and at least ${least} must`,
          parts: Array.from({ length: least - client.grants.length }, (_, missing) => `${missing}`),
          byTime: client.grants.length + client.ended.length >= least,
        };
      });
  },
};
