/**
 * A year of an access manifest: every night deploys it, while people join, leave, marry and lose their jobs, servers die
 * and come back with other host keys, jobs are cut off and panels are clicked in. After every night the server's own
 * tables are looked at.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import type { Engine, Outcome } from "../engine/Engine";
import { onEveryEngine } from "../scenarios/everyEngine";
import { World } from "../scenarios/World";
import { Budget, longRun, runs, seed } from "../support/random";

const program = join(__dirname, "..", "..");
const NIGHTS = 365;
const FIRST_DAY = Date.UTC(2027, 0, 1);
const DAY = 24 * 60 * 60 * 1000;
const CLIENTS = ["acme", "beta", "gamma"];
const SITES = ["one", "two", "three", "four", "five", "six"].map((name) => `${name}.example`);
const PEOPLE = ["alice", "bob", "carol", "dave", "erin"];

type Draw = (below: number) => number;

/** What reviewers have decided about one person and one client. The name is the one that they know. */
interface Grant {
  uid: number;
  client: string;
  name: string;
  isSaidByUid: boolean;
  /** Last day, as a number of days since the first one. */
  expires: number;
}

onEveryEngine(`a year of nights (seed ${seed})`, (engine) => {
  it("leaves nobody with access for a night longer than need be, binds nobody who was not meant, and is red when it could not work", async function () {
    this.timeout(0);
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (drawn) => {
        const year = await Year.begin(engine(), (below) => drawn(fc.nat, { max: below - 1 }));
        await year.live();
      }),
      { ...runs(1), numRuns: 1, endOnFailure: true },
    );
  });
});

class Year {
  private today = 0;
  private readonly owners = new Map(SITES.map((site, index) => [site, CLIENTS[index % CLIENTS.length]!]));
  private readonly formerOwners = new Map<string, string>();
  private grants: Grant[] = [];
  /** `uid client` of every grant that there ever was. */
  private readonly meant = new Set<string>();
  private readonly events: string[] = [];
  /** Whose grants no deployment has seen yet. A name that changes hands before has no number by which to tell. */
  private readonly unseen = new Set<number>();
  private newcomers = 0;
  private isDown = false;
  /** The server has another host key than the configuration. */
  private isUnpinned = false;

  private constructor(
    private readonly world: World,
    private readonly draw: Draw,
  ) {}

  static async begin(engine: Engine, draw: Draw): Promise<Year> {
    const world = await World.open(engine, { program });
    const { aegir } = world;
    aegir.addSites(SITES.map((site) => ({ site })));
    const year = new Year(world, draw);
    await year.pin();
    for (const [index, name] of PEOPLE.entries()) {
      const uid = aegir.panel.addUser({ name });
      year.grant(uid, CLIENTS[index % CLIENTS.length]!);
    }
    return year;
  }

  async live(): Promise<void> {
    const budget = new Budget();
    try {
      for (; this.today < NIGHTS && (longRun || budget.take()); this.today++) {
        this.events.push(`day ${this.today}`);
        for (let more = this.draw(3); more > 0; more--) this.somethingHappens();
        await this.night();
        await this.morning();
      }
      console.log(`      ${this.today} nights`);
    } catch (error) {
      throw new Error(`after ${this.events.slice(-40).join("; ")}`, { cause: error });
    } finally {
      budget.print("nights");
      if (this.isDown) await this.world.aegir.up();
      await this.world.close();
    }
  }

  // What happens by day

  private somethingHappens(): void {
    const { panel } = this.world.aegir;
    const grant = this.one(this.grants);
    const client = this.one(CLIENTS)!;
    const site = this.one(SITES)!;
    const happenings: (() => string | undefined)[] = [
      () => {
        const name = this.freeName();
        this.grant(panel.addUser({ name }), client);
        return `${name} joins ${client}`;
      },
      () => {
        const user = this.one(this.users());
        if (!user) return undefined;
        this.grant(user.uid, client, this.today + this.draw(30));
        return `${user.name} may act for ${client} for some days`;
      },
      () => {
        if (!grant) return undefined;
        this.grants = this.grants.filter((each) => each !== grant);
        return `${grant.name} leaves ${grant.client}`;
      },
      () => {
        const user = grant && this.users().find(({ uid }) => uid === grant.uid);
        if (!user || this.unseen.has(user.uid)) return undefined;
        const name = this.freeName();
        panel.renameUser(user.name, name);
        if (this.draw(2) === 0) return `${user.name} is called ${name} now`;
        panel.addUser({ name: user.name, mail: `${name}@elsewhere.example` });
        return `${user.name} is called ${name} now, and a stranger ${user.name}`;
      },
      () => {
        const user = grant && this.users().find(({ uid }) => uid === grant.uid);
        if (!user || this.unseen.has(user.uid)) return undefined;
        panel.deleteUser(user.name);
        if (this.draw(2) === 0) return `${user.name} is deleted`;
        panel.addUser({ name: user.name, mail: `again-${this.today}-${this.draw(1000)}@example.com` });
        return `${user.name} is deleted, and another one is made`;
      },
      () => {
        if (this.owners.get(site) === client) return undefined;
        this.formerOwners.set(site, this.owners.get(site)!);
        this.owners.set(site, client);
        return `${site} is to go to ${client}`;
      },
      () => {
        const bound = grant && this.bindings().find(({ uid }) => uid === grant.uid);
        if (!bound) return undefined;
        panel.unbind(bound.client, bound.user);
        return `somebody unbinds ${bound.user} from ${bound.client} in the panel`;
      },
    ];
    const what = this.one(happenings)!();
    if (what !== undefined) this.events.push(what);
  }

  private grant(uid: number, client: string, expires = Infinity): void {
    const name = this.users().find((user) => user.uid === uid)!.name;
    if (this.grants.some((each) => each.client === client && (each.uid === uid || each.name === name))) return;
    this.grants.push({ uid, client, name, isSaidByUid: false, expires });
    this.meant.add(`${uid} ${client}`);
    this.unseen.add(uid);
  }

  // The night

  private async night(): Promise<void> {
    const { aegir, stack } = this.world;
    const trouble = this.draw(20);
    if (trouble === 0 && !this.isDown) {
      await aegir.down();
      this.isDown = true;
      this.events.push("the server is down");
    } else if (trouble === 1 && !this.isDown) {
      await aegir.down();
      await aegir.up({ newHostKey: true });
      this.isUnpinned = true;
      this.events.push("the server has another host key");
    }
    await this.declare();
    const isCut = trouble === 2 && !this.isDown && !this.isUnpinned;
    const outcome = isCut ? await this.cutNight() : await stack.up({ refresh: true, continueOnError: true });
    this.events.push(`${outcome.ok ? "green" : "red"} night`);
    this.check(outcome, isCut);
  }

  /** The job is killed at its first write, or ends before there is one. */
  private async cutNight(): Promise<Outcome> {
    const { aegir, stack } = this.world;
    this.events.push("the job is cut off");
    const kill = new AbortController();
    const moment = this.draw(2) === 0 ? "begun" : "committed";
    const dying = aegir.faults.holdRequest("write", moment, { nth: 1 });
    const running = stack.up({ refresh: true, continueOnError: true, kill: kill.signal });
    await Promise.race([dying.reached, running]);
    kill.abort();
    const outcome = await running;
    aegir.faults.forgetPlans();
    await stack.cancel();
    return outcome;
  }

  private check(outcome: Outcome, isCut: boolean): void {
    const couldWork = !this.isDown && !this.isUnpinned && !isCut;
    const bindings = this.bindings();
    for (const { uid, user, client } of bindings) {
      assert.ok(
        this.meant.has(`${uid} ${client}`),
        `${user} (uid ${uid}) was never meant to act for ${client}:\n${outcome.output}`,
      );
    }
    for (const { site, owner } of this.world.aegir.ownerHistory) assert.ok(owner !== null, `${site} has an owner`);
    if (!couldWork) {
      if (!isCut) assert.equal(outcome.ok, false, `a night that could not work is red:\n${outcome.output}`);
      return;
    }
    this.unseen.clear();
    const due = this.grants.filter(({ expires }) => expires >= this.today);
    const left = bindings.filter(({ uid, client }) => !due.some((each) => each.uid === uid && each.client === client));
    assert.deepEqual(left, [], `nobody has access who should not:\n${outcome.output}`);
    const parted = due.filter((each) => this.hasParted(each));
    assert.equal(
      outcome.ok,
      parted.length === 0,
      `red for ${parted.map(({ name }) => name).join()} alone:\n${outcome.output}`,
    );
    for (const { uid, client, name } of due.filter((each) => !parted.includes(each))) {
      assert.ok(
        bindings.some((each) => each.uid === uid && each.client === client),
        `${name} may act for ${client}:\n${outcome.output}`,
      );
    }
    for (const [site, owner] of this.owners) assert.equal(this.world.owner(site), owner, outcome.output);
  }

  /** The name that reviewers know is no longer that of the person. */
  private hasParted({ uid, name }: Grant): boolean {
    return this.users().find((user) => user.uid === uid)?.name !== name;
  }

  // The morning after: somebody reads why the night was red

  private async morning(): Promise<void> {
    const { aegir } = this.world;
    if (this.isDown && this.draw(3) === 0) {
      this.isDown = false;
      await aegir.up();
      this.events.push("the server is up again");
    }
    if (this.isUnpinned && this.draw(3) === 0) {
      this.isUnpinned = false;
      await this.pin();
      this.events.push("the new host key is in the configuration");
    }
    for (const grant of this.grants.filter((each) => this.hasParted(each))) {
      if (this.draw(3) !== 0) continue;
      const person = this.users().find(({ uid }) => uid === grant.uid);
      const bearer = this.users().find(({ name }) => name === grant.name);
      const others = this.grants.filter((each) => each !== grant && each.client === grant.client);
      if (person && !others.some(({ name }) => name === person.name)) {
        grant.name = person.name;
        grant.isSaidByUid = false;
        this.events.push(`the manifest says ${person.name}`);
      } else if (bearer && this.draw(2) === 0) {
        Object.assign(grant, { uid: bearer.uid, isSaidByUid: true });
        this.meant.add(`${bearer.uid} ${grant.client}`);
        this.events.push(`the manifest says uid ${bearer.uid}`);
      } else {
        this.grants = others.concat(this.grants.filter(({ client }) => client !== grant.client));
        this.events.push(`${grant.name} leaves the manifest`);
      }
    }
    if (!this.isDown && !this.isUnpinned) this.formerOwners.clear();
  }

  /** One attempt to connect, because the nights on which the server is down are many. */
  private async pin(): Promise<void> {
    const main = this.world.aegir.configuration();
    const once = { ...main, connection: { ...main.connection, dialErrorLimit: 0 } };
    await this.world.configure({ "aegir:servers": { secret: JSON.stringify({ main: once }) } });
  }

  private async declare(): Promise<void> {
    const day = new Date(FIRST_DAY + this.today * DAY).toISOString().slice(0, 10);
    const clients = CLIENTS.map((client) => ({
      name: `The ${client} company`,
      internalName: client,
      sites: SITES.filter((site) => this.owners.get(site) === client).map((site) => ({
        site,
        ...(this.formerOwners.has(site) && { takeOverFrom: this.formerOwners.get(site) }),
      })),
      users: this.grants
        .filter((grant) => grant.client === client)
        .map(({ name, uid, isSaidByUid, expires }) => ({
          name,
          ...(isSaidByUid && { expectedUid: uid }),
          ...(expires < Infinity && { expires: new Date(FIRST_DAY + expires * DAY).toISOString().slice(0, 10) }),
        })),
    }));
    const file = join(this.world.directory, "access.yaml");
    const users = [...new Set(this.grants.map(({ name }) => name))];
    const allowRemovals = { until: day, reason: "as decided", grants: 1000, clients: CLIENTS, users };
    writeFileSync(file, JSON.stringify({ version: 1, allowRemovals, clients }));
    await this.world.configure({ "aegir-access:manifest": file, "aegir-access:asOf": day });
  }

  // Looks at the server's own tables

  /** But for the administrator. */
  private users(): { uid: number; name: string }[] {
    return this.world.aegir.tables().users.filter(({ uid }) => uid !== 1);
  }

  /** Of users that there are. */
  private bindings(): { uid: number; user: string; client: string }[] {
    return this.world.aegir
      .tables()
      .bindings.flatMap(({ uid, user, client }) =>
        user !== null && client !== null && CLIENTS.includes(client) && user !== "admin" ? [{ uid, user, client }] : [],
      );
  }

  private freeName(): string {
    return `person${++this.newcomers}`;
  }

  private one<T>(all: readonly T[]): T | undefined {
    return all.length === 0 ? undefined : all[this.draw(all.length)];
  }
}
