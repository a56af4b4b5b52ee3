import { matchesPattern } from "../../naming/Pattern";
import { enumerated, name, phrase } from "../../text/Phrase";
import { domains } from "../fields";
import type { RuleKind } from "../RuleKind";
import { reachText } from "../ruleText";
import { targetsOf } from "../scope";

/** People have addresses of these domains only. Without a `people` record or a server, no address is known. */
export const mailDomains: RuleKind<string[]> = {
  schema: domains.meta({
    description:
      "Only people with mail addresses of these domains may act for the rule's clients. A `*` stands for any characters. `lint` knows the addresses that the manifest writes, `audit` those of the panel.",
  }),
  judge(allowed, scope, access) {
    const patterns = allowed.map((domain) => domain.toLowerCase());
    const isForeign = (mail: string) =>
      !patterns.some((pattern) => matchesPattern(pattern, mail.slice(mail.lastIndexOf("@") + 1)));
    return targetsOf(scope, access).flatMap((target) =>
      target.client.grants.flatMap(({ person, ways }) => {
        const mail = person.mails.find(isForeign);
        if (mail === undefined) return [];
        const says = phrase`${reachText(person, target)} with the address ${name(mail)}, and only addresses of ${enumerated(allowed.map(name), 5)} may`;
        return [{ ...target, person, ways, says }];
      }),
    );
  },
};
