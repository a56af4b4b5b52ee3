/** The options with which a command line names manifests, and the manifests that they mean. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { AegirServer } from "../aegir/AegirServer";
import { authorizedKeysProblem } from "../aegir/ServerConfiguration";
import { loginKeysOn } from "../inventory/loginKeys";
import type { LiveLogins } from "../inventory/passwords";
import { type Manifest, ManifestError, type ManifestOptions, parseManifest, type ServerNaming } from "../manifest";
import { manifestBytes } from "../manifest/parseManifest";
import { dayProblems, utcDay } from "../naming/Day";
import { OneLineError } from "../text/OneLineError";
import { printable } from "../text/printable";
import { type CommandContext, type CommandOptions, UsageError } from "./Command";
import { serversOfOnlyStack } from "./serverFiles";
import { checkedServers, SERVER_OPTIONS, type ServerOptions, uncheckedServers, withServer } from "./serverOptions";

/** Where a manifest is if the command line names none: in a project of its own, or in this repository. */
const DEFAULT_FILES = ["access.yaml", "stacks/access.yaml"];

export const MANIFEST_USAGE = "MANIFEST";

/** The options of a command that reads a manifest offline. */
export const OFFLINE_OPTIONS = {
  "as-of": {
    type: "string",
    value: "DAY",
    help: "reads the manifest as of this day (UTC, YYYY-MM-DD; default: today) and leaves out grants that ended before it",
  },
  stack: {
    ...SERVER_OPTIONS.stack,
    help: "reads the rules for names (clientPrefix, instance) from Pulumi.NAME.yaml; not needed if there is only one stack",
  },
  cwd: SERVER_OPTIONS.cwd,
  config: { ...SERVER_OPTIONS.config, help: `reads them from this file, which contains the value of aegir:servers` },
} as const satisfies CommandOptions;

/** The options of a command that compares a manifest with its server. */
export const LIVE_OPTIONS = {
  "as-of": OFFLINE_OPTIONS["as-of"],
  stack: SERVER_OPTIONS.stack,
  cwd: SERVER_OPTIONS.cwd,
  config: SERVER_OPTIONS.config,
} as const satisfies CommandOptions;

type LiveOptions = Partial<Record<keyof typeof LIVE_OPTIONS, string | undefined>>;

/** The file that is named, or the one at its default place, relative to the directory of the call. */
export function manifestFile(operand: string | undefined, directory: string): string {
  const file = operand ?? DEFAULT_FILES.find((place) => existsSync(resolve(directory, place)));
  if (file !== undefined) return file;
  throw new UsageError(
    `${printable(directory)} has neither ${DEFAULT_FILES.join(" nor ")}. Give the path of the manifest.`,
  );
}

/** @throws ManifestError with all problems; UsageError if the file cannot be read */
export function readManifestFile(file: string, directory: string, options: ManifestOptions): Manifest {
  return parseManifest(bytesOf(file, directory, manifestBytes), file, options);
}

/** @param read how its bytes are read: as a manifest's, or all of them */
export function bytesOf(file: string, directory: string, read: (path: string) => Uint8Array): Uint8Array {
  try {
    return read(resolve(directory, file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new UsageError(`There is no file ${printable(file)} (from ${printable(directory)}).`);
    throw new UsageError(`${printable(file)} cannot be read: ${printable(message)}.`);
  }
}

/** @throws UsageError for an invalid day */
export function asOfDay(day: string | undefined): string {
  const [problem] = day === undefined ? [] : dayProblems(day);
  if (problem !== undefined) throw new UsageError(`--as-of: ${problem}`);
  return day ?? utcDay();
}

/**
 * What the configured servers do to names. Offline no configuration is needed: without an option it is that of the only
 * stack, if there is one, so that a review by hand counts what a deployment counts.
 */
export function namingOptions(options: ServerOptions, directory: string): Pick<ManifestOptions, "servers"> {
  const isNamed = [options.stack, options.config, options.cwd].some((option) => option !== undefined);
  const found = isNamed ? uncheckedServers(options, directory) : serversOfOnlyStack(directory);
  if (found === undefined) return {};
  // What looks at the server says itself what it cannot do there.
  const servers = Object.entries(namingOf(found.servers)).map(([name, naming]) => {
    const keysProblem = authorizedKeysProblem(found.servers[name] ?? {});
    return [name, { ...naming, ...(keysProblem && { keysProblem }) }] as const;
  });
  return { servers: Object.fromEntries(servers) };
}

/** @param servers as they were written; may be unchecked */
function namingOf(servers: Record<string, unknown>): Record<string, ServerNaming> {
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => {
      const { clientPrefix, accounts = {} } = (server ?? {}) as { clientPrefix?: string; accounts?: ServerNaming };
      const { instance, passwordDays } = accounts;
      return [
        name,
        {
          ...(clientPrefix !== undefined && { clientPrefix }),
          ...(instance !== undefined && { instance }),
          ...(passwordDays !== undefined && { passwordDays }),
        },
      ];
    }),
  );
}

/** A manifest as it was read, and everything on the server that it names (or the only one). */
export interface ManifestWithInventory {
  manifest: Manifest;
  /** As the command line names it. */
  file: string;
  /** How the manifest was read. */
  options: ManifestOptions;
  inventory: Awaited<ReturnType<AegirServer["inventory"]>>;
  instance: string | undefined;
  /** Ages of passwords of a manifest that declares logins. */
  logins: LiveLogins;
}

/** A manifest and the servers of the configuration, read before any of them is asked. */
export function declaredManifest(
  operand: string | undefined,
  { "as-of": asOf, ...serverOptions }: LiveOptions,
  { directory }: Pick<CommandContext, "directory">,
) {
  const { servers: found, stack } = uncheckedServers(serverOptions, directory);
  const servers = checkedServers(found);
  const options = { asOf: asOfDay(asOf), servers: namingOf(servers) };
  const file = manifestFile(operand, directory);
  try {
    return { manifest: readManifestFile(file, directory, options), file, options, servers, stack };
  } catch (error) {
    throw error instanceof ManifestError ? new UsageError(error.message) : error;
  }
}

/** Reads the manifest first, so that no server is asked about one that would not be deployed. */
export async function manifestWithInventory(
  operand: string | undefined,
  options: LiveOptions,
  context: CommandContext,
): Promise<ManifestWithInventory> {
  const { servers, stack, ...read } = declaredManifest(operand, options, context);
  const { manifest } = read;
  const live = await withServer(servers, manifest.server, context, async (server) => {
    const inventory = await server.inventory();
    const logins = { ...(await passwordsOf(server, manifest)), keys: await loginKeysOn(server, inventory), stack };
    return { inventory, logins };
  });
  return { ...read, ...live, instance: live.logins.instance ?? undefined };
}

/** Password files are often read by another login than the one that runs Drush: what it cannot see hides nothing else. */
async function passwordsOf(server: AegirServer, { clients }: Manifest): Promise<LiveLogins> {
  const instance = server.configuration.accounts?.instance ?? null;
  const nothing = { instance, ages: new Map<string, never>(), problem: null };
  if (instance === null || clients.every(({ shellAccount }) => shellAccount === undefined)) return nothing;
  try {
    return { ...nothing, ages: await server.passwordFiles.logins() };
  } catch (error) {
    if (!(error instanceof OneLineError)) throw error;
    return { ...nothing, problem: error.message };
  }
}
