/** A stack of the scenarios' program on one engine, whatever server it is deployed to. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigValue, Engine, Outcome, Stack } from "../engine/Engine";
import { foundIn } from "../support/canary";
import type { Declaration } from "./program/index";

/** An engine, or what stands for one. */
export type Opener = Pick<Engine, "open">;

export interface ScenarioStackOptions {
  /** The program's directory; the scenarios' own program if absent. */
  program?: string;
  /** What stands under `aegir:servers`, by name. */
  servers: Record<string, object>;
  /** Besides `aegir:servers`. */
  config?: Record<string, ConfigValue>;
}

export class ScenarioStack {
  readonly stack: Stack;
  /** What the engine has printed so far. */
  readonly #outputs: string[] = [];

  protected constructor(
    stack: Stack,
    readonly directory: string,
    private config: Record<string, ConfigValue>,
  ) {
    this.stack = listening(stack, (output) => this.#outputs.push(output));
    this.declare([]);
  }

  static async of(engine: Opener, options: ScenarioStackOptions): Promise<ScenarioStack> {
    return new ScenarioStack(...(await openStack(engine, options)));
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

  /** Which of these secrets were printed so far, or lie in a file of the stack, in the clear or only encoded. */
  exposed(secrets: Iterable<[what: string, secret: string]>): string[] {
    return foundIn([...this.#outputs, ...textsBelow(this.directory)], secrets);
  }

  /** Removes the stack's files. */
  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The arguments of a ScenarioStack's constructor. */
export async function openStack(
  engine: Opener,
  { program = join(__dirname, "program"), servers, config: others }: ScenarioStackOptions,
): Promise<[Stack, string, Record<string, ConfigValue>]> {
  const directory = mkdtempSync(join(tmpdir(), "aegir-scenario-"));
  const config = { "aegir:servers": { secret: JSON.stringify(servers) }, ...others };
  const stack = await engine.open({
    projectDirectory: program,
    stack: "test",
    stateDirectory: join(directory, "state"),
    passphrase: "passphrase of the scenarios",
    config,
    env: { SCENARIO_DECLARATION: join(directory, "declaration.json"), PULUMI_NODEJS_TRANSPILE_ONLY: "true" },
  });
  return [stack, directory, config];
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
