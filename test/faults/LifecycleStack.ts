/**
 * A stack without an engine: the steps that Pulumi's engine takes, one after another, with a state in memory. A scenario of
 * faults that takes an engine seconds takes it a fraction of one; that engines do the same is what test/engine and the
 * scenarios are for.
 */
import type { Declaration } from "../scenarios/program";
import { messageOf, partOf, type Provider, type ResourceType, type Values } from "./Provider";

export interface Recorded {
  type: ResourceType;
  id: string;
  inputs: Values;
  outputs: Values;
  /** It exists in part: the next run updates it, whatever its diff says. */
  initialised: boolean;
}

/** What one operation did. */
export interface Run {
  ok: boolean;
  /** `create client:acme`, in the order in which they were done. */
  done: string[];
  /** What was as declared. */
  same: string[];
  /** Lines that were printed meanwhile. */
  printed: string[];
  /** What failed, as a user reads it: logical name, operation and message. */
  failures: { name: string; operation: string; message: string; error: unknown }[];
  /** What was not made or changed, because it failed itself or depends on what did. */
  unmade: Set<string>;
}

export class LifecycleStack {
  declared: Declaration[] = [];
  /** By logical name, oldest first. */
  state = new Map<string, Recorded>();
  /** What was replaced, and is still to be deleted. */
  replaced: [name: string, Recorded][] = [];

  /**
   * @param start a new provider process for every operation, as the engine has one
   * @param stack the project and its name, with which a login marks its keys
   */
  constructor(
    private readonly start: () => Promise<Provider>,
    private readonly stack = "test/one",
  ) {}

  /** What the state is now; the returned function puts it back, as if nothing was written since. */
  checkpoint(): () => void {
    const [state, replaced] = [new Map(this.state), [...this.replaced]];
    return () => {
      this.state = state;
      this.replaced = replaced;
    };
  }

  async up({ continueOnError = false, refresh = false } = {}): Promise<Run> {
    return this.#operation(async (provider, run) => {
      if (refresh) await this.#refresh(provider, run);
      const goOn = () => continueOnError || run.failures.length === 0;
      for (const declaration of this.declared) if (goOn()) await this.#apply(provider, run, declaration);
      const names = new Set(this.declared.map(({ name }) => name));
      const undeclared = [...this.state].filter(([name]) => !names.has(name));
      for (const [name, recorded] of dependentsFirst([...undeclared, ...this.replaced])) {
        if (goOn()) await this.#delete(provider, run, name, recorded);
      }
    });
  }

  /** What `up` would do, as far as can be said without the server. */
  preview(options = {}): Promise<Run> {
    const planned = new LifecycleStack(async () => planning(await this.start()), this.stack);
    planned.declared = this.declared;
    planned.state = new Map(this.state);
    planned.replaced = [...this.replaced];
    return planned.up(options);
  }

  refresh(): Promise<Run> {
    return this.#operation((provider, run) => this.#refresh(provider, run));
  }

  destroy({ continueOnError = false } = {}): Promise<Run> {
    return this.#operation(async (provider, run) => {
      for (const [name, recorded] of dependentsFirst([...this.state])) {
        if (continueOnError || run.failures.length === 0) await this.#delete(provider, run, name, recorded);
      }
    });
  }

  async #operation(work: (provider: Provider, run: Run) => Promise<void>): Promise<Run> {
    const run: Run = { ok: true, done: [], same: [], printed: [], failures: [], unmade: new Set() };
    const stop = listen((line) => run.printed.push(line));
    try {
      const provider = await this.start();
      await work(provider, run).finally(() => provider.end());
    } finally {
      stop();
    }
    return { ...run, ok: run.failures.length === 0 };
  }

  async #apply(provider: Provider, run: Run, declaration: Declaration): Promise<void> {
    const { type, name } = declaration;
    const old = this.state.get(name);
    // As the constructor of the resource does.
    const own = type === "ShellAccount" ? { stack: this.stack } : {};
    const args = this.#linked({ ...declaration.args, ...own }, run);
    if (!args) {
      run.unmade.add(name);
      return;
    }
    const step = { name, operation: "check" };
    const record = (id: string, inputs: Values, outputs: Values, initialised: boolean) => {
      this.state.set(name, { type, id, inputs, outputs, initialised });
      if (old && step.operation === "create") this.replaced.push([name, old]);
    };
    let inputs: Values = {};
    try {
      const checked = await provider.check(type, args, old?.inputs);
      inputs = checked.inputs;
      if (checked.failures.length > 0) throw new Error(checked.failures.map(({ reason }) => reason).join(" "));
      const diff = old && (await provider.diff(type, old.id, old.outputs, inputs));
      if (!old || (diff && diff.replaces.length > 0)) {
        step.operation = "create";
        const { id, properties } = await provider.create(type, inputs);
        record(id, inputs, properties, true);
      } else if (diff?.changes || !old.initialised) {
        step.operation = "update";
        record(old.id, inputs, await provider.update(type, old.id, old.outputs, inputs), true);
      } else {
        run.same.push(name);
        return;
      }
      run.done.push(`${step.operation} ${name}`);
    } catch (error) {
      const part = partOf(error);
      if (part) record(part.id, inputs, part.properties, false);
      run.unmade.add(name);
      run.failures.push({ ...step, message: messageOf(error), error });
    }
  }

  async #delete(provider: Provider, run: Run, name: string, recorded: Recorded): Promise<void> {
    try {
      await provider.delete(recorded.type, recorded.id, recorded.outputs);
      if (this.state.get(name) === recorded) this.state.delete(name);
      this.replaced = this.replaced.filter(([, other]) => other !== recorded);
      run.done.push(`delete ${name}`);
    } catch (error) {
      run.failures.push({ name, operation: "delete", message: messageOf(error), error });
    }
  }

  async #refresh(provider: Provider, run: Run): Promise<void> {
    for (const [name, recorded] of [...this.state]) {
      try {
        const { id, properties, inputs } = await provider.read(recorded.type, recorded.id, recorded.outputs);
        if (id === "") {
          this.state.delete(name);
          run.done.push(`gone ${name}`);
        } else {
          // As the engine does: a read that says nothing of the inputs leaves them as they are.
          const kept = Object.keys(inputs).length === 0 ? recorded.inputs : inputs;
          this.state.set(name, { ...recorded, id, inputs: kept, outputs: properties });
        }
      } catch (error) {
        run.failures.push({ name, operation: "read", message: messageOf(error), error });
      }
    }
  }

  /** Links as in the scenarios' program: `${logical name.output}`; undefined if one of them was not made. */
  #linked(args: Values, { unmade }: Run): Values | undefined {
    let known = true;
    const entries = Object.entries(args).map(([key, value]) => {
      const link = typeof value === "string" ? /^\$\{(.+)\.(\w+)\}$/.exec(value) : null;
      if (!link) return [key, value];
      const recorded = this.state.get(link[1]!);
      known &&= recorded?.initialised === true && !unmade.has(link[1]!);
      return [key, recorded?.outputs[link[2]!]];
    });
    return known ? (Object.fromEntries(entries) as Values) : undefined;
  }
}

const listeners = new Set<(line: string) => void>();
const { log } = console;

/** Hears what is printed from now on, whoever prints it, until the returned function is called. */
function listen(listener: (line: string) => void): () => void {
  listeners.add(listener);
  console.log = (...words: unknown[]) => listeners.forEach((hear) => hear(words.join(" ")));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) console.log = log;
  };
}

/** A provider that is asked what it would do, and does nothing. */
function planning(provider: Provider): Provider {
  return {
    check: (...parameters) => provider.check(...parameters),
    diff: (...parameters) => provider.diff(...parameters),
    read: (...parameters) => provider.read(...parameters),
    create: (_type, inputs) => Promise.resolve({ id: "", properties: inputs }),
    update: (_type, _id, olds, news) => Promise.resolve({ ...olds, ...news }),
    delete: () => Promise.resolve(),
    end: () => provider.end(),
  };
}

/** The order of deletions that the links give: a login hangs on its site, and both on the client. */
function dependentsFirst(recorded: [name: string, Recorded][]): [name: string, Recorded][] {
  const order: ResourceType[] = ["ShellAccount", "SiteOwnership", "ClientUserBinding", "AegirClient"];
  return order.flatMap((type) => recorded.filter(([, one]) => one.type === type).reverse());
}
