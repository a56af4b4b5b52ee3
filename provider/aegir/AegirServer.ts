/**
 * One Aegir server as the resources see it. All resources of the server share this object, and with it one SSH
 * connection per login and one Drush worker.
 */
import { shellAccountName } from "../naming/ShellAccountName";
import { labelOf, resolveConnection } from "../ssh/credentials";
import { firstAccepted } from "../ssh/offerKeys";
import { SshConnection } from "../ssh/SshConnection";
import { printable } from "../text/printable";
import type { Inventory } from "../worker/facts";
import { AegirError } from "./AegirError";
import { AuthorizedKeys } from "./AuthorizedKeys";
import { Clients } from "./Clients";
import { Drush } from "./Drush";
import { DrushWorker } from "./DrushWorker";
import { PasswordFiles } from "./PasswordFiles";
import { authorizedKeysProblem, type ServerConfiguration, SERVERS_KEY } from "./ServerConfiguration";
import { Sites } from "./Sites";
import { TaskWatcher } from "./TaskWatcher";

/** Standard output of the provider process is what Pulumi shows while an operation runs. */
const logged = (line: string) => console.log(printable(line, 2000));

/** An inventory answers all reads of a refresh; it, or its failure, is kept no longer than a refresh takes. */
const INVENTORY_SECONDS = 15;

/** What a server holds. */
export interface ServerInventory extends Inventory {
  /** When it was read: seconds since the epoch, by the server's clock. */
  takenAt: number;
}

export class AegirServer {
  readonly #drushConnection: SshConnection | undefined;
  readonly #accountsConnection: SshConnection | undefined;
  readonly #worker: DrushWorker | undefined;
  readonly #sites: Sites | undefined;
  readonly #passwordFiles: PasswordFiles | undefined;
  readonly #authorizedKeys: AuthorizedKeys | undefined;
  readonly #rotations = new Set<string>();
  readonly #repeatedRotations = new Set<string>();
  #inventory: { taken: number; writes: number; inventory: Promise<ServerInventory> } | undefined;

  constructor(
    /** The name under which the stack's configuration lists it. */
    readonly name: string,
    readonly configuration: ServerConfiguration,
  ) {
    const { drush, waits, decommissioned } = configuration;
    // Nothing ever connects to a decommissioned server.
    const { connection, accounts } = decommissioned === undefined ? configuration : {};
    if (connection) {
      this.#drushConnection = new SshConnection(connection, () => resolveConnection(connection, [name]));
      this.#worker = new DrushWorker(this.#drushConnection, new Drush(connection.user, drush), waits);
      this.#sites = new Sites(this.#worker, new TaskWatcher(this.#worker, waits, logged));
    }
    const accountsArgs = accounts?.connection;
    const reader = accountsArgs ?? connection;
    const resolveReader = () => resolveConnection(reader!, accountsArgs ? [name, "accounts"] : [name]);
    this.#accountsConnection = accountsArgs ? new SshConnection(accountsArgs, resolveReader) : this.#drushConnection;
    if (accounts && reader && this.#accountsConnection) {
      const { instance, directory, passwordDays } = accounts;
      const obstacles = () => this.#queueObstacles();
      const options = { ...waits, instance, user: reader.user, directory, passwordDays, obstacles, report: logged };
      this.#passwordFiles = new PasswordFiles(this.#accountsConnection, options);
      this.#authorizedKeys = new AuthorizedKeys(this.#accountsConnection, {
        ...waits,
        problem: authorizedKeysProblem(configuration),
        firstAccepted: (user, keys) =>
          firstAccepted({ ...resolveReader(), user, label: labelOf({ ...reader, user }) }, keys),
      });
    }
  }

  get worker(): DrushWorker {
    return this.#required(this.#worker);
  }

  get clients(): Clients {
    return new Clients(this.worker);
  }

  get sites(): Sites {
    return this.#required(this.#sites);
  }

  /** False on a hosted account, where only password files are accessible. */
  get hasWorker(): boolean {
    return this.#worker !== undefined;
  }

  get passwordFiles(): PasswordFiles {
    return this.#ofAccounts(this.#passwordFiles);
  }

  get authorizedKeys(): AuthorizedKeys {
    return this.#ofAccounts(this.#authorizedKeys);
  }

  /** The shell account of a client, for example `o1.acme`. */
  loginOf(client: string): string {
    return shellAccountName(this.#ofAccounts(this.#passwordFiles && this.configuration.accounts).instance, client);
  }

  #ofAccounts<T>(part: T | undefined): T {
    if (part) return part;
    this.#refuseDecommissioned();
    throw new AegirError({
      code: "notConfigured",
      what: `server "${this.name}" has no \`accounts\` in its configuration`,
      server: this.name,
      outcome: "notDone",
      next: 'Shell accounts exist only on BOA. If this is a BOA instance, configure accounts: { instance: "o1", connection: ... }',
    });
  }

  /** The obstacles of the queue that Aegir's user can see; none on a hosted account. */
  async #queueObstacles(): Promise<string[]> {
    if (!this.#worker) return [];
    return (await this.#worker.call("tasks", { nids: [] })).result.queue.obstacles;
  }

  /** For messages: the connection to Drush, or on a hosted account the one to the password files. */
  get label(): string {
    return (this.#drushConnection ?? this.#accountsConnection)?.label ?? this.name;
  }

  /** The connections by their path in the configuration; undefined for one that is not configured. */
  get connections(): { connection?: SshConnection | undefined; "accounts.connection"?: SshConnection | undefined } {
    const own = this.configuration.accounts?.connection ? this.#accountsConnection : undefined;
    return { connection: this.#drushConnection, "accounts.connection": own };
  }

  /** Everything on the server, in one request that all readers share until something is written. */
  inventory(): Promise<ServerInventory> {
    const { writes } = this.worker;
    const taken = performance.now();
    const known = this.#inventory;
    if (known?.writes === writes && taken - known.taken < INVENTORY_SECONDS * 1000) return known.inventory;
    const inventory = this.worker.call("inventory", {}).then(({ now, result }) => ({ ...result, takenAt: now }));
    // All reads of a refresh come at about the same time: a failed inventory is not repeated for each of them.
    const asked = { taken, writes, inventory };
    this.#inventory = asked;
    inventory.catch(() => (asked.taken = performance.now()));
    return inventory;
  }

  /** What the client with this number is called now; null if there is none. */
  async internalNameOf(nid: number): Promise<string | null> {
    return (await this.inventory()).clients.find((client) => client.nid === nid)?.internalName ?? null;
  }

  /**
   * Whether this run may rotate the password of one more shell account because of its age: BOA's cron deletes and creates
   * every one of them. One that was admitted stays so. Those whose last rotation failed are counted apart, so that they
   * take no place of another one.
   */
  admitsRotation(id: string, hasFailed: boolean): boolean {
    const admitted = hasFailed ? this.#repeatedRotations : this.#rotations;
    if (admitted.size >= (this.configuration.accounts?.rotationsPerRun ?? 0)) return admitted.has(id);
    admitted.add(id);
    return true;
  }

  async end(): Promise<void> {
    await this.#worker?.end();
    this.#drushConnection?.end();
    this.#accountsConnection?.end();
  }

  #refuseDecommissioned(): void {
    const { decommissioned } = this.configuration;
    if (decommissioned === undefined) return;
    throw new AegirError({
      code: "notConfigured",
      what: `server "${this.name}" is decommissioned (${decommissioned}), so nothing connects to it`,
      server: this.name,
      outcome: "notDone",
      next: `Remove its resources from the program. If it still runs, remove ${SERVERS_KEY}.${this.name}.decommissioned from the configuration`,
    });
  }

  #required<T>(part: T | undefined): T {
    if (part) return part;
    this.#refuseDecommissioned();
    throw new AegirError({
      code: "notConfigured",
      what: `server "${this.name}" has no connection that can run Drush (a hosted account has none)`,
      server: this.name,
      outcome: "notDone",
      next: "Declare only ShellAccount resources on it, or configure a `connection` as aegir, o1 or root for clients, owners and bindings",
    });
  }
}
