import { z } from "zod";
import { phrase } from "../../text/Phrase";
import type { RuleKind } from "../RuleKind";
import { reachText } from "../ruleText";
import { targetsOf } from "../scope";

/** Nobody who acts for a client is an administrator, who sees every site whatever is declared. */
export const noAdministrators: RuleKind<true> = {
  schema: z.literal(true, { error: "must be true" }).meta({
    description:
      "No person who acts for the rule's clients may be an administrator of the panel. Only a server knows: `audit` and `plan` look.",
  }),
  judge(_value, scope, access) {
    return targetsOf(scope, access).flatMap((target) =>
      target.client.grants
        .filter(({ person }) => person.administrator)
        .map(({ person, ways }) => ({
          ...target,
          person,
          ways,
          says: phrase`${reachText(person, target)}, and is an administrator of the panel`,
        })),
    );
  },
};
