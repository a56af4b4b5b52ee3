/** Who leaves a client, and may know the password of its login. */
import { type AccessClient, byName, type EffectiveAccess, type Person } from "./EffectiveAccess";

/** Those who could act for the client and no longer can. Removing an `email` unbinds nobody. */
export function leaversOf(had: AccessClient, has: AccessClient): Person[] {
  const left = [...had.bindings].filter(
    ([key, { ended, person }]) => !ended && person.by === "name" && (has.bindings.get(key)?.ended ?? true),
  );
  return left.map(([, { person }]) => person).sort(byName);
}

/** Whether the password is rotated because somebody leaves. */
export function rotatesOnLeave(had: AccessClient, has: AccessClient): boolean {
  return has.shellAccount?.rotateOnLeave === true && leaversOf(had, has).length > 0;
}

/**
 * How many deployments have rotated the password of a client's login because somebody had left, the one that makes `client`
 * of what was `before` included. A deployment that is repeated counts once: `before` changes when it is done.
 */
export function leavesOf(client: AccessClient, before: EffectiveAccess | undefined): number {
  const { internalName, renamedFrom, shellAccount } = client;
  const had = before?.clients.get(internalName) ?? before?.clients.get(renamedFrom ?? "");
  if (had === undefined) return shellAccount?.leaves ?? 0;
  return (had.shellAccount?.leaves ?? 0) + (rotatesOnLeave(had, client) ? 1 : 0);
}
