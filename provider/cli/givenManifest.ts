/** The manifests that a command line means, and the rules of names by which they are read. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Manifest, ManifestOptions, ServerNaming } from "../manifest";
import { parseManifest } from "../manifest";
import { manifestBytes } from "../manifest/parseManifest";
import { dayProblems, utcDay } from "../naming/Day";
import { printable } from "../text/printable";
import { givenServers, SERVER_OPTIONS } from "./givenServers";
import { UsageError, type VerbOptions } from "./Verb";

/** Where a manifest lies if none is named: in a project of one's own, or in this repository. */
const USUAL_PLACES = ["access.yaml", "stacks/access.yaml"];

export const MANIFEST_USAGE = "MANIFEST";

/** The options of a verb that reads a manifest without asking a server. */
export const OFFLINE_OPTIONS = {
  "as-of": {
    type: "string",
    value: "DAY",
    help: "reads the manifest as of this day (UTC, YYYY-MM-DD; default: today) and leaves out grants that ended before it",
  },
  stack: { ...SERVER_OPTIONS.stack, help: "reads the rules for names (clientPrefix, instance) from Pulumi.NAME.yaml" },
  cwd: SERVER_OPTIONS.cwd,
  config: { ...SERVER_OPTIONS.config, help: `reads them from this file, which contains the value of aegir:servers` },
} as const satisfies VerbOptions;

/** The file that is named, or the one at its usual place, relative to the directory of the call. */
export function manifestFile(operand: string | undefined, directory: string): string {
  const file = operand ?? USUAL_PLACES.find((place) => existsSync(resolve(directory, place)));
  if (file !== undefined) return file;
  throw new UsageError(
    `${printable(directory)} has neither ${USUAL_PLACES.join(" nor ")}. Give the path of the manifest.`,
  );
}

/** @throws ManifestError with all problems; UsageError if the file cannot be read */
export function readGivenManifest(file: string, directory: string, options: ManifestOptions): Manifest {
  return parseManifest(bytesOf(file, directory, manifestBytes), file, options);
}

/** @param read how its bytes are read: as a manifest's, or all of them */
export function bytesOf(file: string, directory: string, read: (path: string) => Uint8Array): Uint8Array {
  try {
    return read(resolve(directory, file));
  } catch (error) {
    throw new UsageError(`${printable(file)} cannot be read: ${printable((error as Error).message)}.`);
  }
}

/** @throws UsageError if it is no day */
export function givenDay(day: string | undefined): string {
  const [problem] = day === undefined ? [] : dayProblems(day);
  if (problem !== undefined) throw new UsageError(`--as-of: ${problem}`);
  return day ?? utcDay();
}

interface Given {
  stack?: string | undefined;
  cwd?: string | undefined;
  config?: string | undefined;
}

/** What the configured servers do to names; nothing if no configuration is named, since none is needed offline. */
export function givenNaming(given: Given, directory: string): Pick<ManifestOptions, "servers"> {
  if (given.stack === undefined && given.config === undefined && given.cwd === undefined) return {};
  return { servers: namingOf(givenServers(given, directory).servers) };
}

/** @param servers as they were written; not checked yet */
export function namingOf(servers: Record<string, unknown>): Record<string, ServerNaming> {
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => {
      const { clientPrefix, accounts } = (server ?? {}) as { clientPrefix?: string; accounts?: { instance?: string } };
      const instance = accounts?.instance;
      return [
        name,
        { ...(clientPrefix !== undefined && { clientPrefix }), ...(instance !== undefined && { instance }) },
      ];
    }),
  );
}
