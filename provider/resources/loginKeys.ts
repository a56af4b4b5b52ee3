/**
 * The public keys of people in a client's login. What is taken away goes before anything else is done, what is declared
 * is there when the operation is done, and then the server is asked whether it refuses what was taken away.
 */
import type { AegirServer } from "../aegir/AegirServer";
import { decideKeys, letsIn, withKeys, withoutKeys } from "../decisions/authorizedKeys";
import { type AuthorizedKey, describeKey, keyLine, keysOf } from "../naming/AuthorizedKey";
import { OneLineError } from "../text/OneLineError";
import { report } from "./report";

/** Lines of keys, as inputs and outputs have them; undefined: this program has nothing to do with the keys of the login. */
type Lines = string[] | undefined;

/** Removes the keys that are not declared any more; a missing account has none. Returns what `grantKeys` needs. */
export async function revokeKeys(
  server: AegirServer,
  login: string,
  declared: Lines,
  recorded: Lines,
): Promise<AuthorizedKey[]> {
  if (declared === undefined && recorded === undefined) return [];
  const live = await readIfReachable(server, login);
  const { going } = decideKeys(declared, recorded, live ?? "");
  if (live !== undefined) await server.authorizedKeys.edit(login, live, (text) => withoutKeys(text, going));
  return going;
}

/**
 * The same before a rotation. That takes every key away with the account, so the account's holder, who can make the file
 * unreachable, cannot keep it from happening.
 */
export async function revokeBeforeRotation(
  id: string,
  server: AegirServer,
  login: string,
  declared: Lines,
  recorded: Lines,
): Promise<AuthorizedKey[]> {
  try {
    return await revokeKeys(server, login, declared, recorded);
  } catch (error) {
    if (!(error instanceof OneLineError)) throw error;
    report(id, `its keys could not be taken away before the rotation, which does it: ${error.sentences}`);
    return decideKeys(declared, recorded, "").going;
  }
}

/**
 * Puts the declared keys into the login, and sees to it that those which are `going` are refused.
 * @throws AegirError `notApplied` if one of them is not
 */
export async function grantKeys(
  server: AegirServer,
  login: string,
  declared: Lines,
  going: AuthorizedKey[],
): Promise<void> {
  const wanted = keysOf(declared);
  if (wanted.length + going.length === 0) return;
  const { authorizedKeys } = server;
  if (wanted.length > 0) {
    const text = await authorizedKeys.readWhenMade(login);
    await authorizedKeys.edit(login, text, (now) => withKeys(now, wanted));
  }
  const now = (await readIfReachable(server, login)) ?? "";
  const left = going.find((key) => letsIn(now, key));
  if (left) {
    throw authorizedKeys.stillAccepted(
      login,
      left,
      "a line of its authorized_keys that this program did not write has it",
    );
  }
  await authorizedKeys.requireRefused(login, going);
  const lost = wanted.find((key) => !letsIn(now, key));
  if (lost) throw authorizedKeys.notWritten(login, lost);
}

/** The lines of the keys that may be in the login while a change of them is not complete. */
export function linesMeanwhile(declared: Lines, going: AuthorizedKey[]): { authorizedKeys?: string[] } {
  const lines = [...(declared ?? []), ...going.map(keyLine)];
  return lines.length > 0 ? { authorizedKeys: lines } : {};
}

/**
 * The recorded lines whose keys are there or let somebody in for another reason, which a failed change is still to see
 * to; and the keys that this program wrote and does not know any more.
 */
export async function readKeys(server: AegirServer, login: string, recorded: Lines): Promise<Lines> {
  if (recorded === undefined) return undefined;
  const text = (await readIfReachable(server, login)) ?? "";
  const { going } = decideKeys(recorded, [], text);
  const missing = keysOf(recorded).filter((key) => !letsIn(text, key));
  const accepted = (await server.authorizedKeys.accepted(login, missing)).map(keyLine).join("\n");
  const isThere = (line: string) => keysOf([line]).some((key) => letsIn(text, key) || letsIn(accepted, key));
  return [...recorded.filter(isThere), ...going.map(({ type, blob }) => `${type} ${blob}`)];
}

/** Undefined as well where the connection is not root's any more: then the server is asked about each key alone. */
async function readIfReachable({ authorizedKeys }: AegirServer, login: string): Promise<string | undefined> {
  return authorizedKeys.areReachable ? authorizedKeys.read(login) : undefined;
}

/** Says in a preview whom a change lets in and whom it keeps out. */
export function reportKeys(id: string, before: Lines, after: Lines): void {
  for (const key of addedKeys(after, before)) report(id, `no longer lets in the key ${describeKey(key)}.`);
  for (const key of addedKeys(before, after)) report(id, `lets in the key ${describeKey(key)}.`);
}

export function addedKeys(before: Lines, after: Lines): AuthorizedKey[] {
  const old = keysOf(before);
  return keysOf(after).filter(({ blob }) => !old.some((key) => key.blob === blob));
}
