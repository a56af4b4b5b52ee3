/** The passwords of the declared logins: which of them end soon, and which a deployment rotates because of their age. */
import type { PasswordAge } from "../aegir/PasswordAge";
import { ageInDays, decideRotation, endOfPassword, lastDayOf } from "../decisions/passwordRotation";
import type { Manifest, ManifestClient } from "../manifest/Manifest";
import { shellAccountName } from "../naming/ShellAccountName";
import { passwordEndText } from "../text/passwordEnd";
import { name, type Phrase, phrase } from "../text/Phrase";
import { passwordAgeText, rotationText, whenRotatedText } from "../text/rotationText";
import { declaredLines, type LoginKeys } from "./loginKeys";

export { PASSWORD_WARNED_DAYS } from "../decisions/passwordRotation";

/** What the files of a server's logins say. */
export interface LiveLogins {
  /** The Octopus instance; null on a server without shell accounts. */
  instance: string | null;
  /** How old the passwords are, by login. */
  ages: ReadonlyMap<string, PasswordAge>;
  /** Why they could not be looked at; null if they were, or need not be. */
  problem: string | null;
  /** The `authorized_keys` of each login, by internal name of its client; undefined where only root may read them. */
  keys?: ReadonlyMap<string, LoginKeys> | undefined;
  /** Project and stack whose lines in those files a deployment removes; undefined if that is not known: those of any. */
  stack?: string | undefined;
}

export interface PasswordRemark {
  /** The resource's id, for example `account:o1.acme`. */
  resource: string;
  says: Phrase;
}

/** Of the declared logins that are there, with their clients. */
function declaredLogins({ clients }: Manifest, { instance, ages }: LiveLogins) {
  return clients.flatMap((client) => {
    const login = client.shellAccount && instance !== null && shellAccountName(instance, client.internalName);
    const age = login ? ages.get(login) : undefined;
    return login && age ? [{ client, login, age, rotation: rotationByAge(client) }] : [];
  });
}

function rotationByAge({ shellAccount }: ManifestClient) {
  return typeof shellAccount?.rotation === "object" ? shellAccount.rotation : undefined;
}

/** The last day (UTC) of each declared login's password, by internal name of its client. */
export function passwordEnds(manifest: Manifest, logins: LiveLogins): Map<string, string> {
  const ends = declaredLogins(manifest, logins).flatMap(({ client, age: { passwordExpiresAt } }) =>
    passwordExpiresAt === null ? [] : [[client.internalName, lastDayOf(passwordExpiresAt)] as const],
  );
  return new Map(ends);
}

/** Passwords that have ended, or end within two weeks and before they are rotated. */
export function endingPasswords(manifest: Manifest, logins: LiveLogins): PasswordRemark[] {
  return declaredLogins(manifest, logins).flatMap(({ login, age, rotation }) => {
    const end = endOfPassword(age, rotation, manifest.asOf);
    if (end === undefined) return [];
    const when = passwordEndText(end, age.passwordChangedByHolder);
    const next = rotation
      ? "Its rotation by age was due before: see when the last deployment ran, and what it said of this login."
      : "To rotate it, change the rotation of its client.";
    const says = phrase`The password of ${name(login)} ${when}. ${next}`;
    return [{ resource: `account:${login}`, says }];
  });
}

/** Passwords that the next deployment rotates for their age, as clauses, if the stack knows that age. */
export function agedPasswords(manifest: Manifest, logins: LiveLogins, now = new Date()): PasswordRemark[] {
  return declaredLogins(manifest, logins).flatMap(({ client, login, age, rotation }) => {
    if (decideRotation(rotation, age, now) === "notDue") return [];
    const when = `${passwordAgeText(ageInDays(age.passwordSetAt, now))}${whenRotatedText(rotation?.window)}`;
    const says = phrase`${when}: ${rotationText(declaredLines(client).length > 0)}`;
    return [{ resource: `account:${login}`, says }];
  });
}
