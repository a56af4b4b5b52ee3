/**
 * A login comes after the handovers of its client's sites, because BOA creates it only after a site is verified. It does
 * not depend on them: with --continue-on-error such a dependency can break the state (docs/pulumi.md#lost-dependencies),
 * and a site that cannot be handed over is no reason to leave a password unrotated.
 */
import * as pulumi from "@pulumi/pulumi";
import { allRegistered } from "./allRegistered";
import { programRun } from "./uniqueIdentities";

/** For each program run, the ownerships so far by their client, as the program wrote it: a string, or one output. */
const ownerships = new WeakMap<object, Map<unknown, pulumi.Resource[]>>();

export function noteOwnership(client: unknown, ownership: pulumi.Resource): void {
  const run = programRun();
  const byClient = ownerships.get(run) ?? new Map<unknown, pulumi.Resource[]>();
  const noted = byClient.get(client);
  if (noted) noted.push(ownership);
  else byClient.set(client, [ownership]);
  ownerships.set(run, byClient);
}

/** `value`, as soon as the engine is done with the ownerships of this client so far, whether they succeeded or not. */
export function afterOwnerships<T>(client: unknown, value: pulumi.Output<T>): pulumi.Output<T> {
  const before = ownerships.get(programRun())?.get(client) ?? [];
  // A promise, unlike an output, brings no dependencies along.
  return pulumi.all([value, allRegistered(before).then(() => true)]).apply(([known]) => known as T);
}
