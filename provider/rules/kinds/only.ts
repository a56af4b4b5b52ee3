import { z } from "zod";
import { phrase } from "../../text/Phrase";
import { people, teams } from "../fields";
import type { Selection } from "../Rule";
import type { RuleKind } from "../RuleKind";
import { reachText, selectionText } from "../ruleText";
import { selector, targetsOf } from "../scope";

/** Only these people reach the rule's clients and sites. */
export const only: RuleKind<Selection> = {
  schema: z
    .strictObject(
      { people: people("These people may."), teams: teams("Everyone in these teams may.") },
      { error: "must be a map with people or teams" },
    )
    .meta({ title: "only map", description: "Only these people may act for the rule's clients and reach its sites." }),
  judge(selection, scope, access) {
    const isSelected = selector(selection, access);
    return targetsOf(scope, access).flatMap((target) =>
      target.client.grants
        .filter(({ person }) => !isSelected(person))
        .map(({ person, ways }) => ({
          ...target,
          person,
          ways,
          says: phrase`${reachText(person, target)}, and only ${selectionText(selection)} may`,
        })),
    );
  },
};
