/**
 * What a deployment does with a panel user's access to a client. The worker decides in the transaction that writes it
 * (`bind` and `ensureUser` in writes.php); `plan` shows it by this. test/random/plan.test.ts holds the two together.
 */
import { mailKey } from "../naming/PanelUser";
import type { UserFacts } from "../worker/facts";

export interface DeclaredBinding {
  expectedUid?: number | undefined;
  createUser?: { email: string } | undefined;
}

export type LiveUser = Pick<UserFacts, "uid" | "name" | "mail">;

/** Panel users that matter for one declared user. */
export interface LiveUsers {
  /** The user of the declared name. */
  named: LiveUser | undefined;
  isBound: boolean;
  /** Users with the address that a new user would get. */
  mailed: readonly LiveUser[];
}

/**
 * - `adopt`: the user is bound already, and nothing is written
 * - `bind`: an existing user is bound
 * - `create`: a user is made and bound
 * - `refuse`: it is not sure who is meant; nothing is written
 */
export type BindingDecision =
  | { action: "adopt" | "bind" | "create" }
  | { action: "refuse"; why: "otherPerson" | "otherMail" | "missing" }
  | { action: "refuse"; why: "mailTaken"; by: string };

export function decideBinding(
  { expectedUid, createUser }: DeclaredBinding,
  { named, isBound, mailed }: LiveUsers,
): BindingDecision {
  if (expectedUid !== undefined && named?.uid !== expectedUid) return { action: "refuse", why: "otherPerson" };
  if (isBound) return { action: "adopt" };
  if (!named) {
    if (!createUser) return { action: "refuse", why: "missing" };
    const [sharing] = mailed;
    return sharing ? { action: "refuse", why: "mailTaken", by: sharing.name } : { action: "create" };
  }
  const hasOtherMail = createUser !== undefined && mailKey(named.mail) !== mailKey(createUser.email);
  return hasOtherMail ? { action: "refuse", why: "otherMail" } : { action: "bind" };
}

/** The same for the `email` of a client: who has this address is bound, or a user named like the client is made. */
export type MailDecision =
  | { action: "adopt" | "create" }
  | { action: "bind"; user: string }
  | { action: "refuse"; why: "severalUsers" | "nameTaken" };

/** Here `named` is the user of the client's internal name, and `mailed` are those with the address. */
export function decideMail({ named, isBound, mailed }: LiveUsers): MailDecision {
  if (isBound) return { action: "adopt" };
  const [user, other] = mailed;
  if (other) return { action: "refuse", why: "severalUsers" };
  if (user) return { action: "bind", user: user.name };
  return named ? { action: "refuse", why: "nameTaken" } : { action: "create" };
}
