import { z } from "zod";
import { phrase } from "../../text/Phrase";
import { people, teams } from "../fields";
import type { Selection } from "../Rule";
import type { RuleKind } from "../RuleKind";
import { reachText, selectionText } from "../ruleText";
import { everSelector, targetsOf } from "../scope";

/** These people never reach the rule's clients and sites. */
export const never: RuleKind<Selection> = {
  schema: z
    .strictObject(
      { people: people("These people may not."), teams: teams("No one in these teams may.") },
      { error: "must be a map with people or teams" },
    )
    .meta({ title: "never map", description: "These people may not act for the rule's clients or reach its sites." }),
  judge(selection, scope, access) {
    const isSelected = everSelector(selection, access);
    return targetsOf(scope, access).flatMap((target) =>
      target.client.grants
        .filter(({ person }) => isSelected(person))
        .map(({ person, ways }) => ({
          ...target,
          person,
          ways,
          says: phrase`${reachText(person, target)}, and ${selectionText(selection)} may not`,
        })),
    );
  },
};
