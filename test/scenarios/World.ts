/** Where a story plays: a small Aegir, a stack on one engine, and the second channels that tell what is really so. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlainFiles } from "../aegir/PlainClient";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import type { ConfigValue, Engine, Outcome, Stack } from "../engine/Engine";
import type { Declaration } from "./program/index";

export interface WorldOptions {
  /** The program's directory; the scenarios' own program if absent. */
  program?: string;
  aegir?: SmallAegirOptions;
  /** Besides `aegir:servers`. */
  config?: Record<string, ConfigValue>;
  /** The name under which the small Aegir is configured; `main` if absent. */
  server?: string;
  /** Further servers by name. */
  servers?: Record<string, object>;
}

export class World {
  readonly stack: Stack;
  /** What the engine has printed so far. */
  private readonly outputs: string[] = [];

  private constructor(
    readonly aegir: SmallAegir,
    stack: Stack,
    readonly directory: string,
    private config: Record<string, ConfigValue>,
  ) {
    this.stack = listening(stack, (output) => this.outputs.push(output));
  }

  static async open(engine: Engine, options: WorldOptions = {}): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), "aegir-scenario-"));
    const aegir = await SmallAegir.start(options.aegir);
    const servers = { [options.server ?? "main"]: aegir.configuration(), ...options.servers };
    const config = { "aegir:servers": { secret: JSON.stringify(servers) }, ...options.config };
    const stack = await engine.open({
      projectDirectory: options.program ?? join(__dirname, "program"),
      stack: "test",
      stateDirectory: join(directory, "state"),
      passphrase: "passphrase of the scenarios",
      config,
      env: { SCENARIO_DECLARATION: join(directory, "declaration.json"), PULUMI_NODEJS_TRANSPILE_ONLY: "true" },
    });
    const world = new World(aegir, stack, directory, config);
    world.declare([]);
    return world;
  }

  /** What the scenarios' program declares from now on. */
  declare(declarations: Declaration[]): void {
    writeFileSync(join(this.directory, "declaration.json"), JSON.stringify(declarations));
  }

  /** Declares, deploys, and fails with everything that the engine printed if that did not go well. */
  async up(declarations?: Declaration[]): Promise<Outcome> {
    if (declarations) this.declare(declarations);
    return expectOk(await this.stack.up());
  }

  /** Changes or adds configuration values; the others stay. */
  async configure(config: Record<string, ConfigValue>): Promise<void> {
    this.config = { ...this.config, ...config };
    await this.stack.setConfig(this.config);
  }

  /** The owner of a live site, from the server's own tables. */
  owner(site: string): string | null {
    const found = this.aegir.tables().sites.find((row) => row.site === site && row.status !== -2);
    if (!found) throw new Error(`the server has no site ${site}`);
    return found.owner;
  }

  /** Logs in as a shell account and lists what it sees below `sites/`; undefined if it is not let in. */
  async sitesOf(login: string, password?: string): Promise<string[] | undefined> {
    const stored = this.aegir.tables().passwordFiles[login]?.trimEnd();
    return sitesSeenBy(this.aegir, login, password ?? stored ?? "");
  }

  /** Ends the story, and fails it if a secret was printed, or lies in the clear in a file of the stack. */
  async close(): Promise<void> {
    const secrets = this.secrets();
    await this.aegir.stop();
    const texts = [...this.outputs, ...textsBelow(this.directory)];
    rmSync(this.directory, { recursive: true, force: true });
    for (const [what, secret] of secrets) {
      if (texts.some((text) => text.includes(secret)))
        throw new Error(`${what} is in an output or a file in the clear`);
    }
  }

  /** Texts that must not be seen anywhere, by what they are. */
  secrets(): [what: string, secret: string][] {
    const { passwordFiles } = this.aegir.tables();
    // The second line of a key in PEM: enough to know it by, and never wrapped.
    const keys = [this.aegir.drush, this.aegir.accounts].map(
      ({ user, privateKey }) => [`the private key of ${user}`, privateKey.split("\n")[2]!] as [string, string],
    );
    return [
      ...Object.entries(passwordFiles).map(
        ([login, password]) => [`the password of ${login}`, password.trimEnd()] as [string, string],
      ),
      ...keys,
    ];
  }
}

/** The stack, with everything that its operations print told to `listener`. */
function listening(stack: Stack, listener: (output: string) => void): Stack {
  return new Proxy(stack, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return async (...parameters: unknown[]) => {
        const result = (await value.apply(target, parameters)) as Outcome | undefined;
        if (typeof result?.output === "string") listener(result.output);
        return result;
      };
    },
  });
}

/** The text of every file below a directory, the stack's state among them. */
export function textsBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
}

export function expectOk(outcome: Outcome): Outcome {
  if (!outcome.ok) throw new Error(`the operation failed:\n${outcome.output}`);
  return outcome;
}

/**
 * Logs in as a shell account, through an SSH client of its own, and lists what `sites/` shows; undefined if it is not
 * let in. An account whose client directory is gone, but which BOA's cron has not removed yet, sees nothing.
 */
export async function sitesSeenBy(aegir: SmallAegir, user: string, password: string): Promise<string[] | undefined> {
  const { host, port } = aegir.drush;
  let files: PlainFiles;
  try {
    files = await PlainFiles.open({ host, port, user, password });
  } catch (error) {
    if ((error as { level?: string }).level === "client-authentication") return undefined;
    throw error;
  }
  try {
    return await files.list("sites");
  } catch (error) {
    if ((error as { code?: number }).code === NO_SUCH_FILE) return [];
    throw error;
  } finally {
    files.close();
  }
}

/** SSH_FX_NO_SUCH_FILE */
const NO_SUCH_FILE = 2;

/** Shorthand for the most common declarations. */
export const client = (internalName: string, name: string, args: Record<string, unknown> = {}): Declaration => ({
  type: "AegirClient",
  name: `client:${internalName}`,
  args: { name, internalName, ...args },
});
export const owned = (site: string, client: string, args: Record<string, unknown> = {}): Declaration => ({
  type: "SiteOwnership",
  name: `site:${site}`,
  args: { site, client: `\${client:${client}.internalName}`, ...args },
});
export const bound = (client: string, user: string, args: Record<string, unknown> = {}): Declaration => ({
  type: "ClientUserBinding",
  name: `binding:${client}:${user}`,
  args: { client: `\${client:${client}.internalName}`, user, ...args },
});
export const login = (client: string, site: string, args: Record<string, unknown> = {}): Declaration => ({
  type: "ShellAccount",
  name: `account:${client}`,
  args: { client: `\${site:${site}.client}`, ...args },
});
