/**
 * The rule about owners alone: whatever two deployments and a person in the panel do at the same time, in whatever order
 * their steps come to the server, and wherever a deployment is killed, no site is without an owner at any moment, and what
 * a person has decided is not undone unseen. The life cycles of the resources are the real ones; the small Aegir notes
 * every owner of every site at every commit, and is the judge.
 */
import assert from "node:assert/strict";
import { SshConnection } from "../../provider/ssh/SshConnection";
import { ManualClock } from "../aegir/Clock";
import { emptySeed, type Seed } from "../aegir/seed";
import { SmallAegir } from "../aegir/SmallAegir";
import { oneOfEach, serverHolds } from "../faults/checker";
import { LifecycleStack, type Run } from "../faults/LifecycleStack";
import { InProcessProvider } from "../faults/Provider";
import type { Declaration } from "../scenarios/program";
import { client, owned } from "../scenarios/Scenario";
import { anotherCopy } from "../support/anotherCopy";
import { Budget, longRun } from "../support/random";
import { type Bounds, everyOrder, nearWorker, type Order, Scheduler } from "./Interleaving";

const SITE = "www.nova.example";
const SHOP = "shop.nova.example";
const seed: Seed = (ground) => {
  emptySeed(ground);
  ground.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
};

const nova = client("nova", "Nova Ltd");
const luna = client("luna", "Luna Ltd");
/** The same logical name, another internal name. */
const replaced: Declaration = { ...nova, args: { ...nova.args, internalName: "nova2" } };
const withItsSites = client("nova", "Nova Ltd", { onDestroy: { sites: "default-owner" } });

type PanelAction = [what: string, act: (aegir: SmallAegir) => void];
const give = (site: string, to: string): PanelAction => [
  `gives ${site} to ${to}`,
  ({ panel }) => panel.setOwner(site, to),
];
const verify = (site: string): PanelAction => [`verifies ${site}`, ({ panel }) => panel.addTask(site, "verify")];

/** A long run tries some ten times as many orders, until its time is spent. */
const BOUNDS: Bounds = { switches: longRun ? 2 : 1, kills: 1 };

interface Scenario {
  what: string;
  /** What each stack has deployed, and what it deploys now, one after the other. */
  first: Declaration[][];
  second?: Declaration[][];
  person?: PanelAction[];
  /** By hand, before all of it. */
  prepare?: PanelAction[];
  /** Both stacks want one site: one of them is refused. */
  contended?: true;
}

const scenarios: Scenario[] = [
  {
    what: "a client is removed while the other stack takes its site over",
    first: [[nova, owned(SITE, "nova")], []],
    second: [[luna], [luna, owned(SITE, "luna", { takeOverFrom: "nova" })]],
  },
  {
    what: "a client is replaced while a person gives one of its sites away",
    first: [
      [nova, owned(SITE, "nova"), owned(SHOP, "nova")],
      [replaced, owned(SITE, "nova"), owned(SHOP, "nova")],
    ],
    person: [verify(SHOP), give(SITE, "Beta GmbH")],
  },
  {
    what: "a client is deleted first and made again under another name, while a person verifies its site and gives it one more",
    first: [[withItsSites, owned(SITE, "nova")], [], [replaced, owned(SITE, "nova")]],
    person: [verify(SITE), give(SHOP, "Nova Ltd")],
  },
  {
    what: "a client is deleted with a site that nobody declares, while the other stack takes that site",
    first: [[withItsSites], []],
    prepare: [give(SHOP, "Nova Ltd")],
    second: [[luna], [luna, owned(SHOP, "luna", { takeOverFrom: "nova" })]],
    person: [verify(SHOP)],
  },
  {
    what: "two stacks take the same site",
    first: [[nova], [nova, owned(SITE, "nova")]],
    second: [[luna], [luna, owned(SITE, "luna")]],
    person: [give(SITE, "Beta GmbH")],
    contended: true,
  },
];

const copies = [
  { InProcessProvider, SshConnection },
  anotherCopy(require, (load) => ({
    ...(load("../faults/Provider") as typeof import("../faults/Provider")),
    ...(load("../../provider/ssh/SshConnection") as typeof import("../../provider/ssh/SshConnection")),
  })),
];
const NAMES = ["first", "second"];

describe("no site is without an owner", () => {
  const exec = copies.map((copy) => Object.getOwnPropertyDescriptor(copy.SshConnection.prototype, "exec")!);
  after(() => {
    copies.forEach((copy, index) => Object.defineProperty(copy.SshConnection.prototype, "exec", exec[index]!));
  });

  for (const scenario of scenarios) {
    it(`in any order of steps, when ${scenario.what}`, async function () {
      this.timeout(0);
      const budget = new Budget();
      const left = await everyOrder(BOUNDS, budget, (order) => carryOut(scenario, order));
      budget.print(left === 0 ? "orders, which are all" : `orders, with ${left} and what follows from them left`);
    });
  }

  async function carryOut({ first, second = [[]], person, prepare, contended }: Scenario, order: Order): Promise<void> {
    const clock = new ManualClock();
    const aegir = await SmallAegir.start({ clock, seed, queue: { taskSeconds: 2 } });
    aegir.addSites([SITE, SHOP].map((site) => ({ site })));
    const beta = aegir.tables().clients.find(({ internalName }) => internalName === "beta")!.nid;
    const unseen: string[] = [];
    const scheduler = new Scheduler();
    /** The deployments that are made in the order that is tried; others do not stop. */
    let acting = false;
    const dead = new Set<string>();
    const servers = { main: { ...aegir.configuration(), waits: { pollSeconds: 0.001 } } };
    const stacks = copies.map((copy, index) => {
      const name = NAMES[index]!;
      copy.SshConnection.prototype.exec = (command) => {
        if (dead.has(name)) return Promise.reject(new Error("the deployment was killed"));
        const channel = nearWorker(aegir, command, async (request) => {
          if (!acting) {
            clock.advance(1);
            return { actor: name };
          }
          const decision = await scheduler.stop(name, request);
          // A task that is at work may put an old owner back; that is Aegir's own doing.
          if (request.startsWith(`setOwner {`) && request.includes(`"from":${beta},`)) unseen.push(request);
          // The queue works while deployments do.
          clock.advance(1);
          return decision;
        });
        return Promise.resolve(channel as never);
      };
      return new LifecycleStack(() => copy.InProcessProvider.start(servers));
    });
    const up = async (index: number, declared: Declaration[], options = {}): Promise<void> => {
      stacks[index]!.declared = declared;
      const { failures } = await stacks[index]!.up(options);
      assert.deepEqual(
        failures.map(({ name, message }) => `${name}: ${message}`),
        [],
      );
    };
    try {
      const plans = [first, second];
      for (const [index, [before]] of plans.entries()) await up(index, before!);
      for (const [, act] of prepare ?? []) act(aegir);
      clock.advance(60);

      const begun = aegir.ownerHistory.length;
      const done: Run[] = [];
      const deployment = (index: number) => {
        const stack = stacks[index]!;
        let forget: (() => void) | undefined;
        return {
          act: async () => {
            for (const declared of plans[index]!.slice(1)) {
              stack.declared = declared;
              if (!forget) done.push(await stack.up());
            }
            // What a process did after its death is not recorded.
            forget?.();
          },
          killed: () => {
            dead.add(NAMES[index]!);
            forget = stack.checkpoint();
          },
        };
      };
      acting = true;
      await scheduler.play(order, {
        first: deployment(0),
        ...(second.length > 1 && { second: deployment(1) }),
        ...(person && {
          person: {
            act: async () => {
              for (const [what, act] of person) {
                await scheduler.stop("person", what);
                act(aegir);
              }
            },
          },
        }),
      });
      acting = false;
      dead.clear();
      assert.deepEqual(
        aegir.ownerHistory.slice(begun).filter(({ owner }) => owner === null),
        [],
      );
      assert.deepEqual(unseen, [], "nothing is taken from beta, to whom only a person gives");

      if (contended) {
        assert.ok(!done.every(({ ok }) => ok), "one of two that want the same is refused");
        return;
      }

      // Whoever was refused or killed deploys once more, and sees first what the others did.
      clock.advance(60);
      for (const index of [0, 1]) await up(index, plans[index]!.at(-1)!, { refresh: true });
      serverHolds(
        aegir,
        plans.flatMap((plan) => plan.at(-1)!),
      );
      oneOfEach(aegir);
    } finally {
      await aegir.stop();
    }
  }
});
