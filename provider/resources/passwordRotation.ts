/** Whether an update rotates the password of a ShellAccount, and what a reviewer must know about that password. */
import type { AegirServer } from "../aegir/AegirServer";
import { configurationOf, serverFor } from "../aegir/servers";
import {
  ageInDays,
  decideReplacement,
  decideRotation,
  endOfPassword,
  type KnownAge,
} from "../decisions/passwordRotation";
import { utcDay } from "../naming/Day";
import type { RotationByAge } from "../naming/RotationByAge";
import { passwordEndText } from "../text/passwordEnd";
import { passwordAgeText, rotationText, whenRotatedText } from "../text/rotationText";
import { PartialFailure } from "./PartialFailure";
import { report } from "./report";
import { isKnown, same } from "./values";

/** A label, which rotates once for each new value, or an age. */
export type Rotation = string | RotationByAge;

interface Declared {
  rotation?: Rotation;
  authorizedKeys?: unknown[];
  server: string;
}

interface Recorded extends KnownAge {
  username: string;
  fingerprint: string;
  deployed?: string;
  rotation?: Rotation;
  passwordChangedByHolder?: boolean | null;
  /** The last rotation by age failed before anything was done. */
  rotationFailed?: true;
}

const consequences = ({ authorizedKeys = [] }: Declared): string => `${rotationText(authorizedKeys.length > 0)}.`;

/** The rotation by age, if that is what is declared; undefined as well in a preview that does not know it yet. */
export function byAge(rotation: Rotation | undefined): RotationByAge | undefined {
  return typeof rotation === "object" && isKnown(rotation) ? rotation : undefined;
}

/** Whether a new label asks for a new password. */
export function isRelabelled(olds: Recorded, news: Declared): boolean {
  const label = labelOf(news.rotation);
  return label !== undefined && !same(labelOf(olds.rotation), label);
}

function labelOf(rotation: Rotation | undefined): string | undefined {
  return typeof rotation === "object" ? rotation.label : rotation;
}

/** Whether a password of this age is to be rotated, now or at the next window. */
export function isOldEnough(rotation: Rotation | undefined, age: KnownAge): boolean {
  return decideRotation(byAge(rotation), age, new Date()) !== "notDue";
}

/**
 * Whether the recorded password is old enough for a rotation now, and the server takes one more in this run. One that failed
 * is always tried again: whether it takes a place is known when it gets that far.
 */
export function isDue(id: string, olds: Recorded, { rotation, server }: Declared): boolean {
  if (decideRotation(byAge(rotation), olds, new Date()) !== "due") return false;
  return olds.rotationFailed ?? serverFor(server).admitsRotation(id, false);
}

/**
 * Has BOA replace the recorded password, unless that is not needed any more.
 *
 * @param watch throws if the client has no active site
 * @returns the fingerprint of the password that is replaced; undefined if it stays
 */
export async function replacePassword(
  id: string,
  server: AegirServer,
  olds: Recorded,
  news: Declared,
  watch: () => Promise<void>,
): Promise<string | undefined> {
  const { username: login } = olds;
  // Not what a refresh found: that may be what this very rotation made, in a deployment whose checkpoint was lost.
  const recorded = olds.deployed ?? olds.fingerprint;
  const found = await server.passwordFiles.read(login);
  const live = found && { ...(await server.passwordFiles.ageOf(login, found)), fingerprint: found.fingerprint };
  const rotation = isRelabelled(olds, news) ? undefined : byAge(news.rotation);
  switch (decideReplacement(recorded, live, rotation, new Date())) {
    case "await":
      return recorded;
    case "readBack":
      report(
        id,
        "has another password than this stack last saw: the rotation has happened already, the password is read back.",
      );
      return recorded;
    case "keep":
      report(id, "is not rotated: its user has changed the password since this stack last saw it.");
      return undefined;
    case "rotate": {
      const requestPassword = async () => {
        // Without an active site BOA would remove the account and make no new one (docs/aegir.md#rotation).
        await watch();
        if (rotation && olds.rotationFailed && !server.admitsRotation(id, true)) {
          report(id, "is not rotated in this run: others whose rotation had failed before were first.");
          return undefined;
        }
        await server.passwordFiles.delete(login);
        return recorded;
      };
      return rotation ? recordingFailure(id, olds, requestPassword) : requestPassword();
    }
  }
}

/** Records that a rotation by age failed, so that it does not take the place of another one night after night. */
async function recordingFailure<T>(id: string, olds: Recorded, rotate: () => Promise<T>): Promise<T> {
  try {
    return await rotate();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new PartialFailure(id, { ...olds, rotationFailed: true }, error);
  }
}

/**
 * Whether the update of a resource rotates its password. Says so, or that its end is near.
 * Offline: counts from what is recorded.
 */
export function reviewRotation(id: string, olds: Recorded, news: Declared): boolean {
  if (isRelabelled(olds, news)) {
    report(id, `gets a new password: ${consequences(news)}`);
    return true;
  }
  const server = configurationOf(news.server);
  if (!server || server.decommissioned !== undefined) return false;
  const now = new Date();
  const rotation = byAge(news.rotation);
  const decision = decideRotation(rotation, olds, now);
  const age = olds.passwordSetAt ? passwordAgeText(ageInDays(olds.passwordSetAt, now)) : "";
  if (isDue(id, olds, news)) {
    report(id, `${age}${whenRotatedText(undefined)}: ${consequences(news)}`);
    return true;
  }
  if (decision === "due") {
    const most = server.accounts?.rotationsPerRun;
    report(
      id,
      `${age}; its rotation waits for the next run, because a run rotates at most ${most} (accounts.rotationsPerRun).`,
    );
  } else if (decision === "outsideWindow") {
    report(id, `${age}${whenRotatedText(rotation!.window)}.`);
  }
  reportEnd(id, olds, rotation, utcDay(now));
  return false;
}

function reportEnd(id: string, olds: Recorded, rotation: RotationByAge | undefined, today: string): void {
  const end = endOfPassword(olds, rotation, today);
  if (end === undefined) return;
  const advice = rotation ? "" : " Write another rotation, or let it follow the age: { everyDays: 80 }.";
  report(id, `its password ${passwordEndText(end, olds.passwordChangedByHolder)}.${advice}`);
}
