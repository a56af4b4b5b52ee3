import { existsSync, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { printable } from "../text/printable";
import { type CommandContext, type CommandResult, defineCommand, UsageError } from "./Command";
import { examineServers } from "./doctor";
import { manifestOfServer } from "./dump";
import { ExitCode } from "./ExitCode";
import { type InitFacts, initReport, nextCommands } from "./initReport";
import {
  missingPackages,
  pipelineFiles,
  PIPELINES,
  type Pipelines,
  type ProjectFile,
  projectFiles,
  writeMissing,
  type WrittenFile,
} from "./projectFiles";
import { projectFileIn, serversOfFile, type UncheckedServers } from "./serverFiles";
import { checkedServers } from "./serverOptions";
import { addServers, type StackConfiguration, stackConfiguration } from "./stackConfiguration";
import { missingWayIn, pinnedServer, WAY_IN_OPTIONS, type WayInOptions } from "./wayIn";

const MANIFEST = "access.yaml";

interface InitOptions extends WayInOptions {
  server?: string | undefined;
  ci?: string | undefined;
  owner?: string | undefined;
}

/** `aegir-access init`: a project that adopts the access on a server. */
export const init = defineCommand({
  name: "init",
  summary: "makes a project that adopts the access on a server",
  description: [
    "Makes the files of a Pulumi project in DIRECTORY (default: the current directory), pins the server's host key, checks the " +
      "server as `doctor` does, and writes its access to access.yaml as `dump` does. Deploying the project then adopts that " +
      "access and writes nothing. Nothing on the server changes.",
    "On a terminal, asks for what the options leave open and shows the host key to compare. Without a terminal, --host, --user " +
      "and --host-key are required: a host key is never pinned without a person who compared it.",
    "Leaves existing files alone and names them, so it can be run again, for example to add --ci. If the server cannot be used, " +
      "writes nothing. Credentials come from the environment (AEGIR_PRIVATE_KEY, ...) or an agent and are not written anywhere.",
  ],
  operands: { usage: "[DIRECTORY]", least: 0, most: 1 },
  options: {
    ...WAY_IN_OPTIONS,
    stack: {
      type: "string",
      short: "s",
      value: "NAME",
      help: "the stack to configure (default: the only one in DIRECTORY, or production)",
    },
    server: { type: "string", value: "NAME", help: "the name of the server in the configuration (default: main)" },
    ci: {
      type: "string",
      value: "SYSTEM",
      help: "adds pipelines and CODEOWNERS for github or gitlab",
    },
    owner: {
      type: "string",
      value: "@TEAM",
      help: "with --ci: the user or team in CODEOWNERS who must approve changes of the project",
    },
  },
  exitCodes: {
    [ExitCode.ok]: "the project is complete; the output says if the checks found something to look at",
    [ExitCode.failed]: "connection, login or Drush failed on the server; nothing was written",
    [ExitCode.notPinned]: "the host key was not confirmed; nothing was written, and no credentials were sent",
  },
  examples: [
    ["init access", "asks for the server and makes the project in the directory access"],
    ["init --host aegir.example.com --user aegir --host-key SHA256:...", "for a script, which is asked nothing"],
    ["init --ci gitlab --owner @acme/platform", "adds pipelines to a project"],
  ],
  async run({ values, operands }, context) {
    const directory = projectDirectory(resolve(context.directory, operands[0] ?? "."));
    const stack = stackConfiguration(directory, values.stack);
    const pipelines = pipelinesOf(values, directory);
    const answers = await completed(values, { stack, pipelines }, context);
    if (answers === undefined) return notConfirmed();
    const { server, owner } = answers;
    const name = values.server ?? "main";
    const found: UncheckedServers =
      server === undefined
        ? serversOfFile(stack.file)
        : { servers: { [name]: server }, origin: "the command line", encrypted: [] };

    const examined = await examineServers(found, context.progress);
    if (examined.exitCode === ExitCode.failed || examined.exitCode === ExitCode.notPinned) {
      return { ...examined, text: (style) => `${examined.text(style)}\n\nNothing was written.` };
    }
    const dumped = existsSync(join(directory, MANIFEST))
      ? undefined
      : await manifestOfServer(checkedServers(found.servers), values.server, context);

    const project = filesOfProject(directory);
    const packages = missingPackages(directory, project);
    mkdirSync(directory, { recursive: true });
    const files = writeMissing(directory, [
      ...project,
      ...(dumped ? [{ path: MANIFEST, text: dumped.text }] : []),
      ...(pipelines && owner !== undefined ? pipelineFiles(pipelines, stack.stack, owner) : []),
    ]);
    if (server !== undefined) addServers(stack, { [name]: server });
    const result: InitFacts = {
      directory,
      stack: stack.stack,
      servers: examined.facts.servers,
      files: [
        ...files,
        ...(dumped ? [] : [{ path: MANIFEST, outcome: "same" as const }]),
        { path: stack.path, outcome: stackOutcome(stack) },
      ].sort(byPath),
      decisions: dumped?.decisions ?? 0,
      next: nextCommands(relative(context.directory, directory), stack, packages),
    };
    return {
      exitCode: ExitCode.ok,
      facts: result,
      text: (style) => [examined.text(style), initReport(result, style)].join("\n\n"),
    };
  },
});

/** @throws UsageError if there is something else at this path */
function projectDirectory(path: string): string {
  if (existsSync(path) && !statSync(path).isDirectory()) throw new UsageError(`${printable(path)} is not a directory.`);
  return path;
}

function pipelinesOf({ ci: name, owner }: InitOptions, directory: string): Pipelines | undefined {
  if (name === undefined) {
    if (owner !== undefined) throw new UsageError("--owner is for CODEOWNERS, which --ci adds.");
    return undefined;
  }
  const pipelines = PIPELINES.find((each) => each === name);
  if (pipelines === undefined) throw new UsageError(`--ci must be one of ${PIPELINES.join(", ")}.`);
  const root = repositoryOf(directory);
  // The pipelines run where the repository begins, and find the project there.
  if (root !== undefined && root !== directory) {
    throw new UsageError(
      `--ci needs a project at the root of its repository, which is ${printable(root)}. Copy the pipelines from the package's ` +
        "templates instead, and adjust their paths.",
    );
  }
  return pipelines;
}

function repositoryOf(directory: string): string | undefined {
  if (existsSync(join(directory, ".git"))) return directory;
  const above = dirname(directory);
  return above === directory ? undefined : repositoryOf(above);
}

interface Answers {
  /** The entry to add to the configuration; undefined if the stack has servers already. */
  server: object | undefined;
  /** The owner of the pipelines. */
  owner: string | undefined;
}

/**
 * Completes the options with answers.
 * @returns undefined if the host key was not confirmed
 * @throws UsageError naming everything that is missing, if there is no terminal
 */
async function completed(
  options: InitOptions,
  { stack, pipelines }: { stack: StackConfiguration; pipelines: Pipelines | undefined },
  { terminal }: CommandContext,
): Promise<Answers | undefined> {
  const missing = [
    ...(stack.hasServers ? [] : missingWayIn(options)),
    ...(pipelines && options.owner === undefined ? ["--owner"] : []),
  ];
  if (missing.length > 0 && terminal === undefined) {
    throw new UsageError(
      `Missing: ${missing.join(", ")}. Without a terminal, nothing is asked.` +
        (missing.includes("--host-key")
          ? " `aegir-access doctor --host HOST --user LOGIN` shows the host key and how to compare it."
          : ""),
    );
  }
  const server = stack.hasServers ? undefined : await pinnedServer(options.server ?? "main", options, terminal);
  if (server === "not confirmed") return undefined;
  const owner = pipelines && (options.owner ?? (await terminal!.ask(OWNER, undefined, ownerProblem)));
  const problem = owner === undefined ? undefined : ownerProblem(owner);
  if (problem !== undefined) throw new UsageError(`--owner: ${problem}`);
  return { server, owner };
}

function notConfirmed(): CommandResult {
  const text = "The host key was not confirmed. Nothing was written, and no credentials were sent.";
  return { exitCode: ExitCode.notPinned, facts: { error: text, code: "notPinned" }, text: () => text };
}

const OWNER = "User or team that must approve changes of the project, for example @acme/platform";

function ownerProblem(owner: string): string | undefined {
  return /^@[\w./-]+$|^[^\s@#]+@[^\s@#]+$/.test(owner)
    ? undefined
    : "CODEOWNERS needs a user or team with @, for example @acme/platform, or a mail address.";
}

function filesOfProject(directory: string): ProjectFile[] {
  // Pulumi also reads Pulumi.yml, and a second project file would hide it.
  const settings = basename(projectFileIn(directory) ?? "Pulumi.yaml");
  return projectFiles(projectName(directory)).map((file) =>
    file.path === "Pulumi.yaml" ? { ...file, path: settings } : file,
  );
}

/** As `pulumi new` names a project, within the rules of npm. */
function projectName(directory: string): string {
  const name = basename(directory)
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-");
  return name.replace(/^[.-]+/, "") || "access";
}

function stackOutcome({ exists, hasServers }: StackConfiguration): WrittenFile["outcome"] {
  return hasServers ? "same" : exists ? "completed" : "written";
}

const byPath = (one: WrittenFile, other: WrittenFile) => (one.path < other.path ? -1 : 1);
