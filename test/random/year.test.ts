/**
 * A year of an access manifest: every night deploys it, while people join, leave, marry and lose their jobs, servers die
 * and come back with other host keys, jobs are cut off, panels are clicked in, and another stack goes its own way on the
 * same server. After every night the server's own tables are looked at.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import type { Outcome } from "../engine/Engine";
import { LifecycleEngine } from "../faults/LifecycleEngine";
import { secondProvider } from "../faults/secondProvider";
import { onEveryEngine } from "../scenarios/everyEngine";
import type { Declaration } from "../scenarios/program";
import { bound, client, owned, Scenario } from "../scenarios/Scenario";
import { type Opener, ScenarioStack } from "../scenarios/ScenarioStack";
import { Budget, longRun, runs, seed } from "../support/random";
import { type Expectation, ExpectedAccess, hasParted, isBound, keyOf, type Look } from "./ExpectedAccess";

const program = join(__dirname, "..", "..");
const NIGHTS = 365;
const DAY = 24 * 60 * 60 * 1000;
const FIRST_DAY = Math.floor(Date.now() / DAY) * DAY + DAY;
const CLIENTS = ["acme", "beta", "gamma", "delta"];
const SITES = Array.from({ length: 16 }, (_, index) => `site${index}.example`);
const PEOPLE = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
/** What the other stack declares. */
const OTHERS = { client: "omega", site: "omega.example" };
/** What is changed by hand at once is more than 30 percent of the sites and of so many people. */
const MOST_GRANTS = 20;

const titleOf = (internalName: string): string => `The ${internalName} company`;
const startOf = (day: number): number => FIRST_DAY + day * DAY;
const dayOf = (day: number): string => new Date(startOf(day)).toISOString().slice(0, 10);

type Draw = (below: number) => number;

const promise =
  "leaves nobody with access for a night longer than need be, binds nobody who was not meant, undoes no mass change, and is red when it could not work";

onEveryEngine(`a year of nights of a manifest (seed ${seed})`, (engine) => {
  it(promise, async function () {
    this.timeout(0);
    await live((draw) => Year.begin(engine(), draw, program));
  });
});

// Without its program and its limits, and without jobs that are killed, a year takes minutes.
describe(`a year of nights (seed ${seed}), on the life cycles`, () => {
  it(promise, async function () {
    this.timeout(0);
    await live((draw) => Year.begin(new LifecycleEngine(), draw, undefined));
  });
});

async function live(begin: (draw: Draw) => Promise<Year>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (drawn) => {
      const year = await begin((below) => drawn(fc.nat, { max: below - 1 }));
      await year.live();
    }),
    { ...runs(1), numRuns: 1, endOnFailure: true },
  );
}

class Year {
  #today = 0;
  readonly #access = new ExpectedAccess();
  /** Who may lose a site, while its new owner is new. */
  readonly #formerOwners = new Map<string, string>();
  readonly #events: string[] = [];
  #newcomers = 0;
  #isDown = false;
  /** The server has another host key than the configuration. */
  #isUnpinned = false;
  /** The refresh of the next night has the host key of the last one, which is not the server's. */
  #isBlind = false;
  /** Somebody has confirmed that what was changed by hand is to be undone. */
  #mayUndo = false;
  /** The configuration has changed since the last night, for which Pulumi starts another provider process. */
  #isReconfigured = false;
  #servers = "";
  #wasCut = false;
  /** What a killed job may have bound without Pulumi recording it. */
  #unrecorded: Look["bindings"] = [];
  /** Whom the other stack has bound, and made for it. */
  #othersPeople: { name: string; email: string }[] = [];

  private constructor(
    private readonly scenario: Scenario,
    private readonly other: ScenarioStack,
    private readonly draw: Draw,
    private readonly hasManifest: boolean,
  ) {}

  /** @param program that reads a manifest; the scenarios' own, which does not, if undefined */
  static async begin(engine: Opener, draw: Draw, program: string | undefined): Promise<Year> {
    const scenario = await Scenario.open(engine, program === undefined ? {} : { program });
    const { aegir } = scenario;
    aegir.addSites([...SITES, OTHERS.site].map((site) => ({ site })));
    const other = await ScenarioStack.of(new LifecycleEngine(secondProvider()), { servers: {} });
    const year = new Year(scenario, other, draw, program !== undefined);
    await year.#configure();
    await year.#otherStackTakes("zoe");
    for (const [index, site] of SITES.entries()) year.#access.owners.set(site, CLIENTS[index % CLIENTS.length]!);
    for (const [index, name] of PEOPLE.entries()) {
      const uid = aegir.panel.addUser({ name });
      year.#grant(uid, CLIENTS[index % CLIENTS.length]!);
    }
    return year;
  }

  async live(): Promise<void> {
    const budget = new Budget();
    try {
      for (; this.#today < NIGHTS && (budget.take() || longRun); this.#today++) {
        this.#events.push(`day ${this.#today}`);
        for (let more = this.draw(3); more > 0; more--) await this.#somethingHappens();
        await this.#night();
        await this.#morning();
      }
    } catch (error) {
      throw new Error(`after ${this.#events.slice(-40).join("; ")}`, { cause: error });
    } finally {
      console.log(`      ${this.#today} nights`);
      budget.print("nights");
      if (this.#isDown) await this.scenario.aegir.up();
      this.other.remove();
      await this.scenario.close();
    }
  }

  // What happens by day

  async #somethingHappens(): Promise<void> {
    const { panel } = this.scenario.aegir;
    const access = this.#access;
    const look = this.#look();
    const grant = this.#one(access.grants);
    /** Somebody whose going will be noticed. */
    const known = look.users.find(({ uid }) => uid === grant?.uid && !access.isUnseen(uid));
    const person = known && !this.#othersPeople.some(({ name }) => name === known.name) ? known : undefined;
    const client = this.#one(CLIENTS)!;
    const site = this.#one(SITES)!;
    const happenings: (() => string | undefined | Promise<string | undefined>)[] = [
      () => {
        if (access.grants.length >= MOST_GRANTS) return undefined;
        const name = this.#freeName();
        this.#grant(panel.addUser({ name }), client);
        return `${name} joins ${client}`;
      },
      () => {
        const user = this.#one(look.users);
        if (!user || access.grants.length >= MOST_GRANTS) return undefined;
        this.#grant(user.uid, client, this.#today + this.draw(30));
        return `${user.name} may act for ${client} for some days`;
      },
      () => {
        if (!grant) return undefined;
        access.grants = access.grants.filter((each) => each !== grant);
        return `${grant.name} leaves ${grant.client}`;
      },
      async () => {
        if (!person) return undefined;
        const name = this.#freeName();
        panel.renameUser(person.name, name);
        const stranger = this.draw(2) === 0 ? undefined : await this.#strangerTakes(person.name);
        return `${person.name} is called ${name} now${stranger ? `, and ${stranger}` : ""}`;
      },
      async () => {
        if (!person) return undefined;
        panel.deleteUser(person.name);
        const stranger = this.draw(2) === 0 ? undefined : await this.#strangerTakes(person.name);
        return `${person.name} is deleted${stranger ? `, and ${stranger}` : ""}`;
      },
      () => {
        const free = this.#one(access.freeNames(look));
        return free === undefined ? undefined : this.#strangerTakes(free);
      },
      () => {
        if (access.owners.get(site) === client) return undefined;
        this.#formerOwners.set(site, access.owners.get(site)!);
        access.owners.set(site, client);
        return `${site} is to go to ${client}`;
      },
      () => {
        const binding = this.#one(look.bindings);
        if (!binding || this.#wasCut) return undefined;
        const unbound = this.draw(4) === 0 ? look.bindings : [binding];
        for (const each of unbound) panel.unbind(each.client, each.user);
        return `somebody unbinds ${unbound.map((each) => `${each.user} from ${each.client}`).join(", ")} in the panel`;
      },
      () => {
        const others = SITES.filter((each) => look.owners.get(each) !== client);
        const moved = this.draw(4) === 0 ? others : [];
        if (moved.length === 0 || this.#wasCut || !access.isDeployed) return undefined;
        for (const each of moved) panel.setOwner(each, titleOf(client));
        this.scenario.aegir.runQueue();
        return `somebody gives ${moved.length} sites to ${client} in the panel`;
      },
    ];
    const what = await this.#one(happenings)!();
    if (what !== undefined) this.#events.push(what);
  }

  #grant(uid: number, client: string, expires = Infinity): void {
    const name = this.#look().users.find((user) => user.uid === uid)!.name;
    const { grants } = this.#access;
    if (grants.some((each) => each.client === client && (each.uid === uid || each.name === name))) return;
    this.#access.grant({ uid, client, name, isSaidByUid: false, expires });
  }

  async #strangerTakes(name: string): Promise<string> {
    if (!this.#isDown && !this.#isUnpinned && this.draw(2) === 0) {
      await this.#otherStackTakes(name);
      return `the other stack makes a user ${name}`;
    }
    this.scenario.aegir.panel.addUser({ name, mail: this.#newMail(name) });
    return `a stranger is called ${name}`;
  }

  /** Deploys the other stack, with the three people that it took last. */
  async #otherStackTakes(name: string): Promise<void> {
    const before = this.#look();
    this.#othersPeople = [...this.#othersPeople.slice(-2), { name, email: this.#newMail(name) }];
    await this.other.up([
      client(OTHERS.client, titleOf(OTHERS.client)),
      owned(OTHERS.site, OTHERS.client),
      ...this.#othersPeople.map(({ name, email }) => bound(OTHERS.client, name, { createUser: { email } })),
    ]);
    assert.deepEqual(this.#look().bindings, before.bindings, "the other stack binds and unbinds its own people alone");
  }

  // The night

  async #night(): Promise<void> {
    const { aegir, stack } = this.scenario;
    const trouble = this.draw(20);
    if (trouble === 0 && !this.#isDown) {
      await aegir.down();
      this.#isDown = true;
      this.#events.push("the server is down");
    } else if (trouble === 1 && !this.#isDown) {
      await aegir.down();
      await aegir.up({ newHostKey: true });
      this.#isUnpinned = true;
      this.#events.push("the server has another host key");
    }
    await this.#declare();
    const before = this.#look();
    const others = this.#othersAccess();
    const [isBlind, mayUndo] = [this.#isBlind, this.#mayUndo];
    const isOneProcess = !(this.hasManifest && this.#isReconfigured);
    const expected = this.#access.expect(this.#today, before, { isBlind, isOneProcess, mayUndo });
    const couldConnect = !this.#isDown && !this.#isUnpinned;
    const isCut = trouble === 2 && couldConnect && isOneProcess && this.hasManifest;
    this.#wasCut = isCut && expected.unbound.length + expected.moved.size === 0;
    const outcome = this.#wasCut ? await this.#cutNight(before) : await stack.up(this.#tonight());
    this.#events.push(`${outcome.ok ? "green" : "red"} night`);

    const after = this.#look();
    for (const each of after.bindings) {
      const message = `${each.user} (uid ${each.uid}) was never meant to act for ${each.client}:\n${outcome.output}`;
      assert.ok(this.#access.wasMeant(each), message);
    }
    for (const { site, owner } of aegir.ownerHistory) assert.ok(owner !== null, `${site} has an owner`);
    assert.deepEqual(this.#othersAccess(), others, "what another stack declares is left alone");
    if (couldConnect && !this.#wasCut) {
      this.#check(expected, before, after, outcome);
      await this.#audit(expected, after);
    } else if (!couldConnect) assert.equal(outcome.ok, false, `a night that could not work is red:\n${outcome.output}`);
    this.#isBlind = false;
    this.#isReconfigured = false;
  }

  /** The options of a night's deployment: its processes live on that day. */
  #tonight() {
    const clock = join(__dirname, "..", "support", "shiftedClock.cjs");
    const env = { NODE_OPTIONS: `--require ${clock}`, CLOCK_AHEAD: `${startOf(this.#today) + DAY / 2 - Date.now()}` };
    return { refresh: true, continueOnError: true, env };
  }

  /** The job is killed at its first write, or ends before there is one. */
  async #cutNight(before: Look): Promise<Outcome> {
    const { aegir, stack } = this.scenario;
    this.#events.push("the job is cut off");
    const kill = new AbortController();
    const moment = this.draw(2) === 0 ? "begun" : "committed";
    const dying = aegir.faults.holdRequest("write", moment, { nth: 1 });
    const running = stack.up({ ...this.#tonight(), kill: kill.signal });
    await Promise.race([dying.reached, running]);
    kill.abort();
    const outcome = await running;
    aegir.faults.forgetPlans();
    await stack.cancel();
    const { bindings } = this.#look();
    this.#unrecorded.push(...bindings.filter(({ uid, client }) => !isBound(before, uid, client)));
    return outcome;
  }

  /** A night that could work. */
  #check(expected: Expectation, before: Look, after: Look, { ok, output }: Outcome): void {
    const { due, refused, unbound, moved } = expected;
    const left = undue(expected, after).filter(
      ({ uid, client }) => !this.#unrecorded.some((each) => isPair(each, uid, client)),
    );
    assert.deepEqual(left, [], `nobody has access who should not:\n${output}`);
    const why = [...refused.map(({ name, client }) => `${name} of ${client}`), ...moved].join();
    assert.equal(ok, why === "", `red for ${why || "nothing"}:\n${output}`);
    for (const { uid, client, name } of due.filter((each) => !refused.includes(each))) {
      assert.ok(isBound(after, uid, client), `${name} may act for ${client}:\n${output}`);
    }
    for (const { uid, client, name } of unbound) {
      assert.ok(!isBound(after, uid, client), `${name} stays unbound from ${client}:\n${output}`);
    }
    for (const [site, owner] of this.#access.owners) {
      const wanted = moved.has(site) ? before.owners.get(site) : owner;
      assert.equal(after.owners.get(site), wanted, `the owner of ${site}:\n${output}`);
    }
    // A deleted person is reported as missing, not as drift.
    const isDrift = moved.size > 0 || unbound.some((grant) => !hasParted(before, grant));
    if (isDrift) assert.match(output, /changed by hand|changed since this stack last saw it/);
    this.#access.deployed(expected, after);
    this.#formerOwners.clear();
  }

  /** What is in no state is left by the deployment, which is green, and reported by the audit until somebody removes it. */
  async #audit(expected: Expectation, after: Look): Promise<void> {
    const left = undue(expected, after);
    this.#unrecorded = this.#unrecorded.filter(
      ({ uid, client }) => isBound(after, uid, client) && expected.refused.some((one) => isPair(one, uid, client)),
    );
    if (left.length === 0) return;
    const { exitCode, stdout, stderr } = await this.scenario.look(
      ["audit", this.#manifest, "--json"],
      this.#tonight().env,
    );
    assert.equal(exitCode, 1, stderr);
    for (const { user, client } of left) {
      assert.ok(stdout.includes(`"binding:${client}:${user}"`), `the audit reports ${user} of ${client}:\n${stdout}`);
      this.scenario.aegir.panel.unbind(client, user);
      this.#events.push(`somebody reads in the audit that ${user} may act for ${client}, and ends it`);
    }
  }

  // The morning after: somebody reads why the night was red

  async #morning(): Promise<void> {
    const { aegir } = this.scenario;
    const wasAllowed = this.#mayUndo && !this.#isDown && !this.#isUnpinned && !this.#wasCut;
    if (this.#isDown && this.draw(3) === 0) {
      this.#isDown = false;
      await aegir.up();
      this.#events.push("the server is up again");
    }
    if (this.#isUnpinned && this.draw(3) === 0) {
      this.#isUnpinned = false;
      this.#isBlind = this.hasManifest;
      this.#events.push("the new host key is in the configuration");
    }
    if (wasAllowed) this.#mayUndo = false;
    else if (this.#access.drift(this.#look()).isMass && this.draw(3) === 0) this.#decideOnMassChange();
    await this.#configure();
    for (const grant of this.#access.grants) {
      const isUnclear = hasParted(this.#look(), grant) || this.#access.isTaken(grant);
      if (isUnclear && this.draw(3) === 0) this.#decideOnName(grant);
    }
  }

  #decideOnMassChange(): void {
    const access = this.#access;
    const look = this.#look();
    if (this.draw(2) === 0) {
      this.#mayUndo = true;
      this.#events.push("what was changed by hand is to be undone");
      return;
    }
    const { unbound, moved } = access.drift(look);
    access.grants = access.grants.filter((grant) => !unbound.has(keyOf(grant)));
    for (const site of moved) {
      access.owners.set(site, look.owners.get(site)!);
      this.#formerOwners.delete(site);
    }
    this.#events.push("what was changed by hand is in the manifest");
  }

  #decideOnName(grant: ExpectedAccess["grants"][number]): void {
    const access = this.#access;
    const { users } = this.#look();
    const person = users.find(({ uid }) => uid === grant.uid);
    const bearer = users.find(({ name }) => name === grant.name);
    const others = access.grants.filter((each) => each !== grant);
    if (person?.name === grant.name) {
      access.sayUid(grant.name, grant.uid);
      this.#events.push(`the manifest says uid ${grant.uid} for ${grant.name}`);
    } else if (person && !others.some(({ client, name }) => client === grant.client && name === person.name)) {
      grant.name = person.name;
      grant.isSaidByUid = false;
      this.#events.push(`the manifest says ${person.name} for ${grant.client}`);
    } else if (bearer && this.draw(2) === 0) {
      access.sayUid(grant.name, bearer.uid);
      this.#events.push(`the manifest says uid ${bearer.uid} for ${grant.name}`);
    } else {
      access.grants = others;
      this.#events.push(`${grant.name} leaves the manifest for ${grant.client}`);
    }
  }

  // What is written for the deployments

  /** One attempt to connect, because the nights on which the server is down are many. The host key is the known one. */
  async #configure(): Promise<void> {
    if (this.#isUnpinned) return;
    const main = this.scenario.aegir.configuration();
    const connection = { ...main.connection, dialErrorLimit: 0 };
    const servers = JSON.stringify({
      main: { ...main, connection, ...(this.#mayUndo && { undoDriftUntil: "2999-12-31" }) },
    });
    this.#isReconfigured ||= servers !== this.#servers;
    this.#servers = servers;
    for (const stack of [this.scenario, this.other]) {
      await stack.configure({ "aegir:servers": { secret: servers } });
    }
  }

  async #declare(): Promise<void> {
    if (this.hasManifest) await this.#writeManifest();
    else this.scenario.declare(CLIENTS.flatMap((each) => this.#declarations(each)));
  }

  #declarations(internalName: string): Declaration[] {
    const { grants, owners } = this.#access;
    const due = grants.filter((grant) => grant.client === internalName && grant.expires >= this.#today);
    const sites = SITES.filter((site) => owners.get(site) === internalName);
    return [
      client(internalName, titleOf(internalName)),
      ...due.map(({ name }) => {
        const expectedUid = grants.find((grant) => grant.name === name && grant.isSaidByUid)?.uid;
        return bound(internalName, name, expectedUid === undefined ? {} : { expectedUid });
      }),
      ...sites.map((site) => owned(site, internalName, this.#takeOver(site))),
    ];
  }

  #takeOver(site: string): { takeOverFrom?: string } {
    const takeOverFrom = this.#formerOwners.get(site);
    return takeOverFrom === undefined ? {} : { takeOverFrom };
  }

  get #manifest(): string {
    return join(this.scenario.directory, "access.yaml");
  }

  async #writeManifest(): Promise<void> {
    const day = dayOf(this.#today);
    const { grants, owners } = this.#access;
    const clients = CLIENTS.map((client) => ({
      name: titleOf(client),
      internalName: client,
      sites: SITES.filter((site) => owners.get(site) === client).map((site) => ({ site, ...this.#takeOver(site) })),
      users: grants
        .filter((grant) => grant.client === client)
        .map(({ name, uid, isSaidByUid, expires }) => ({
          name,
          ...(isSaidByUid && { expectedUid: uid }),
          ...(expires < Infinity && { expires: dayOf(expires) }),
        })),
    }));
    const file = this.#manifest;
    const users = [...new Set(grants.map(({ name }) => name))];
    const allowRemovals = { until: day, reason: "as decided", grants: 1000, clients: CLIENTS, users };
    writeFileSync(file, JSON.stringify({ version: 1, allowRemovals, clients }));
    await this.scenario.configure({ "aegir-access:manifest": file });
  }

  // Looks at the server's own tables

  /** All users but the administrator, the bindings of users that there are to the clients of this stack, all sites. */
  #look(): Look {
    const { users, bindings, sites } = this.scenario.aegir.tables();
    return {
      users: users.filter(({ uid }) => uid !== 1),
      bindings: bindings.flatMap(({ uid, user, client }) =>
        user !== null && client !== null && CLIENTS.includes(client) && user !== "admin" ? [{ uid, user, client }] : [],
      ),
      owners: new Map(sites.map(({ site, owner }) => [site, owner])),
    };
  }

  #othersAccess(): unknown {
    const { bindings, sites } = this.scenario.aegir.tables();
    const ours = (client: string | null) => client !== null && CLIENTS.includes(client);
    return [bindings.filter(({ client }) => !ours(client)), sites.filter(({ site }) => site === OTHERS.site)];
  }

  #freeName(): string {
    return `person${++this.#newcomers}`;
  }

  #newMail(name: string): string {
    return `${name}-${++this.#newcomers}@elsewhere.example`;
  }

  #one<T>(all: readonly T[]): T | undefined {
    return all.length === 0 ? undefined : all[this.draw(all.length)];
  }
}

/** Those who may act for a client and should not. */
function undue({ due }: Expectation, { bindings }: Look): Look["bindings"] {
  return bindings.filter(({ uid, client }) => !due.some((one) => isPair(one, uid, client)));
}

function isPair(one: { uid: number; client: string }, uid: number, client: string): boolean {
  return one.uid === uid && one.client === client;
}
