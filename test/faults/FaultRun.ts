/**
 * A stack that gives people access on a server where others live, something that goes wrong on the way, and the seven
 * points that hold after whatever it was (the checker).
 */
import assert from "node:assert/strict";
import { RunningClock } from "../aegir/Clock";
import { fullSeed } from "../aegir/seed";
import type { Exception } from "../aegir/SmallAegir";
import { INSTANCE, SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import type { Declaration } from "../scenarios/program";
import { bound, client, login, owned } from "../scenarios/Scenario";
import { foundIn } from "../support/canary";
import { commandLines } from "../support/commandLines";
import { witness } from "../support/TestTitle";
import { ToxicProxy } from "../support/ToxicProxy";
import { oneOfEach, serverHolds } from "./checker";
import { LifecycleStack, type Run } from "./LifecycleStack";
import { type Effect, faults } from "./matrix";
import { InProcessProvider, type Provider } from "./Provider";

export const SITE = "www.nova.example";
export const MAIL = "it@nova.example";

/** Everything that a faultRun may touch, if it does not say more; whatever else is on the server is somebody else's. */
export const OURS: Ours = {
  clients: ["nova", "nova2", "luna"],
  sites: [SITE, "shop.nova.example"],
  users: ["nova", "nova2", "dora", "luna"],
};

/** A client with a person by mail, two by name (one to be made), a site and its login. */
export const access = (change: { client?: string; rotation?: string } = {}): Declaration[] => {
  const { client: owner = "nova", rotation } = change;
  return [
    client(owner, "Nova Ltd", { email: MAIL }),
    bound(owner, "alice"),
    bound(owner, "dora", { createUser: { email: "dora@nova.example" } }),
    owned(SITE, owner),
    login(owner, SITE, rotation === undefined ? {} : { rotation }),
  ];
};

/** The same logical names, another internal name: everything is replaced. */
export const moved = JSON.parse(
  JSON.stringify(access({ client: "luna" })).replaceAll(/(client|binding|account):luna/g, "$1:nova"),
) as Declaration[];

/** Clients by internal name, sites by domain, users by name; the sites are the default owner's to begin with. */
export type Ours = Required<Exception>;

export interface UpOptions {
  continueOnError?: boolean;
  refresh?: boolean;
}

export interface FaultRunOptions {
  aegir?: SmallAegirOptions;
  ours?: Ours;
  waits?: object;
  /** Other fields of both connections. */
  connection?: object;
}

export class FaultRun {
  /** The rows of the matrix that it plays. */
  rows: number[] = [];
  /** What was printed, by the provider and by the server. */
  readonly printed: string[] = [];
  readonly stack: LifecycleStack;
  /** All that the server is deployed to from; each declares what no other one does. */
  readonly stacks: LifecycleStack[];
  /** In place of the configuration that works. */
  servers: object | undefined;
  /** Who carries out the next operations; the operations of this process if absent. */
  provider: ((servers: object) => Promise<Provider>) | undefined;
  readonly #ours: Ours;
  readonly #others: string;
  readonly #secrets = new Map<string, string>();
  readonly #options: FaultRunOptions;

  private constructor(
    readonly aegir: SmallAegir,
    readonly proxy: ToxicProxy,
    options: FaultRunOptions,
  ) {
    this.#options = options;
    this.#ours = options.ours ?? OURS;
    this.#others = aegir.digest(this.#ours);
    this.stack = new LifecycleStack(() => {
      const servers = this.servers ?? this.configuration();
      return this.provider ? this.provider(servers) : InProcessProvider.start(servers);
    });
    this.stacks = [this.stack];
    this.#watchSecrets();
  }

  static async open(options: FaultRunOptions = {}): Promise<FaultRun> {
    const report = (line: string) => faultRun?.printed.push(line);
    let faultRun: FaultRun | undefined = undefined as FaultRun | undefined;
    const aegir = await SmallAegir.start({ seed: fullSeed, clock: new RunningClock(1000), report, ...options.aegir });
    aegir.addSites((options.ours ?? OURS).sites.map((site) => ({ site })));
    const proxy = await ToxicProxy.open(() => aegir.drush);
    faultRun = new FaultRun(aegir, proxy, options);
    faultRun.stack.declared = access();
    return faultRun;
  }

  async close(): Promise<void> {
    await this.proxy.down();
    await this.aegir.stop();
  }

  /** What a stack would put under `aegir:servers`; the way leads through the proxy. */
  configuration(connection = this.#options.connection): { main: Record<string, unknown> } {
    return configurationThrough(this.proxy, this.aegir, { connection, waits: this.#options.waits });
  }

  /** The same with another server in the place of the one that runs Drush. */
  drushAt(connection: object): object {
    return { main: { ...this.configuration().main, connection } };
  }

  async up(options: UpOptions = {}, stack = this.stack): Promise<Run> {
    return this.#watching(stack.up(options));
  }

  /** Several stacks at once. */
  upOf(stacks: LifecycleStack[], options: UpOptions = {}): Promise<Run[]> {
    return Promise.all(stacks.map((stack) => this.up(options, stack)));
  }

  destroy(): Promise<Run> {
    return this.#watching(this.stack.destroy());
  }

  refresh(): Promise<Run> {
    return this.#watching(this.stack.refresh());
  }

  async expectUp(
    declared = this.stack.declared,
    options: { refresh?: boolean } = {},
    stack = this.stack,
  ): Promise<Run> {
    stack.declared = declared;
    const run = await this.up(options, stack);
    assert.deepEqual(
      run.failures.map(({ name, message }) => `${name}: ${message}`),
      [],
    );
    return run;
  }

  /** The checker of models.md 2.3. */
  async check(failed?: Run, options: { refresh?: boolean } = {}): Promise<void> {
    for (const failure of failed?.failures ?? []) this.assertExplains(failure.name, failure.message);
    // (i) One clean run reaches what is declared, and (iii) there is at most one object per identity.
    this.servers = undefined;
    this.provider = undefined;
    for (const stack of this.stacks) await this.expectUp(stack.declared, options, stack);
    this.reached();
    await this.changesNothing();
    oneOfEach(this.aegir);
    // (iv) Nothing of others has changed.
    assert.equal(this.aegir.digest(this.#ours), this.#others, "something that is not ours has changed");
    this.secretsKept();
  }

  /** (ii) The next run changes nothing and writes nothing. */
  async changesNothing(): Promise<void> {
    const { writes } = this.aegir.counts;
    const passwords = JSON.stringify(this.aegir.tables().passwordFiles);
    for (const stack of this.stacks) {
      assert.deepEqual((await this.expectUp(stack.declared, {}, stack)).done, []);
      assert.deepEqual(stack.replaced, []);
    }
    assert.equal(this.aegir.counts.writes, writes);
    assert.equal(JSON.stringify(this.aegir.tables().passwordFiles), passwords);
  }

  /** The server holds what is declared, and the states say so. */
  reached(): void {
    serverHolds(
      this.aegir,
      this.stacks.flatMap(({ declared }) => declared),
    );
    const { clients, passwordFiles } = this.aegir.tables();
    for (const { declared, state } of this.stacks) {
      assert.deepEqual([...state.keys()].sort(), declared.map(({ name }) => name).sort());
      for (const { type, inputs, outputs } of state.values()) {
        if (type === "AegirClient") {
          const found = clients.find(({ internalName }) => internalName === inputs["internalName"]);
          assert.equal(outputs["nid"], found?.nid);
        }
        if (type === "SiteOwnership") assert.equal(outputs["applied"], true);
        if (type === "ShellAccount") {
          assert.equal(outputs["password"], passwordFiles[outputs["username"] as string]?.trim());
        }
      }
    }
  }

  /** (vi) Resource (Pulumi puts the logical name in front), host, what is now the case, and what to do next. */
  assertExplains(name: string, message: string): void {
    const said = `${name}: ${message}`;
    assert.match(message, /(\w[\w.]*@[\w.:[\]]+:\d+)|server \w+/, `the host: ${said}`);
    const effect = effectOf(message);
    assert.ok(effect, `the effect: ${said}`);
    for (const row of this.rows) assert.ok(faults[row]!.effects.includes(effect), `${effect} in row ${row}: ${said}`);
    assert.match(message, NEXT, `the next step: ${said}`);
    assert.doesNotMatch(message, /\n|\p{Cc}/u, `one printable line: ${said}`);
  }

  /** What a refresh said of the resources that it could not look at, each told as an error is; there is at least one. */
  notLookedAt(run: Run): string[] {
    assert.deepEqual(run.failures, [], "a refresh goes on");
    const lines = run.printed.flatMap((line) => /^(\S+): could not be looked at: (.*)$/.exec(line)?.slice(1) ?? []);
    const said: string[] = [];
    for (let index = 0; index < lines.length; index += 2) {
      this.assertExplains(lines[index]!, lines[index + 1]!);
      said.push(lines[index + 1]!);
    }
    assert.ok(said.length > 0, run.printed.join("\n"));
    return said;
  }

  /** (v) No secret that there ever was is in a message, a line that was printed, the state, or a command line. */
  secretsKept(): void {
    this.#watchSecrets();
    const recorded = this.stacks.flatMap((stack) => [...stack.state.values()]);
    const state = recorded.map(({ inputs, outputs, type }) => {
      // The one place for it: Pulumi is told that this output is a secret, and encrypts it.
      const { password, ...rest } = outputs;
      assert.ok(password === undefined || type === "ShellAccount");
      return JSON.stringify([inputs, rest]);
    });
    const texts = [...this.printed, ...state, ...commandLines()];
    const secrets = [...this.#secrets].map(([secret, what]) => [what, secret] as const);
    assert.deepEqual(foundIn(texts, secrets), [], "secrets that are to be seen");
  }

  #watchSecrets(): void {
    for (const [what, secret] of this.aegir.secrets()) this.#secrets.set(secret, what);
  }

  /** Notes what an operation prints, and what was secret before it and is after it. */
  async #watching(operation: Promise<Run>): Promise<Run> {
    this.#watchSecrets();
    const run = await operation;
    this.printed.push(...run.printed, ...run.failures.map(({ message }) => message));
    this.#watchSecrets();
    return run;
  }

  /** The login's password file. */
  password(login = `${INSTANCE}.nova`): string | undefined {
    return this.aegir.tables().passwordFiles[login]?.trim();
  }
}

/** What a stack would put under `aegir:servers`, with other fields of both connections and other waits. */
export function configurationThrough(
  { port }: ToxicProxy,
  aegir: SmallAegir,
  others: Pick<FaultRunOptions, "connection" | "waits"> = {},
): { main: Record<string, unknown> } {
  const { connection, accounts, waits, ...rest } = aegir.configuration();
  const change = { port, dialErrorLimit: 1, ...others.connection };
  return {
    main: {
      ...rest,
      connection: { ...connection, ...change },
      accounts: { ...accounts, connection: { ...accounts?.connection, ...change } },
      waits: { ...waits, pollSeconds: 0.005, ...others.waits },
    },
  };
}

/** What a message says is the case. */
function effectOf(message: string): Effect | undefined {
  if (/[Ww]hether .* is (unknown|not known)/.test(message)) return "unknown";
  if (/[Tt]he change is recorded/.test(message)) return "recorded";
  const nothing = /Nothing was (changed|done|sent)|No connection was made|nothing was sent|was not (begun|sent)/;
  return nothing.test(message) ? "notDone" : undefined;
}

const NEXT =
  /[Rr]un the same command again|\b(Run|Write|Set|Declare|Correct|Check|Compare|Remove|Move|Choose|Install|Look|See|Configure|Wait|Add|Give|Make|Create|Delete|Retry|Repair)\b/;

/** A faultRun for each test of a suite. */
export function eachFaultRun(options: FaultRunOptions = {}): () => FaultRun {
  let faultRun: FaultRun;
  beforeEach(async function () {
    faultRun = await FaultRun.open(options);
    faultRun.rows = witness(this.currentTest!.title).rows;
  });
  afterEach(() => faultRun.close());
  return () => faultRun;
}
