/**
 * Every order in which several actors can come to one server, up to a bound. Each deployment stops before every request
 * that it sends to its worker; who goes on is what an order decides, and with it where a deployment is killed. An order is
 * carried out, and then every other one that differs from it in one decision more, until none is left or time is spent.
 */
import { Duplex, PassThrough } from "node:stream";
import type { ExecChannel, Exit } from "../../provider/ssh/ExecChannel";
import { type Verb, verbs } from "../../provider/worker/protocol";
import type { SmallAegir } from "../aegir/SmallAegir";
import { type Budget, seed } from "../support/random";

/** What comes next: an actor goes on, or is killed before its request is carried out or after it. */
export interface Decision {
  actor: string;
  kill?: "before" | "after";
}

export interface Bounds {
  /** How often an actor is made to wait although it could go on. */
  switches: number;
  kills: number;
}

export const decisionText = ({ actor, kill }: Decision): string => (kill ? `${actor} killed ${kill} it` : actor);

/** The decisions of one order: those that are given, and from then on every actor goes on as long as it can. */
export class Order {
  /** What was decided, and what else could have been, within the bounds. */
  readonly taken: { decision: Decision; others: Decision[]; about: string }[] = [];
  #switches = 0;
  #kills = 0;

  constructor(
    private readonly given: readonly Decision[],
    private readonly bounds: Bounds,
  ) {}

  /** @param waiting what each actor waits to do, `mortal` those whose death would make a difference now */
  decide(waiting: ReadonlyMap<string, string>, mortal: ReadonlySet<string>): Decision {
    const last = this.taken.at(-1)?.decision;
    const going = last && !last.kill && waiting.has(last.actor) ? last.actor : undefined;
    const usual: Decision = { actor: going ?? [...waiting.keys()][0]! };
    const decision = this.given[this.taken.length] ?? usual;
    const free = going === undefined || this.#switches < this.bounds.switches;
    const ways = (actor: string): Decision["kill"][] =>
      this.#kills < this.bounds.kills && mortal.has(actor) ? [undefined, "before", "after"] : [undefined];
    const others = [...waiting.keys()]
      .filter((actor) => free || actor === going)
      .flatMap((actor) => ways(actor).map((kill): Decision => ({ actor, ...(kill && { kill }) })))
      .filter((other) => decisionText(other) !== decisionText(decision));
    this.taken.push({ decision, others, about: waiting.get(decision.actor)! });
    if (going !== undefined && decision.actor !== going) this.#switches++;
    if (decision.kill) this.#kills++;
    return decision;
  }

  /** Every order that agrees with this one up to a decision that was not given, and then does not. */
  successors(): Decision[][] {
    const decisions = this.taken.map(({ decision }) => decision);
    return this.taken
      .flatMap(({ others }, index) => others.map((other) => [...decisions.slice(0, index), other]))
      .filter((next) => next.length > this.given.length);
  }

  toString(): string {
    return this.taken.map(({ decision, about }) => `\n  ${decisionText(decision)}: ${about}`).join("");
  }
}

/** A prime, so that what is carried out early differs in early decisions as well as in late ones. */
const STRIDE = 7919;

/**
 * Carries out every order within the bounds, in a sequence that the seed gives, or those that the budget buys; answers how many were
 * known and left out.
 */
export async function everyOrder(
  bounds: Bounds,
  budget: Budget,
  carryOut: (order: Order) => Promise<void>,
): Promise<number> {
  const open: Decision[][] = [[]];
  for (let count = 0; open.length > 0 && budget.take(); count++) {
    const [given] = open.splice((seed + count * STRIDE) % open.length, 1);
    const order = new Order(given!, bounds);
    try {
      await carryOut(order);
    } catch (error) {
      throw new Error(`in this order: ${order.toString()}`, { cause: error });
    }
    open.push(...order.successors());
  }
  return open.length;
}

/** Between two writes it makes no difference where a deployment is killed. */
const writes = (request: string): boolean => verbs[request.split(" ", 1)[0] as Verb].write;

/** Where actors stop. One of them moves at a time, until it stops again or has ended. */
export class Scheduler {
  readonly #waiting = new Map<string, { about: string; go: (decision: Decision) => void }>();
  readonly #mortal = new Set<string>();
  #moving = 0;
  #settled: (() => void) | undefined;

  /** Stops until it is this actor's turn. */
  stop(actor: string, about: string): Promise<Decision> {
    return new Promise((go) => {
      this.#waiting.set(actor, { about, go });
      this.#rest();
    });
  }

  /** Plays all of them to their ends. @param actors those that can be killed have a `killed` */
  async play(order: Order, actors: Record<string, { act: () => Promise<void>; killed?: () => void }>): Promise<void> {
    for (const [actor, { killed }] of Object.entries(actors)) if (killed) this.#mortal.add(actor);
    const acting = Object.values(actors).map(async ({ act }) => {
      this.#moving++;
      try {
        await act();
      } finally {
        this.#rest();
      }
    });
    await this.#quiet();
    while (this.#waiting.size > 0) {
      const waiting = new Map([...this.#waiting].map(([actor, { about }]) => [actor, about]));
      const writing = [...waiting].flatMap(([actor, about]) =>
        this.#mortal.has(actor) && writes(about) ? [actor] : [],
      );
      const decision = order.decide(waiting, new Set(writing));
      const { go } = this.#waiting.get(decision.actor)!;
      this.#waiting.delete(decision.actor);
      if (decision.kill) {
        actors[decision.actor]!.killed!();
        this.#mortal.delete(decision.actor);
      }
      this.#moving++;
      go(decision);
      await this.#quiet();
    }
    await Promise.all(acting);
  }

  #rest(): void {
    this.#moving--;
    if (this.#moving === 0) this.#settled?.();
  }

  #quiet(): Promise<void> {
    return this.#moving === 0 ? Promise.resolve() : new Promise((resolve) => (this.#settled = resolve));
  }
}

/** A worker without the way to it: its requests are lines that `stop` holds back, and what it answers is read at once. */
export function nearWorker(
  aegir: SmallAegir,
  command: string,
  stop: (request: string) => Promise<Decision>,
): Pick<ExecChannel, "stream" | "exit" | "kill"> {
  let dead = false;
  /** The answer that nobody reads any more. */
  let unread: (() => void) | undefined;
  let end: (exit: Exit) => void;
  const exit = new Promise<Exit>((resolve) => (end = resolve));
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => void receive(chunk.toString()).then(() => done()),
  });
  const stderr = new PassThrough();
  const worker = aegir.run(command, {
    write: (output) => (unread ? unread() : void (dead || stream.push(output))),
    writeError: (output) => void stderr.write(output),
    exit: (code) => end({ code, signal: null, lost: null }),
    kill: (signal) => end({ code: null, signal: `SIG${signal}`, lost: null }),
    close: () => end({ code: null, signal: null, lost: null }),
    cutConnection: () => end({ code: null, signal: null, lost: "the connection was cut" }),
  })!;
  const kill = () => {
    dead = true;
    worker.abandon();
    end({ code: null, signal: "SIGKILL", lost: null });
  };
  async function receive(text: string): Promise<void> {
    for (const line of text.split("\n").slice(0, -1)) {
      const request = /^\{"id":\d+,"verb":"(\w+)","args":(.*)\}$/.exec(line);
      const decision = request && request[1] !== "hello" ? await stop(`${request[1]} ${request[2]}`) : undefined;
      if (dead) return;
      if (decision?.kill === "before") return kill();
      const answered = new Promise<void>((resolve) => (unread = decision?.kill ? resolve : undefined));
      worker.receive(Buffer.from(`${line}\n`));
      if (!decision?.kill) continue;
      await answered;
      return kill();
    }
  }
  return { stream: Object.assign(stream, { stderr }) as never, exit, kill };
}
