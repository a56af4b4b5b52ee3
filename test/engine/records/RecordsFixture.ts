/** What a test of the engines works with: the program in `program`, and the records that its provider changes. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../support/until";
import { type Engine, type Stack, type StackOptions } from "../Engine";
import { listEngines } from "../engines";

/** A value may be `{ from, output? }` (another resource), `{ secret }` or `{ config, isSecret? }`, at any depth. */
export type PlanValue = unknown;

export interface PlannedResource {
  /** `Record` if absent; `Plain` is a record whose provider has no `diff`, `Group` a component. */
  class?: "Record" | "Plain" | "Group" | "Foreign";
  name: string;
  /** `key` names the record (another one means another record), `value` is what it holds. */
  properties?: Record<string, PlanValue>;
  /** Resource options of Pulumi, with the same values. */
  options?: Record<string, PlanValue>;
}

export interface Plan {
  resources: PlannedResource[];
  outputs?: Record<string, PlanValue>;
  /** The name of a stack, whose output `now` becomes our output `previously`. */
  stackReference?: string;
  print?: string[];
  /** Gives every resource a hook that refuses to create or delete those of these names. */
  guard?: string[];
  throw?: string;
  exit?: number;
}

export interface Call {
  call: "check" | "diff" | "create" | "read" | "update" | "delete";
  key: string;
  pid: number;
  greeting?: string;
  /** Of a check: whether old inputs were given. */
  olds?: boolean;
  value?: unknown;
}

export const projectDirectory = join(__dirname, "program");
export const passphrase = "correct horse battery staple";

export class RecordsFixture {
  readonly directory = mkdtempSync(join(tmpdir(), "records-"));
  readonly stateDirectory = join(this.directory, "state");

  constructor() {
    for (const name of ["records", "hold", "state"]) mkdirSync(join(this.directory, name));
    this.faults({});
    this.plan();
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  open(engine: Engine, options: Partial<StackOptions> = {}): Promise<Stack> {
    return engine.open({
      projectDirectory,
      stack: "dev",
      stateDirectory: this.stateDirectory,
      passphrase,
      config: {},
      ...options,
      env: { RECORDS: this.directory, ...options.env },
    });
  }

  plan(...resources: PlannedResource[]): void {
    this.planAll({ resources });
  }

  planAll(plan: Plan): void {
    writeFileSync(join(this.directory, "plan.json"), JSON.stringify(plan));
  }

  /** By `"<call> <key>"`: an error, or a failure that leaves the record behind. */
  faults(faults: Record<string, { error: string } | { partial: string[] }>): void {
    writeFileSync(join(this.directory, "faults.json"), JSON.stringify(faults));
  }

  /** From now on such a call waits. */
  hold(call: Call["call"], key: string): void {
    writeFileSync(this.#holdFile(call, key), "");
  }

  release(call: Call["call"], key: string): void {
    rmSync(this.#holdFile(call, key));
  }

  get calls(): Call[] {
    const path = join(this.directory, "calls.jsonl");
    return existsSync(path)
      ? readFileSync(path, "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Call)
      : [];
  }

  /** `"create a"`, in the order in which they arrived. */
  callsOf(...kinds: Call["call"][]): string[] {
    return this.calls.filter(({ call }) => kinds.includes(call)).map(({ call, key }) => `${call} ${key}`);
  }

  forgetCalls(): void {
    rmSync(join(this.directory, "calls.jsonl"), { force: true });
  }

  /** Key -> value, of everything that exists. */
  get records(): Record<string, unknown> {
    const directory = join(this.directory, "records");
    return Object.fromEntries(
      readdirSync(directory)
        .sort()
        .map((name) => {
          const record = JSON.parse(readFileSync(join(directory, name), "utf8")) as { key: string; value: unknown };
          return [record.key, record.value];
        }),
    );
  }

  /** Somebody changes a record by hand. */
  write(key: string, value: unknown): void {
    writeFileSync(join(this.directory, "records", `${key}.json`), JSON.stringify({ key, value, serial: 100 }));
  }

  /** Somebody removes a record by hand. */
  remove(key: string): void {
    rmSync(join(this.directory, "records", `${key}.json`));
  }

  async calledWith(call: Call["call"], key: string): Promise<void> {
    await until(() => this.callsOf(call).includes(`${call} ${key}`));
  }

  #holdFile(call: string, key: string): string {
    return join(this.directory, "hold", `${call} ${key}`);
  }
}

/** A record whose key is its name. */
export function record(
  name: string,
  properties: Record<string, PlanValue> = {},
  options: Record<string, PlanValue> = {},
): PlannedResource {
  return { name, properties: { key: name, value: `value of ${name}`, ...properties }, options };
}

export function dependsOn(...names: string[]): { dependsOn: PlanValue } {
  return { dependsOn: names.map((name) => ({ from: name })) };
}

export function urnOf(name: string, type = "pulumi-nodejs:dynamic/records:Record"): string {
  return `urn:pulumi:dev::records::${type}::${name}`;
}

/** `describe` once per engine of this machine. */
export function describeEngines(title: string, tests: (engine: Engine, fixture: () => RecordsFixture) => void): void {
  for (const engine of listEngines()) {
    describe(`${title}, on the ${engine.name}`, function () {
      // An operation takes two seconds, or ten on a busy machine, and a scenario takes several.
      this.timeout(300_000);
      let fixture: RecordsFixture;
      beforeEach(() => {
        fixture = new RecordsFixture();
      });
      afterEach(() => fixture.dispose());
      tests(engine, () => fixture);
    });
  }
}
