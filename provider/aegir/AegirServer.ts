/**
 * One Aegir server as the resources see it. All resources of all types that mean the same server share this object,
 * and with it one SSH connection per identity and one Drush worker.
 */
import { resolveConnection } from "../ssh/credentials";
import { printable } from "../text/printable";
import { SshConnection } from "../ssh/SshConnection";
import type { Inventory } from "../worker/protocol";
import { AegirError } from "./AegirError";
import { Clients } from "./Clients";
import { Drush } from "./Drush";
import { PasswordFiles } from "./PasswordFiles";
import { SERVERS_KEY, type ServerConfiguration } from "./ServerConfiguration";
import { Sites } from "./Sites";
import { TaskWatcher } from "./TaskWatcher";
import { DrushWorker } from "./DrushWorker";

/** Standard output of the provider process is what Pulumi shows while an operation runs. */
const logged = (line: string) => console.log(printable(line, 2000));

/** An inventory answers all reads of a refresh; it is believed, or its failure is, for no longer than one takes. */
const INVENTORY_SECONDS = 15;

export class AegirServer {
  readonly #drushConnection: SshConnection | undefined;
  readonly #accountsConnection: SshConnection | undefined;
  readonly #worker: DrushWorker | undefined;
  readonly #sites: Sites | undefined;
  readonly #passwordFiles: PasswordFiles | undefined;
  #inventory: { taken: number; writes: number; inventory: Promise<Inventory> } | undefined;

  constructor(
    /** The name under which the stack's configuration lists it. */
    readonly name: string,
    readonly configuration: ServerConfiguration,
  ) {
    const { drush, waits, decommissioned } = configuration;
    // Nothing connects to a server that is given up, whoever asks.
    const { connection, accounts } = decommissioned === undefined ? configuration : {};
    if (connection) {
      this.#drushConnection = new SshConnection(connection, () => resolveConnection(connection, [name]));
      this.#worker = new DrushWorker(this.#drushConnection, new Drush(connection.user, drush), waits);
      this.#sites = new Sites(this.#worker, new TaskWatcher(this.#worker, waits, logged));
    }
    const accountsArgs = accounts?.connection;
    this.#accountsConnection = accountsArgs
      ? new SshConnection(accountsArgs, () => resolveConnection(accountsArgs, [name, "accounts"]))
      : this.#drushConnection;
    const reader = accountsArgs ?? connection;
    if (accounts && reader && this.#accountsConnection) {
      const { instance, directory } = accounts;
      const obstacles = () => this.#queueObstacles();
      const options = { ...waits, instance, user: reader.user, directory, obstacles, report: logged };
      this.#passwordFiles = new PasswordFiles(this.#accountsConnection, options);
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

  /** False on a hosted account, where nothing but password files can be seen. */
  get hasWorker(): boolean {
    return this.#worker !== undefined;
  }

  get passwordFiles(): PasswordFiles {
    if (this.#passwordFiles) return this.#passwordFiles;
    this.#refuseDecommissioned();
    throw new AegirError({
      code: "notConfigured",
      what: `server "${this.name}" has no \`accounts\` in its configuration, so it is no BOA Octopus instance`,
      server: this.name,
      outcome: "notDone",
      next: 'Shell accounts exist on BOA only. There, configure accounts: { instance: "o1", connection: ... }',
    });
  }

  /** What Aegir's user sees of what stops the server; nothing on a hosted account. */
  async #queueObstacles(): Promise<string[]> {
    if (!this.#worker) return [];
    return (await this.#worker.call("tasks", { nids: [] })).result.queue.obstacles;
  }

  /** How the connection to Drush, or on a hosted account the one to the password files, reads in messages. */
  get label(): string {
    return (this.#drushConnection ?? this.#accountsConnection)?.label ?? this.name;
  }

  /** Who answers the connections, by their place in the configuration; undefined where there is no such connection. */
  get connections(): { connection?: SshConnection | undefined; "accounts.connection"?: SshConnection | undefined } {
    const own = this.configuration.accounts?.connection ? this.#accountsConnection : undefined;
    return { connection: this.#drushConnection, "accounts.connection": own };
  }

  /** Everything on the server, in one request that all readers share until something is written. */
  inventory(): Promise<Inventory> {
    const { writes } = this.worker;
    const taken = performance.now();
    const known = this.#inventory;
    if (known?.writes === writes && taken - known.taken < INVENTORY_SECONDS * 1000) return known.inventory;
    const inventory = this.worker.call("inventory", {}).then(({ result }) => result);
    // All readers of a refresh come at about the same time: a look that failed is not repeated for each of them.
    const asked = { taken, writes, inventory };
    this.#inventory = asked;
    inventory.catch(() => (asked.taken = performance.now()));
    return inventory;
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
      next: `Remove what is declared on it. If it runs after all, remove ${SERVERS_KEY}.${this.name}.decommissioned from the configuration`,
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
      next: "There, only ShellAccount can be declared; clients, owners and bindings need a `connection` as aegir, o1 or root",
    });
  }
}
