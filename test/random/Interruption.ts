/** What goes wrong while a stack of a random scenario is deployed, at a place that is drawn. */
import * as fc from "fast-check";
import type { Verb } from "../../provider/worker/protocol";
import { REQUEST_FAULTS, type RequestFault, type VerifyOutcome } from "../aegir/SmallAegir";
import type { FaultRun } from "../faults/FaultRun";
import type { Provider } from "../faults/Provider";
import type { Direction } from "../support/ToxicProxy";
import { RANDOM_OURS } from "./Program";

export type Interruption =
  | { kind: "none" }
  | { kind: "cut"; toxic: "limit_data" | "reset_peer"; direction: Direction; bytes: number }
  | { kind: "request"; verb: Verb | "write"; fault: RequestFault; nth: number }
  | { kind: "verify"; site: string; outcome: VerifyOutcome }
  | { kind: "death"; step: number; moment: "before" | "after" };

/** Where a cut falls: in the handshake, in the source of the worker, which is most of what is sent, or in the requests. */
const bytes: Record<Direction, fc.Arbitrary<number>> = {
  upstream: fc.oneof(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 4_000, max: 80_000 })),
  downstream: fc.integer({ min: 1, max: 9_000 }),
};

const reads: Verb[] = ["client", "clientReference", "site", "user", "tasks", "inventory"];

const cut = (direction: Direction) =>
  fc.record({
    kind: fc.constant("cut" as const),
    toxic: fc.constantFrom("limit_data" as const, "reset_peer" as const),
    direction: fc.constant(direction),
    bytes: bytes[direction],
  });

const request = fc.record({
  kind: fc.constant("request" as const),
  verb: fc.oneof({ weight: 3, arbitrary: fc.constant("write" as const) }, fc.constantFrom(...reads)),
  fault: fc.constantFrom(...REQUEST_FAULTS),
  nth: fc.integer({ min: 1, max: 4 }),
});

/** Without those that never end, and that only a person can end. */
const verify = fc.record({
  kind: fc.constant("verify" as const),
  site: fc.constantFrom(...RANDOM_OURS.sites),
  outcome: fc.constantFrom<VerifyOutcome>("failure", "errorLine", "warning", "cancelled"),
});

const death = fc.record({
  kind: fc.constant("death" as const),
  step: fc.integer({ min: 1, max: 5 }),
  moment: fc.constantFrom("before" as const, "after" as const),
});

export const interruption: fc.Arbitrary<Interruption> = fc.oneof(
  fc.constant<Interruption>({ kind: "none" }),
  { weight: 4, arbitrary: fc.oneof(cut("upstream"), cut("downstream")) },
  { weight: 4, arbitrary: request },
  { weight: 1, arbitrary: verify },
  { weight: 2, arbitrary: death },
);

/** Arranges it at the server and on the way to it. */
export function arrange(interruption: Interruption, { proxy, aegir }: Pick<FaultRun, "proxy" | "aegir">): void {
  if (interruption.kind === "cut") {
    proxy.add(interruption.toxic, interruption.direction, { bytes: interruption.bytes });
  } else if (interruption.kind === "request") {
    aegir.faults.onRequest(interruption.verb, interruption.fault, interruption.nth);
  } else if (interruption.kind === "verify") {
    aegir.faults.nextVerify(interruption.site, interruption.outcome);
  }
}

/** What becomes of who asked a process that is no more; there is no message of ours to judge. */
export class ProcessDied extends Error {}

/** A provider process that dies before or after a step that writes: nothing that it was asked from then on is answered. */
export function mortal(provider: Provider, { step, moment }: { step: number; moment: "before" | "after" }): Provider {
  let stepsLeft = step;
  const died = () => new ProcessDied("the provider process has ended");
  const asked =
    (operation: Exclude<keyof Provider, "end">) =>
    async (...parameters: never[]): Promise<unknown> => {
      if (stepsLeft <= 0) throw died();
      const last = ["create", "update", "delete"].includes(operation) && --stepsLeft === 0;
      if (last && moment === "before") throw died();
      const answer = await Reflect.apply(provider[operation], provider, parameters);
      if (last) throw died();
      return answer;
    };
  const operations = ["check", "diff", "read", "create", "update", "delete"] as const;
  const mortal = Object.fromEntries(operations.map((operation) => [operation, asked(operation)]));
  return { ...mortal, end: () => provider.end() } as Provider;
}
