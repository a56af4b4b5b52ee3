/**
 * What `plan` says of a manifest beside a server is what its first deployment does there: which resources are refused,
 * whether anything is written, and who owns which site and may act for which client afterwards.
 */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { serverFor } from "../../provider/aegir/servers";
import { planOf } from "../../provider/inventory/Plan";
import type { Manifest } from "../../provider/manifest/Manifest";
import { ManifestError } from "../../provider/manifest/ManifestError";
import { parseManifest } from "../../provider/manifest/parseManifest";
import { userNameKey } from "../../provider/naming/PanelUser";
import type { EffectiveAccess } from "../../provider/review/EffectiveAccess";
import { accessOfInventory } from "../../provider/review/fromInventory";
import { emptySeed, type Seed } from "../aegir/seed";
import { SmallAegir } from "../aegir/SmallAegir";
import { LifecycleStack } from "../faults/LifecycleStack";
import { InProcessProvider } from "../faults/Provider";
import type { Declaration } from "../scenarios/program";
import { bound, client, owned } from "../scenarios/Scenario";
import { seed, tryWithinBudget } from "../support/random";

/** `foo_bar` and `foobar` would have the same shell login; the last one is the default owner of the small Aegir. */
const CLIENTS = ["acme", "foo_bar", "foobar", "beta"];
const USERS = ["alice", "bob", "Carol", "acme"];
const MAILS = ["a@example.com", "b@example.com", "B@example.com", "acme@example.com"];
const SITES = ["one.example", "two.example", "three.example", "four.example"];

const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const titleOf = (internalName: string) => fc.constantFrom(`The ${internalName} company`, `${internalName} Ltd`);
const mail = fc.constantFrom(...MAILS);
const listOf = <T>(names: readonly string[], entry: (name: string) => fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.subarray([...names]).chain((chosen) => fc.tuple(...chosen.map(entry)));

const server = fc.record({
  users: listOf(USERS, (name) => fc.record({ name: fc.constant(name), mail })),
  clients: listOf(CLIENTS, (internalName) =>
    fc.record({ internalName: fc.constant(internalName), name: titleOf(internalName), users: fc.subarray(USERS) }),
  ),
  sites: listOf(SITES, (site) =>
    fc.record({
      site: fc.constant(site),
      owner: fc.constantFrom(undefined, ...CLIENTS),
      status: fc.constantFrom(1 as const, -1 as const),
      isUnlinked: fc.boolean(),
    }),
  ),
});

const user = (name: string) =>
  fc.record({
    name: fc.constantFrom(name, name.toLowerCase()),
    createUser: some(fc.record({ email: mail })),
    expectedUid: some(fc.constantFrom(2, 3, 4)),
  });
const declaration = listOf(CLIENTS, (internalName) =>
  fc.record({
    name: titleOf(internalName),
    internalName: fc.constant(internalName),
    email: some(mail),
    users: listOf(USERS, user),
    sites: listOf(SITES, (site) =>
      fc.record({ site: fc.constant(site), takeOverFrom: some(fc.constantFrom(...CLIENTS)) }),
    ),
  }),
);

type Live = typeof server extends fc.Arbitrary<infer T> ? T : never;

function seedOf({ users, clients }: Live): Seed {
  return (ground) => {
    emptySeed(ground);
    const { panel } = ground;
    for (const each of users) panel.addUser(each);
    // No user whom a deployment makes then has a number that a manifest expects: nobody could know it before.
    for (const name of ["spare1", "spare2", "spare3"]) panel.addUser({ name });
    for (const { internalName, name, users: bindings } of clients) {
      panel.addClient({ name, internalName });
      for (const each of bindings) if (users.some(({ name }) => name === each)) panel.bind(internalName, each);
    }
  };
}

/** What the program of a manifest declares, in its order. */
function declarationsOf({ clients }: Manifest): Declaration[] {
  return clients.flatMap(({ internalName, name, email, users, sites }) => [
    client(internalName, name, { email }),
    ...users.map(({ name, createUser, expectedUid }) => bound(internalName, name, { createUser, expectedUid })),
    ...sites.map(({ site, takeOverFrom }) => owned(site, internalName, { takeOverFrom })),
  ]);
}

/** Undefined of what a manifest may not hold. */
function parsed(clients: object): Manifest | undefined {
  try {
    return parseManifest(JSON.stringify({ version: 1, clients }), "access.yaml", { servers: { main: {} } });
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}

/** The owner of each site. */
function ownersIn({ sites }: EffectiveAccess): Record<string, string | undefined> {
  return Object.fromEntries([...sites].map(([site, { owner }]) => [site, owner]));
}

/** The users of each client. */
function usersIn({ clients }: EffectiveAccess): Record<string, string[]> {
  return Object.fromEntries([...clients].map(([client, { bindings }]) => [client, [...bindings.keys()].sort()]));
}

describe(`plan (seed ${seed})`, () => {
  it("says what the first deployment does", async function () {
    this.timeout(0);
    const pair = fc.record({
      live: server,
      manifest: declaration.map(parsed).filter((manifest) => manifest !== undefined),
    });
    await tryWithinBudget("plans", pair, compare, { timeout: 120_000 });
  });
});

async function compare({ live, manifest }: { live: Live; manifest: Manifest }): Promise<void> {
  const aegir = await SmallAegir.start({ seed: seedOf(live) });
  try {
    const known = live.clients.map(({ internalName }) => internalName);
    for (const { site, owner, status, isUnlinked } of live.sites) {
      const owned = owner !== undefined && known.includes(owner) ? { owner } : {};
      aegir.addSites([{ site, status, ...owned }]);
      if (isUnlinked && known.length > 0) aegir.panel.setOwner(site, live.clients[0]!.name);
    }
    aegir.runQueue();
    const servers = { main: aegir.configuration() };
    const stack = new LifecycleStack(() => InProcessProvider.start(servers));
    await InProcessProvider.start(servers);
    const { steps, after } = planOf(manifest, await serverFor("main").inventory(), null);
    const { writes } = aegir.counts;

    stack.declared = declarationsOf(manifest);
    const run = await stack.up({ continueOnError: true });
    const messages = JSON.stringify(run.failures.map(({ name, message }) => [name, message]));
    const nameOf = (resource: string) =>
      resource.replace(/^(binding:[^:]*:)(.*)$/, (_, pair, name) => pair + userNameKey(name));
    const namesOf = (names: Iterable<string>) => [...new Set([...names].map(nameOf))].sort();
    // There is no state yet, so what only a state allows is refused.
    const fromState = steps.filter(({ isFromState }) => isFromState).map(({ resource }) => resource);
    const refused = steps.filter(({ action }) => action === "refuse").map(({ resource }) => resource);
    assert.deepEqual(namesOf([...refused, ...fromState]), namesOf(run.unmade), messages);
    const isAsDeclared = steps.every(({ action }) => action === "adopt");
    if (isAsDeclared) assert.equal(aegir.counts.writes, writes, "nothing is written");
    await InProcessProvider.start(servers);
    const found = accessOfInventory(await serverFor("main").inventory(), manifest.asOf, null);
    assert.deepEqual(usersIn(found), usersIn(after), messages);
    const [owners, planned] = [ownersIn(found), ownersIn(after)];
    for (const [site, owner] of Object.entries(owners)) {
      if (!fromState.includes(`site:${site}`)) assert.equal(owner, planned[site], messages);
    }
  } finally {
    await aegir.stop();
  }
}
