/** What the stack's configuration says. Its keys are described at accessStack(). */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AegirError } from "../aegir/AegirError";
import { parseServers, SERVERS_KEY } from "../aegir/ServerConfiguration";
import type { Servers } from "../aegir/serverTypes";
import type { Manifest } from "../manifest/Manifest";
import { ManifestError } from "../manifest/ManifestError";
import { defaultManifestsIn, filesOfManifest } from "../manifest/ManifestFiles";
import { parseFiles } from "../manifest/parseManifest";
import { type QueueRun, queueRun } from "./queueRun";

export interface StackConfiguration {
  manifest: Manifest;
  /** The Octopus instance of the manifest's server, which makes shell logins; null if it makes none. */
  instance: string | null;
  runQueue: QueueRun | undefined;
}

/** @throws RunError */
export function readConfiguration(): StackConfiguration {
  const config = new pulumi.Config();
  const servers = readServers();
  const manifest = readManifest(config.get("manifest") ?? defaultManifest(), servers, config.get("asOf"));
  const serverName = manifest.server ?? Object.keys(servers)[0]!;
  const server = servers[serverName]!;
  return {
    manifest,
    instance: server.accounts?.instance ?? null,
    runQueue: config.getBoolean("runQueue") ? queueRun(serverName, server) : undefined,
  };
}

/** As they are written, and known to be valid. */
function readServers(): Servers {
  const text = pulumi.runtime.getConfig(SERVERS_KEY);
  try {
    parseServers(text);
  } catch (error) {
    if (error instanceof AegirError) throw new pulumi.RunError(error.message);
    throw error;
  }
  return JSON.parse(text!) as Servers;
}

function defaultManifest(): string {
  const [path = "access.yaml", other] = defaultManifestsIn(pulumi.getRootDirectory());
  if (other === undefined) return path;
  throw new pulumi.RunError(
    `The project has both ${path} and ${other}, and either could be the access manifest. Move one into the other, or name the ` +
      "manifest: `pulumi config set manifest PATH`.",
  );
}

/** @param file a file or directory, from the directory of Pulumi.yaml; the program itself may run in another, which `main` names */
function readManifest(file: string, servers: Servers, asOf: string | undefined): Manifest {
  const path = resolve(pulumi.getRootDirectory(), file);
  if (!existsSync(path)) {
    throw new pulumi.RunError(
      `There is no access manifest ${path}. Write it, or name another file: \`pulumi config set manifest PATH\`, ` +
        "counted from the directory of Pulumi.yaml.",
    );
  }
  const naming = Object.entries(servers).map(([name, { clientPrefix, accounts }]) => {
    return [name, { clientPrefix, instance: accounts?.instance, passwordDays: accounts?.passwordDays }] as const;
  });
  try {
    return parseFiles(file, filesOfManifest(path, file), { servers: Object.fromEntries(naming), asOf });
  } catch (error) {
    // Without a stack trace: the message is a report about the manifest, with file, line and caret.
    if (error instanceof ManifestError) throw new pulumi.RunError(error.message);
    throw error;
  }
}
