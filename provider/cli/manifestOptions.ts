/** The options with which a command line names manifests, and the manifests that they mean. */
import { join, resolve } from "node:path";
import type { AegirServer } from "../aegir/AegirServer";
import { authorizedKeysProblem } from "../aegir/ServerConfiguration";
import { loginKeysOn } from "../inventory/loginKeys";
import type { LiveLogins } from "../inventory/passwords";
import {
  type Manifest,
  ManifestError,
  type ManifestFileContent,
  type ManifestOptions,
  parseFiles,
  type ServerNaming,
} from "../manifest";
import { defaultManifestsIn, filesOfManifest } from "../manifest/ManifestFiles";
import { dayProblems, utcDay } from "../naming/Day";
import { accessOfManifest, type EffectiveAccess, type LastUse } from "../review";
import { OneLineError } from "../text/OneLineError";
import { printable } from "../text/printable";
import { type CommandContext, type CommandOptions, UsageError } from "./Command";
import { serversOfOnlyStack } from "./serverFiles";
import { checkedServers, SERVER_OPTIONS, type ServerOptions, uncheckedServers, withServer } from "./serverOptions";

/** Where a manifest is if the command line names none: in a project of its own, or in this repository. */
const PROJECTS = [".", "stacks"];

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

/** For the help of a command. */
export const DEFAULT_MANIFEST =
  "The default MANIFEST is access.yaml or the directory access/, in the current directory or in stacks/.";

/**
 * The manifest that is named, or the one at its default place, relative to the directory of the call.
 * @param isPast an earlier revision is asked for: it need not be there now
 */
export function manifestPath(operand: string | undefined, directory: string, isPast = false): string {
  if (operand !== undefined) return operand;
  const found = PROJECTS.map((project) =>
    defaultManifestsIn(resolve(directory, project)).map((name) => join(project, name)),
  );
  const [path, other] = found.find((paths) => paths.length > 0) ?? [];
  if (path === undefined) {
    if (isPast) return "access.yaml";
    throw new UsageError(
      `${printable(directory)} has neither access.yaml nor a directory access with YAML files. Give the path of the manifest.`,
    );
  }
  if (other === undefined) return path;
  throw new UsageError(
    `${printable(directory)} has both ${path} and ${other}, and either could be the manifest. Move one into the other, or give the path of the manifest.`,
  );
}

/** @throws ManifestError with all problems; UsageError if a file cannot be read */
export function readManifestAt(path: string, directory: string, options: ManifestOptions): Manifest {
  return parseFiles(path, filesOf(path, directory), options);
}

/** The files of a manifest, each with its content. */
export function filesOf(path: string, directory: string): ManifestFileContent[] {
  return contentOf(path, directory, (absolute) => filesOfManifest(absolute, path));
}

/** What a file holds that the command line names. */
export function contentOf<Content>(file: string, directory: string, read: (path: string) => Content): Content {
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

/** The access that a manifest declares, with the logins of the configured server. */
export function accessOf(
  manifest: Manifest,
  { servers }: ManifestOptions,
  lastUses?: ReadonlyMap<string, LastUse>,
): EffectiveAccess {
  const name = manifest.server ?? Object.keys(servers ?? {})[0];
  // Without a configuration it is not known whether the server makes logins: they are counted then.
  const server = name === undefined ? undefined : servers?.[name];
  return accessOfManifest(manifest, server && (server.instance ?? null), lastUses);
}

/** A manifest as it was read, and everything on the server that it names (or the only one). */
export interface ManifestWithInventory {
  manifest: Manifest;
  /** The file or directory, as the command line names it. */
  path: string;
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
  const path = manifestPath(operand, directory);
  try {
    return { manifest: readManifestAt(path, directory, options), path, options, servers, stack };
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
