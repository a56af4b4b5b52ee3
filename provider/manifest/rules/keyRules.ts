/** Rules about public keys: valid, one person's alone, and with a login that they let in to. */
import { describeKey, parseAuthorizedKey } from "../../naming/AuthorizedKey";
import { userNameKey } from "../../naming/PanelUser";
import { quoted } from "../../text/quoted";
import { clientTitle, type ManifestEntries, type Text } from "../ManifestEntries";
import type { Roster } from "../Roster";
import { earlier, type RuleContext } from "./RuleContext";

/** A line with a key, and whose it is. */
interface HeldKey {
  line: Text;
  /** The name of the person, as it is written. */
  person: string;
}

export function checkKeys(
  { people, clients }: Pick<ManifestEntries, "people" | "clients">,
  context: RuleContext,
): void {
  const held = people.flatMap(({ name, keys }): HeldKey[] => keys.map((line) => ({ line, person: name.text })));
  for (const client of clients) {
    for (const { name, keys } of client.users) {
      held.push(...keys.map((line) => ({ line, person: name.text })));
      const [first] = keys;
      if (first === undefined || client.shellAccount !== undefined) continue;
      context.report(
        first,
        "keyWithoutLogin",
        `The ${clientTitle(client)} has no shellAccount, and so no login for this key. Write shellAccount: true at the client, or move the key to an entry of ${quoted(name.text)} in a client that has it.`,
      );
    }
  }
  checkHolders(held, context);
}

/** Keys can be put into logins of the server. */
export function checkKeysPossible(
  { people, clients }: Pick<ManifestEntries, "people" | "clients">,
  roster: Roster,
  context: RuleContext,
): void {
  const { keysProblem } = context.naming;
  if (keysProblem === undefined) return;
  const logins = clients.filter(({ shellAccount }) => shellAccount !== undefined);
  const users = new Set(logins.flatMap((client) => [...roster.keysOf(client)]));
  const holders = people.filter(({ id }) => users.has(roster.keyOf(id.text)));
  const [first] = [...holders, ...clients.flatMap((client) => client.users)].flatMap(({ keys }) => keys);
  if (first === undefined) return;
  context.report(
    first,
    "keysNeedRoot",
    `The keys of logins cannot be managed on this server: ${keysProblem.what}. ${keysProblem.next}.`,
  );
}

/** A key is valid, and one person's: who shares one cannot lose it alone. */
function checkHolders(held: readonly HeldKey[], context: RuleContext): void {
  const first = new Map<string, HeldKey>();
  for (const holder of held) {
    const key = parseAuthorizedKey(holder.line.text);
    if (typeof key === "string") {
      context.report(holder.line, "invalidAuthorizedKey", `This key ${key}.`);
      continue;
    }
    const other = earlier(first, key.blob, holder);
    if (other === undefined || userNameKey(other.person) === userNameKey(holder.person)) continue;
    for (const [one, two] of [
      [other, holder],
      [holder, other],
    ] as const) {
      context.report(
        one.line,
        "sharedKey",
        `The key ${describeKey({ ...key, comment: "" })} is the key of ${quoted(one.person)} here and of ${quoted(two.person)} on ${context.place(two.line, one.line)}. ` +
          "A key belongs to one person: give each a key of their own.",
        two.line,
      );
    }
  }
}
