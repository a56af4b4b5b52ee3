import { quoted } from "../text/quoted";

/** The login that BOA derives from a client: `<instance>.<letters and digits of the internal name>`. */
export function shellAccountName(instance: string, internalName: string): string {
  return `${instance}.${reducedName(internalName)}`;
}

/**
 * What is left of an internal name in the login. Two clients with one reduced name share one login, whose link to the
 * sites flips between them.
 */
export function reducedName(internalName: string): string {
  return internalName.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
}

/** Reduced names that never become a client's login, with the reason (docs/aegir.md#shell-account-names). */
const RESERVED = new Map([
  ["", "it has no letter or digit, and BOA skips such a client"],
  ["admin", "BOA removes the client directory of that name at each run"],
  ["omega8ccgmailcom", "BOA removes the client directory of that name at each run"],
  ["nocomega8cc", "BOA removes the client directory of that name at each run"],
  ["ftp", "the login would be the instance's main account"],
  ["web", "the login would be the instance's PHP user"],
]);

/** True if no client of this internal name ever has a login of its own. */
export function reservedShellName(internalName: string): boolean {
  return RESERVED.has(reducedName(internalName));
}

/** Why a client of this internal name can never have a login of its own; empty if it can. */
export function shellAccountNameProblems(internalName: string): string[] {
  const reason = RESERVED.get(reducedName(internalName));
  if (reason === undefined) return [];
  return [
    `The internal name ${quoted(internalName)} cannot have a shell account: ${reason}. ` +
      `Write another internal name, for example ${quoted(`${reducedName(internalName) || "client"}1`.slice(-16))}.`,
  ];
}
