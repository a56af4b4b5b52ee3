import { z } from "zod";
import { daysBetween } from "../../naming/Day";
import { name, phrase, plural } from "../../text/Phrase";
import { wholeNumber } from "../fields";
import type { RuleKind } from "../RuleKind";
import { reachText } from "../ruleText";
import { targetsOf } from "../scope";

/** External people have an end, and not one that is far away. */
export const externalsEnd: RuleKind<{ within: number }> = {
  schema: z
    .strictObject(
      { within: wholeNumber(1, "90").meta({ description: "At most so many days ahead." }) },
      { error: "must be a map such as { within: 90 }" },
    )
    .meta({
      title: "externalsEnd map",
      description: "External people may act for the rule's clients only until a given day.",
    }),
  judge({ within }, scope, access) {
    return targetsOf(scope, access).flatMap((target) =>
      target.client.grants
        .filter(({ person, expires }) => {
          return person.external && (expires === undefined || daysBetween(access.asOf, expires) > within);
        })
        .map(({ person, expires, ways }) => {
          const until = expires === undefined ? "without an end" : phrase`until ${name(expires)}`;
          const limit = `and external people need an end within ${plural(within, "day")}`;
          return { ...target, person, ways, says: phrase`${reachText(person, target)} ${until}, ${limit}` };
        }),
    );
  },
};
