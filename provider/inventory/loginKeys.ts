/** The keys in the logins of a live server, beside those that a manifest declares. */
import type { AegirServer } from "../aegir/AegirServer";
import { authorizedKeysProblem } from "../aegir/ServerConfiguration";
import { decideKeys, foreignLines, type IsOurs, letsIn, letsInForGood } from "../decisions/authorizedKeys";
import type { Manifest, ManifestClient } from "../manifest/Manifest";
import { authorizedKeyIn, describeKey, keysOf } from "../naming/AuthorizedKey";
import { reservedShellName, shellAccountName } from "../naming/ShellAccountName";
import { personByName } from "../review/EffectiveAccess";
import type { LiveKeys } from "../review/fromInventory";
import { OneLineError } from "../text/OneLineError";
import type { Inventory } from "../worker/facts";
import { mapAtMost } from "./mapAtMost";

/** The `authorized_keys` of a login, or why it cannot be read: its holder can see to that. */
export type LoginKeys = string | { problem: string };

/** Half of the sessions that sshd opens on a connection by default (`MaxSessions`). */
const MOST_AT_A_TIME = 5;

/** By internal name of the client; undefined where the connection may not read them. */
export async function loginKeysOn(
  server: AegirServer,
  { clients }: Inventory,
): Promise<Map<string, LoginKeys> | undefined> {
  const { accounts } = server.configuration;
  if (accounts === undefined || authorizedKeysProblem(server.configuration) !== undefined) return undefined;
  const owners = clients.filter(({ internalName, sites }) => sites.length > 0 && !reservedShellName(internalName));
  const files = await mapAtMost(MOST_AT_A_TIME, owners, async ({ internalName }) => {
    const keys = await keysIn(server, shellAccountName(accounts.instance, internalName));
    return keys === undefined ? [] : [[internalName, keys] as const];
  });
  return new Map(files.flat());
}

async function keysIn({ authorizedKeys }: AegirServer, login: string): Promise<LoginKeys | undefined> {
  try {
    return await authorizedKeys.read(login);
  } catch (error) {
    if (!(error instanceof OneLineError)) throw error;
    return { problem: error.message };
  }
}

/** Keys of one login that are not as the manifest has them, each described, safe to show. */
export interface KeyDifference {
  /** Declared, and not in the login. */
  missing: string[];
  /** Written by a deployment of the stack, and not declared any more. */
  left: string[];
  /** Written by another stack, or by hand. */
  foreign: string[];
}

/**
 * @param client the client of the login, if it is declared
 * @param text the login's `authorized_keys`
 * @param stack as in `LiveLogins`
 */
export function keyDifference(client: ManifestClient | undefined, text: string, stack?: string): KeyDifference {
  const isOurs = isOf(stack);
  const lines = client ? declaredLines(client) : [];
  const own = keysOf(lines);
  const foreign = foreignLines(text, isOurs).filter((line) => !own.some((key) => letsIn(line, key)));
  return {
    missing: own.filter((key) => !letsInForGood(text, key, isOurs)).map(describeKey),
    left: decideKeys(lines, [], text, isOurs).going.map(describeKey),
    foreign: foreign.map((line) => authorizedKeyIn(line)),
  };
}

function isOf(stack: string | undefined): IsOurs {
  return (other) => stack === undefined || other === stack;
}

/** The lines of the keys that a deployment puts into the client's login. */
export function declaredLines({ shellAccount, users }: ManifestClient): string[] {
  return shellAccount ? users.flatMap(({ keys }) => keys) : [];
}

/**
 * The keys in the logins of declared clients, as far as a deployment has to do with them: those that are declared, and those
 * that it removes.
 */
export function liveKeys(
  { clients }: Manifest,
  files: ReadonlyMap<string, LoginKeys> = new Map(),
  stack?: string,
): LiveKeys {
  return new Map(
    clients.flatMap((client) => {
      const text = files.get(client.internalName);
      if (typeof text !== "string") return [];
      const held = client.users.map(({ name, keys }) => {
        return [personByName(name).key, keysOf(keys).filter((key) => letsIn(text, key))] as const;
      });
      const others = decideKeys(declaredLines(client), [], text, isOf(stack)).going;
      return [[client.internalName, { people: new Map(held), others }] as const];
    }),
  );
}
