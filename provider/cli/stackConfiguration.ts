/** The file of one stack, to which `init` adds servers unless it has some. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isMap, parseDocument } from "yaml";
import { SERVERS_KEY } from "../aegir/ServerConfiguration";
import { UsageError } from "./Command";
import { projectFileIn, stackDirectory, stackFileIn, stacksIn } from "./serverFiles";

export interface StackConfiguration {
  stack: string;
  file: string;
  /** From the project's directory. */
  path: string;
  exists: boolean;
  hasServers: boolean;
  /** Whether Pulumi knows the stack: it has written how it encrypts the stack's secrets. */
  isInitialized: boolean;
}

/** @param stack if absent: the only one that has a file, else `production` */
export function stackConfiguration(project: string, stack: string | undefined): StackConfiguration {
  const settings = projectFileIn(project);
  const directory = settings === undefined ? project : stackDirectory(settings);
  const [only, ...others] = stacksIn(directory);
  const name = stack ?? (only !== undefined && others.length === 0 ? only : "production");
  if (!/^[\w.-]+$/.test(name)) {
    throw new UsageError("--stack must be a name of letters, digits, dots, dashes and underscores.");
  }
  const found = stackFileIn(directory, name);
  const file = found ?? join(directory, `Pulumi.${name}.yaml`);
  const document = found === undefined ? undefined : parseDocument(readFileSync(found, "utf8"), { logLevel: "error" });
  return {
    stack: name,
    file,
    path: relative(project, file).replaceAll("\\", "/"),
    exists: found !== undefined,
    hasServers: document?.hasIn(["config", SERVERS_KEY]) ?? false,
    isInitialized: ["encryptionsalt", "encryptedkey", "secretsprovider"].some((key) => document?.has(key)),
  };
}

/** Adds the servers, and leaves everything else in the file as it is. */
export function addServers({ file }: StackConfiguration, servers: object): void {
  const document = parseDocument(existsSync(file) ? readFileSync(file, "utf8") : "");
  // Pulumi leaves an empty `config:` behind when the last value is removed.
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  document.setIn(["config", SERVERS_KEY], document.createNode(servers));
  writeFileSync(file, document.toString());
}
