/**
 * One Aegir server as the resources see it. All resources of all types that mean the same server share this object,
 * and with it one SSH connection per identity and one Drush worker.
 */
import { resolveConnection } from "../ssh/credentials";
import { SshConnection } from "../ssh/SshConnection";
import type { Inventory, UserFacts } from "../worker/protocol";
import { AegirError } from "./AegirError";
import { PasswordFiles } from "./PasswordFiles";
import type { ServerConfiguration } from "./ServerConfiguration";
import { Sites } from "./Sites";
import { TaskWatcher } from "./TaskWatcher";
import { Worker } from "./Worker";

/** An inventory answers all reads of a refresh; it is believed for no longer than one takes. */
const INVENTORY_SECONDS = 15;

export class AegirServer {
  readonly #drushConnection: SshConnection | undefined;
  readonly #accountsConnection: SshConnection | undefined;
  readonly #worker: Worker | undefined;
  readonly #sites: Sites | undefined;
  #inventory: { taken: number; inventory: Promise<Inventory> } | undefined;

  constructor(
    /** The name under which the stack's configuration lists it. */
    readonly name: string,
    readonly configuration: ServerConfiguration,
  ) {
    const { connection, accounts, drush, waits } = configuration;
    if (connection) {
      this.#drushConnection = new SshConnection(connection, () => resolveConnection(connection, [name]));
      this.#worker = new Worker(this.#drushConnection, `${drush.command} ${drush.alias}`);
      this.#sites = new Sites(this.#worker, new TaskWatcher(this.#worker, waits));
    }
    const accountsArgs = accounts?.connection;
    this.#accountsConnection = accountsArgs
      ? new SshConnection(accountsArgs, () => resolveConnection(accountsArgs, [name, "accounts"]))
      : this.#drushConnection;
  }

  /** The worker; every write through it makes the inventory obsolete, so writers ask for it here each time. */
  get worker(): Worker {
    this.#inventory = undefined;
    return this.#required(this.#worker);
  }

  get sites(): Sites {
    this.#inventory = undefined;
    return this.#required(this.#sites);
  }

  /** False on a hosted account, where nothing but password files can be seen. */
  get hasWorker(): boolean {
    return this.#worker !== undefined;
  }

  get passwordFiles(): PasswordFiles {
    const { accounts, waits } = this.configuration;
    if (!accounts || !this.#accountsConnection) {
      throw new AegirError({
        situation: "notConfigured",
        what: `server "${this.name}" has no \`accounts\` in its configuration, so it is no BOA Octopus instance`,
        server: this.name,
        outcome: "notDone",
        next: 'Shell accounts exist on BOA only. There, configure accounts: { instance: "o1", connection: ... }',
      });
    }
    return new PasswordFiles(this.#accountsConnection, { ...waits, directory: accounts.directory });
  }

  /** How the connection to Drush, or on a hosted account the one to the password files, reads in messages. */
  get label(): string {
    return (this.#drushConnection ?? this.#accountsConnection)?.label ?? this.name;
  }

  /** Everything on the server, in one request that all readers of the same moment share. */
  inventory(): Promise<Inventory> {
    const worker = this.#required(this.#worker);
    const taken = performance.now();
    if (!this.#inventory || taken - this.#inventory.taken > INVENTORY_SECONDS * 1000) {
      const inventory = worker.call("inventory", {}).then(({ result }) => result);
      this.#inventory = { taken, inventory };
      // A failed look is no inventory: the next reader asks again.
      inventory.catch(() => (this.#inventory = undefined));
    }
    return this.#inventory.inventory;
  }

  /** The panel user of that name, as MySQL compares names: without regard to case. */
  async user(name: string): Promise<UserFacts | undefined> {
    const { result } = await this.worker.call("user", { name });
    return result.users[0];
  }

  async end(): Promise<void> {
    await this.#worker?.end();
    this.#drushConnection?.end();
    this.#accountsConnection?.end();
  }

  #required<T>(part: T | undefined): T {
    if (part) return part;
    throw new AegirError({
      situation: "notConfigured",
      what: `server "${this.name}" has no connection that can run Drush (a hosted account has none)`,
      server: this.name,
      outcome: "notDone",
      next: "There, only ShellAccount can be declared; clients, owners and bindings need a `connection` as aegir, o1 or root",
    });
  }
}
