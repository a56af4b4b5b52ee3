/** The servers in the configuration of a stack, or in a file. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { SERVERS_KEY } from "../aegir/ServerConfiguration";
import { printable } from "../text/printable";
import { UsageError } from "./Command";

export interface UncheckedServers {
  /** By name, as they were written; not checked yet. */
  servers: Record<string, unknown>;
  /** Where they come from, for messages. */
  origin: string;
  /** Paths of values that Pulumi has encrypted, and that are left out. */
  encrypted: string[];
  /** Project and stack, `access/production`, if they are those of a stack that was found by its name. */
  stack?: string;
}

/** The servers in a file: of a stack, or with the value of `aegir:servers` under that name or alone. */
export function serversOfFile(file: string): UncheckedServers {
  return serversIn(read(file), file, inFile);
}

/**
 * The servers of a stack, found as Pulumi finds them: upwards to Pulumi.yaml, then the stack's file beside it or in its `stackConfigDir`.
 *
 * @param stack may be undefined if there is only one
 */
export function serversOfStack(start: string, stack: string | undefined): UncheckedServers {
  const project = projectFile(start);
  if (project === undefined) {
    throw new UsageError(`There is no Pulumi.yaml in ${printable(start)} or above it. Give --cwd, --config or --host.`);
  }
  const directory = stackDirectory(project);
  // The name may begin with an organisation and a project, or be that of the file.
  const last = stack?.split("/").at(-1);
  const name = last === undefined ? onlyStack(directory) : (/^Pulumi\.(.+)\.ya?ml$/.exec(last)?.[1] ?? last);
  const file = stackFileIn(directory, name);
  if (file === undefined) {
    const others = stacksIn(directory).join(", ");
    throw new UsageError(
      `There is no Pulumi.${printable(name, 60)}.yaml in ${printable(directory)}; ${others ? `there is: ${others}` : "no stack has one"}.`,
    );
  }
  return { ...serversIn(read(file), file, inStack), stack: `${projectName(project)}/${name}` };
}

function projectName(project: string): string {
  const settings = yaml(read(project), project) as { name?: unknown } | null;
  return typeof settings?.name === "string" ? settings.name : "";
}

/** The servers of a project's only stack; undefined outside a project, if it has several stacks, or if its servers are missing or encrypted. */
export function serversOfOnlyStack(start: string): UncheckedServers | undefined {
  const project = projectFile(start);
  if (project === undefined) return undefined;
  const directory = stackDirectory(project);
  const [stack, ...others] = stacksIn(directory);
  if (stack === undefined || others.length > 0) return undefined;
  const file = stackFileIn(directory, stack)!;
  const text = read(file);
  const document = yaml(text, file);
  const servers = isMap(document) ? inStack(document) : undefined;
  return servers === undefined || isEncrypted(servers) ? undefined : serversIn(text, file, inStack);
}

/** Where Pulumi keeps the files of a project's stacks. */
export function stackDirectory(project: string): string {
  const settings = yaml(read(project), project) as { stackConfigDir?: unknown } | null;
  return resolve(dirname(project), typeof settings?.stackConfigDir === "string" ? settings.stackConfigDir : ".");
}

/** A stack's file, if it has one. */
export function stackFileIn(directory: string, stack: string): string | undefined {
  return [".yaml", ".yml"].map((end) => join(directory, `Pulumi.${stack}${end}`)).find(existsSync);
}

/** In a stack's file. */
function inStack(document: Record<string, unknown>): unknown {
  return isMap(document["config"]) ? document["config"][SERVERS_KEY] : undefined;
}

/** In a file that is named by --config: a stack's, or one that holds the value under its name or alone. */
function inFile(document: Record<string, unknown>, origin: string): unknown {
  if (isMap(document["config"]) && SERVERS_KEY in document["config"]) return document["config"][SERVERS_KEY];
  if (SERVERS_KEY in document) return document[SERVERS_KEY];
  const problem = misread(document);
  if (problem !== undefined) throw new UsageError(`${printable(origin)} ${problem}`);
  return document;
}

/** What a file without servers by name is instead, as the end of a sentence. */
function misread(document: Record<string, unknown>): string | undefined {
  const has = (...keys: string[]) => keys.every((key) => key in document);
  if (has("version", "clients")) {
    return "is an access manifest. --config takes a file of servers. Give the manifest as an argument, without an option.";
  }
  if (has("name", "runtime")) {
    return "is a project file. Servers are in the file of a stack: use --stack NAME, or --config Pulumi.NAME.yaml.";
  }
  if (has("encryptionsalt") || isMap(document["config"])) {
    return `is a stack file, but has no ${SERVERS_KEY} under config.`;
  }
  if (has("connection") || has("accounts")) {
    return "contains one server without a name. Write a name above it: main: { connection: ... }.";
  }
  if (has("host")) return "contains only a connection. Put it in a server: main: { connection: { host: ... } }.";
  return undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function projectFile(directory: string): string | undefined {
  const above = dirname(directory);
  return projectFileIn(directory) ?? (above === directory ? undefined : projectFile(above));
}

export function projectFileIn(directory: string): string | undefined {
  return ["Pulumi.yaml", "Pulumi.yml"].map((name) => join(directory, name)).find(existsSync);
}

/** The names of the stacks that have a file. */
export function stacksIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((file) => /^Pulumi\.(.+)\.ya?ml$/.exec(file)?.[1] ?? []);
}

function onlyStack(directory: string): string {
  const stacks = stacksIn(directory);
  if (stacks.length === 1) return stacks[0]!;
  throw new UsageError(
    stacks.length === 0
      ? `No stack has a file in ${printable(directory)}. Use --stack, --config or --host.`
      : `There are several stacks: ${stacks.join(", ")}. Choose one, for example --stack ${stacks[0]}.`,
  );
}

/** @param pick finds the servers in what the file holds */
function serversIn(
  text: string,
  origin: string,
  pick: (document: Record<string, unknown>, origin: string) => unknown,
): UncheckedServers {
  const document = yaml(text, origin);
  let value = isMap(document) ? pick(document, origin) : undefined;
  if (isEncrypted(value)) {
    throw new UsageError(
      `${SERVERS_KEY} of ${printable(origin)} is encrypted as a whole, and only Pulumi can read it. Encrypt only the secrets in it ` +
        `(pulumi config set --path --secret '${SERVERS_KEY}.main.connection.privateKey' < FILE), or give --config.`,
    );
  }
  // `pulumi config set` without --path stores JSON as text.
  if (typeof value === "string") value = yaml(value, origin);
  if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    throw new UsageError(`${printable(origin)} has no ${SERVERS_KEY}: a map of servers by name.`);
  }
  const encrypted: string[] = [];
  const servers = withoutEncrypted(value, [], encrypted) as Record<string, unknown>;
  return { servers, origin, encrypted };
}

function withoutEncrypted(value: unknown, path: string[], encrypted: string[]): unknown {
  if (Array.isArray(value)) {
    return value.map((entry, index) => withoutEncrypted(entry, [...path, `${index}`], encrypted));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, entry]) => {
    if (!isEncrypted(entry)) return true;
    encrypted.push([...path, key].join("."));
    return false;
  });
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutEncrypted(entry, [...path, key], encrypted)]));
}

/** How Pulumi writes an encrypted value. */
function isEncrypted(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value && Object.keys(value).length === 1;
}

/** Errors leave out the library's own words, which may quote the file, and so a secret. */
function yaml(text: string, origin: string): unknown {
  const wrong = (what: string) =>
    new UsageError(
      `${printable(origin)} is not valid YAML: ${what}. Put a string that begins with a character such as * or ! in quotes.`,
    );
  const document = parseDocument(text, { logLevel: "error" });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    const [at] = problem.linePos ?? [];
    throw wrong(`${problem.code.toLowerCase().replaceAll("_", " ")} at line ${at?.line ?? 1}, column ${at?.col ?? 1}`);
  }
  try {
    return document.toJS();
  } catch {
    throw wrong("an alias (*) that names nothing, or too many of them");
  }
}

function read(file: string): string {
  if (existsSync(file) && statSync(file).isDirectory()) {
    throw new UsageError(`${printable(file)} is a directory. --cwd takes a project's directory, --config a file.`);
  }
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${printable(file)} cannot be read: ${printable((error as Error).message)}.`);
  }
}
