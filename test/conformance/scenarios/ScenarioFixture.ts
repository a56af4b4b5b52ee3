/**
 * Where the scenarios of one server play: a server that its ServerFixture can read and arrange, and one stack after the other on
 * one engine. Everything on it has the prefix in its name.
 */
import assert from "node:assert/strict";
import { SiteStatus, TaskStatus } from "../../../provider/worker/facts";
import { type Opener, ScenarioStack } from "../../scenarios/ScenarioStack";
import { keySecret } from "../../support/canary";
import { PlainFiles, sitesOfLogin } from "../../support/PlainClient";
import type { Connection } from "../RawWorker";
import type { ServerFixture, State } from "../ServerFixture";

export interface ScenarioServer {
  /** What a stack puts under `aegir:servers`. `accounts` where BOA's cron makes shell accounts. */
  configuration: {
    connection: Connection;
    accounts?: { instance: string; connection: Connection; directory?: string };
    waits: { pollSeconds: number };
    [key: string]: unknown;
  };
  /**
   * As for the worker's promises: a letter, then letters and digits, 8 at most. There must be two enabled sites whose
   * domains begin with it, owned by the default client; a platform whose title does lets what concerns platforms be told.
   * The task queue must run, and nobody else may work on the server.
   */
  prefix: string;
  fixture: ServerFixture;
  /** A throwaway: its variables may be set. */
  disposable: boolean;
  /** False where a shell account's password lets nobody in over SSH, so that what its holder sees is not looked at. */
  logins?: boolean;
  /** What the server counts by itself, since its start, where it does. */
  counts?(): Partial<Counts>;
  /** Every owner that every site ever had, where the server keeps such a history; null: nobody's. */
  owners?(): readonly { site: string; owner: string | null }[];
  stop(): Promise<void>;
}

export interface Counts {
  bootstraps: number;
  writes: number;
  rejectedLogins: number;
}

type Site = State["sites"][number];

const POLL_MILLISECONDS = 20;

export class ScenarioFixture {
  server!: ScenarioServer;
  engine!: Opener;
  stack!: ScenarioStack;
  /** The domains of the two sites. */
  sites!: [string, string];
  #atStart!: State;
  #others!: string;
  readonly #secrets = new Map<string, string>();

  async begin(server: ScenarioServer, engine: Opener): Promise<void> {
    assert.match(server.prefix, /^[a-z][a-z0-9]{0,7}$/);
    this.server = server;
    this.engine = engine;
    this.#atStart = await this.fixture.state();
    await this.#sweep();
    this.#atStart = await this.fixture.state();
    const free = this.#atStart.sites.filter(({ status }) => status === SiteStatus.enabled);
    if (free.length < 2) throw new Error(`Make two enabled sites whose domains begin with "${server.prefix}"`);
    this.sites = [free[0]!.title, free[1]!.title];
    this.#others = await this.fixture.digest("others");
  }

  async end(): Promise<void> {
    try {
      const left = await this.fixture.state();
      assert.deepEqual(essence(left), essence(this.#atStart), "the scenarios leave nothing behind");
    } finally {
      await this.fixture.end();
      await this.server.stop();
    }
  }

  /** A new stack for the scenarios to come. */
  async open(): Promise<void> {
    const { configuration } = this.server;
    this.stack = await ScenarioStack.of(this.engine, { servers: { main: configuration } });
    for (const login of [configuration.connection, configuration.accounts?.connection]) {
      if (login) this.#secrets.set(...keySecret(login.user, login.privateKey));
    }
  }

  /** Ends them, and puts the server back. */
  async close(): Promise<void> {
    this.stack?.remove();
    await this.#sweep();
  }

  get fixture(): ServerFixture {
    return this.server.fixture;
  }

  // Names

  /** The internal name of a client, or the name of a user. */
  named(suffix: string): string {
    return `${this.server.prefix}_${suffix}`;
  }

  mail(suffix: string): string {
    return `${this.named(suffix)}@example.com`;
  }

  /** A domain that is no site's. */
  domain(name: string): string {
    return `${this.server.prefix}-${name}.example.com`;
  }

  /** The shell login of a client. */
  account(internalName: string): string {
    return `${this.server.configuration.accounts?.instance}.${internalName.replace(/[^a-z0-9]/g, "")}`;
  }

  // What is so

  async site(domain: string): Promise<Site> {
    const found = (await this.fixture.state()).sites.find(
      ({ title, status }) => title === domain && status !== SiteStatus.deleted,
    );
    if (!found) throw new Error(`the server has no site ${domain}`);
    return found;
  }

  async client(internalName: string): Promise<State["clients"][number] | undefined> {
    return (await this.fixture.state()).clients.find(({ uname }) => uname === internalName);
  }

  /** The internal name of a site's owner; null if it is none of ours. */
  async owner(domain: string): Promise<string | null> {
    const { clients, sites, defaultClient } = await this.fixture.state();
    const { client } = sites.find(({ title, status }) => title === domain && status !== SiteStatus.deleted)!;
    return [...clients, defaultClient].find(({ nid }) => nid === client)?.uname ?? null;
  }

  /** The clients that the panel shows a site to, and its tasks: nids of node access rows, by node. */
  async grants(domain: string): Promise<{ site: number[]; tasks: number[][] }> {
    const { nid } = await this.site(domain);
    const { tasks } = await this.fixture.state();
    const gids = async (node: number) => (await this.fixture.grants(node)).map(({ gid }) => gid);
    const ofSite = tasks.filter(({ rid }) => rid === nid);
    return { site: await gids(nid), tasks: await Promise.all(ofSite.map((task) => gids(task.nid))) };
  }

  /** That this client, and nobody else but the administrators, reaches the site: in the panel and on disk. */
  async reachedBy(domain: string, internalName: string): Promise<void> {
    const { clients, defaultClient } = await this.fixture.state();
    const { links, client } = await this.site(domain);
    const owner = [...clients, defaultClient].find(({ uname }) => uname === internalName);
    assert.equal(client, owner?.nid, `${domain} is owned by ${internalName}`);
    const others = clients.filter(({ nid }) => nid !== client).map(({ nid }) => nid);
    const { site, tasks } = await this.grants(domain);
    for (const gids of [site, ...tasks]) {
      assert.ok(gids.includes(client), `the panel shows ${domain} and its tasks to ${internalName}`);
      assert.deepEqual(
        gids.filter((gid) => others.includes(gid)),
        [],
        `the panel shows ${domain} and its tasks to nobody else`,
      );
    }
    // The login that is made of the default client's name may be a reserved one, whose directory is never kept.
    const linked = owner === defaultClient ? links.filter((directory) => directory !== internalName) : links;
    assert.deepEqual(linked, owner === defaultClient ? [] : [internalName], `${domain} is linked for its owner alone`);
  }

  /** Where the password files lie, as the SFTP of the accounts' connection shows it. */
  get #passwordDirectory(): string {
    const { instance, connection, directory } = this.server.configuration.accounts!;
    return directory ?? (connection.user === "root" ? `/home/${instance}.ftp/users` : "/users");
  }

  /** The password of a login, from its file; undefined if there is none. */
  async password(login: string): Promise<string | undefined> {
    const { connection } = this.server.configuration.accounts!;
    const directory = this.#passwordDirectory;
    const files = await PlainFiles.open(connection);
    try {
      if (!(await files.list(directory)).includes(login)) return undefined;
      const password = (await files.read(`${directory}/${login}`)).trimEnd();
      if (password !== "") this.#secrets.set(`a password of ${login}`, password);
      return password;
    } finally {
      files.close();
    }
  }

  /** What somebody sees who logs in over SFTP with this password; undefined: is not let in. */
  async seenBy(login: string, password: string): Promise<string[] | undefined> {
    const { host, port, hostKey } = this.server.configuration.accounts!.connection;
    return sitesOfLogin({ host, port, hostKey, user: login, password });
  }

  /** The same with this private key. */
  async seenByKey(login: string, privateKey: string): Promise<string[] | undefined> {
    const { host, port, hostKey } = this.server.configuration.accounts!.connection;
    return sitesOfLogin({ host, port, hostKey, user: login, privateKey });
  }

  /** That the holder of a client's login sees this site and no other, where there are logins. */
  async loginShows(internalName: string, site: string): Promise<void> {
    if (!this.server.configuration.accounts) return;
    const login = this.account(internalName);
    const password = await this.password(login);
    assert.ok(password, `${login} has a password`);
    if (this.server.logins !== false) assert.deepEqual(await this.seenBy(login, password), [site]);
  }

  // Arranging

  /** Gives a site to a client past the provider, in the panel, and waits until that is effective. */
  async give(domain: string, client: number): Promise<void> {
    await this.fixture.setOwner((await this.site(domain)).nid, client);
    await this.settled();
  }

  /** What the server has counted since, as far as it counts; undefined: it does not. */
  countedSince(before: Partial<Counts> | undefined, what: keyof Counts): number | undefined {
    const now = this.server.counts?.()[what];
    return now === undefined ? undefined : now - (before?.[what] ?? 0);
  }

  /** Waits until no task of ours is queued or running. */
  async settled(): Promise<void> {
    const open = ({ status }: State["tasks"][number]) =>
      status === TaskStatus.queued || status === TaskStatus.processing;
    await until("every task has ended", async () => !(await this.fixture.state()).tasks.some(open));
  }

  /** Notes the owners of a site, as nids and in order, as often as it can while `action` goes on. */
  async watchingOwners<T>(
    domain: string,
    action: () => Promise<T>,
  ): Promise<{ result: T; owners: number[]; looks: number }> {
    const owners: number[] = [];
    let looks = 0;
    let going = true;
    const look = async () => {
      for (; going; looks++) {
        const { client } = await this.site(domain);
        if (owners.at(-1) !== client) owners.push(client);
        await pause();
      }
    };
    const looking = look();
    try {
      return { result: await action(), owners, looks };
    } finally {
      going = false;
      await looking;
    }
  }

  /** Registers the last scenarios of a stack: what its whole life must not have done. */
  tellTheEnd(): void {
    it("promise 6: no secret was printed or lies in the clear in a file of the stack (trap 30)", () => {
      assert.deepEqual(this.stack.exposed(this.#secrets), []);
    });

    it("promise 3: what is not declared was not touched", async () => {
      assert.equal(await this.fixture.digest("others"), this.#others);
    });
  }

  /** Puts back whatever a scenario, finished or broken off, or an interrupted run has left under the prefix. */
  async #sweep(): Promise<void> {
    const { fixture } = this;
    if (this.server.disposable) await fixture.setClientPrefix("");
    for (const { nid, type } of (await fixture.state()).tasks) {
      if (type === "login-reset") await fixture.removeTask(nid);
    }
    await this.settled();
    const { sites, defaultClient } = await fixture.state();
    for (const { nid, status, client, links } of sites) {
      if (status === SiteStatus.deleted) {
        await fixture.removeSite(nid);
        continue;
      }
      await fixture.removeAlias(nid, this.domain("alias"));
      const foreign = links.some((directory) => directory !== defaultClient.uname);
      if (client !== defaultClient.nid || foreign) await fixture.setOwner(nid, defaultClient.nid);
    }
    await this.settled();
    for (const { nid } of (await fixture.state()).tasks) {
      if (!this.#atStart.tasks.some((task) => task.nid === nid)) await fixture.removeTask(nid);
    }
    const platform = await fixture.platform();
    if (platform !== null) await fixture.restrict(platform, []);
    for (const { nid } of (await fixture.state()).clients) await fixture.removeClient(nid);
    await fixture.removeDirectories();
    for (const { name } of (await fixture.state()).users) await fixture.removeUser(name);
    const { accounts } = this.server.configuration;
    if (accounts) {
      const login = `${accounts.instance}.${this.server.prefix}`;
      await until("no login of ours is left", async () => {
        const files = await PlainFiles.open(accounts.connection);
        const names = await files.list(this.#passwordDirectory).finally(() => files.close());
        return !names.some((name) => name.startsWith(login));
      });
    }
  }
}

/** The state but for what tasks that have run leave: times, and finished tasks of runs before. */
function essence({ clients, users, sites, tasks }: State): object {
  return { clients, users, tasks, sites: sites.map(({ changed: _, verified: __, ...site }) => site) };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));

/** Waits for a condition of the server; mocha's own limit ends a wait in vain. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await pause();
  }
}

/** BOA's queue takes a task a minute, its account cron runs every three. */
const PATIENCE_MILLISECONDS = 15 * 60_000;
