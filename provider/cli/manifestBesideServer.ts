import type { AegirServer } from "../aegir/AegirServer";
import { ManifestError, type Manifest, type ManifestOptions } from "../manifest";
import { configuredServersOf, withServer } from "./connectedServer";
import { givenDay, manifestFile, namingOf, OFFLINE_OPTIONS, readGivenManifest } from "./givenManifest";
import { SERVER_OPTIONS } from "./givenServers";
import { UsageError, type Surroundings, type VerbOptions } from "./Verb";

/** The options of a verb that holds a manifest beside its server. */
export const LIVE_OPTIONS = {
  "as-of": OFFLINE_OPTIONS["as-of"],
  stack: SERVER_OPTIONS.stack,
  cwd: SERVER_OPTIONS.cwd,
  config: SERVER_OPTIONS.config,
} as const satisfies VerbOptions;

type Given = Partial<Record<keyof typeof LIVE_OPTIONS, string | undefined>>;

/** A manifest, and everything on the server that it names (or the only one). */
export async function manifestBesideServer(
  operand: string | undefined,
  values: Given,
  surroundings: Surroundings,
): Promise<{
  manifest: Manifest;
  /** As it was given, and how it was read. */
  file: string;
  options: ManifestOptions;
  inventory: Awaited<ReturnType<AegirServer["inventory"]>>;
  instance: string | undefined;
}> {
  const { directory } = surroundings;
  const { stack, cwd, config } = values;
  const servers = configuredServersOf({ stack, cwd, config }, directory);
  const options = { asOf: givenDay(values["as-of"]), servers: namingOf(servers) };
  const file = manifestFile(operand, directory);
  const manifest = read(file);
  const inventory = await withServer(servers, manifest.server, surroundings, (server) => server.inventory());
  const { accounts } = servers[manifest.server ?? Object.keys(servers)[0]!]!;
  return { manifest, file, options, inventory, instance: accounts?.instance };

  /** Nothing is asked of a server for a manifest that would not be deployed. */
  function read(file: string): Manifest {
    try {
      return readGivenManifest(file, directory, options);
    } catch (error) {
      throw error instanceof ManifestError ? new UsageError(error.message) : error;
    }
  }
}
