/** The keys in the logins of a live server, beside those that a manifest declares. */
import type { AegirServer } from "../aegir/AegirServer";
import { authorizedKeysProblem } from "../aegir/ServerConfiguration";
import { decideKeys, foreignLines, letsIn } from "../decisions/authorizedKeys";
import type { Manifest } from "../manifest/Manifest";
import { authorizedKeyIn, describeKey, keysOf } from "../naming/AuthorizedKey";
import { reservedShellName, shellAccountName } from "../naming/ShellAccountName";
import type { Inventory } from "../worker/facts";

/** The `authorized_keys` of each client's login, by internal name; empty where the connection may not read them. */
export async function loginKeysOn(server: AegirServer, { clients }: Inventory): Promise<Map<string, string>> {
  const { accounts } = server.configuration;
  const files = new Map<string, string>();
  if (accounts === undefined || authorizedKeysProblem(server.configuration) !== undefined) return files;
  const owners = clients.filter(({ internalName, sites }) => sites.length > 0 && !reservedShellName(internalName));
  for (const { internalName } of owners) {
    const text = await server.authorizedKeys.read(shellAccountName(accounts.instance, internalName));
    if (text !== undefined) files.set(internalName, text);
  }
  return files;
}

/** Keys of one login that are not as the manifest has them, each described, safe to show. */
export interface KeyDifference {
  client: string;
  /** Declared, and not in the login. */
  missing: string[];
  /** Written by a deployment, and not declared any more. */
  left: string[];
  /** Written by somebody else. */
  foreign: string[];
}

export function keyDifferences({ clients }: Manifest, files: ReadonlyMap<string, string>): KeyDifference[] {
  const declared = new Map(
    clients.map(({ internalName, shellAccount, users }) => [
      internalName,
      shellAccount ? users.flatMap(({ keys }) => keys) : [],
    ]),
  );
  return Array.from(files, ([client, text]) => {
    const own = keysOf(declared.get(client));
    const foreign = foreignLines(text).filter((line) => !own.some((key) => letsIn(line, key)));
    return {
      client,
      missing: own.filter((key) => !letsIn(text, key)).map(describeKey),
      left: decideKeys(declared.get(client), [], text).going.map(describeKey),
      foreign: foreign.map((line) => authorizedKeyIn(line)),
    };
  });
}
