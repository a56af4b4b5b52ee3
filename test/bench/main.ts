/**
 * `npm run bench`: what one worker for many changes is worth, beside a Drush process for each. It runs on the front end that
 * AEGIR_TEST_HOST and the other variables of test/conformance/realFrontEnd.ts name, whose queue must stand still and which
 * must have two enabled sites of the default client under the prefix; else on the small double of Drupal, whose bootstrap is
 * much shorter than a real one's. AEGIR_BENCH_CHANGES is how many changes the worker makes, 300 if absent; of those with a
 * process for each, which take long and are all alike, every fifth is made.
 */
import { cpus, release, totalmem, type } from "node:os";
import { Drush } from "../../provider/aegir/Drush";
import { ServerConfiguration } from "../../provider/aegir/ServerConfiguration";
import { Worker } from "../../provider/aegir/Worker";
import { ConnectionArgs } from "../../provider/ssh/ConnectionArgs";
import { resolveConnection } from "../../provider/ssh/credentials";
import { SshConnection } from "../../provider/ssh/SshConnection";
import { SiteStatus, type ServerFacts, type SiteFacts, type VerbArguments } from "../../provider/worker/protocol";
import { FrontEndBackstage } from "../conformance/FrontEndBackstage";
import type { Connection } from "../conformance/RawWorker";
import { realFrontEnd } from "../conformance/realFrontEnd";
import { DrupalFrontEnd } from "../drupal/DrupalFrontEnd";

const CHANGES = Number(process.env["AEGIR_BENCH_CHANGES"] ?? 300);

interface Measured {
  way: string;
  changes: number;
  connections: number;
  bootstraps: number;
  seconds: number;
}

type Change = VerbArguments<"setOwner">;

/** Connections to one server that count themselves, and the Drush processes that are started in them. */
class Counted {
  connections = 0;
  bootstraps = 0;

  constructor(private readonly target: Connection) {}

  worker(connection: SshConnection): Worker {
    const { drush, waits } = ServerConfiguration.parse({ connection: this.target });
    return new Worker(connection, new Drush(this.target.user, drush), waits);
  }

  connect(): SshConnection {
    this.connections++;
    const args = ConnectionArgs.parse(this.target);
    const connection = new SshConnection(args, () => resolveConnection(args, ["main"], {}));
    const exec = connection.exec.bind(connection);
    connection.exec = (command) => {
      this.bootstraps++;
      return exec(command);
    };
    return connection;
  }
}

class Bench {
  private readonly measured: Measured[] = [];

  private constructor(
    private readonly target: Connection,
    private readonly server: ServerFacts,
    private readonly client: string,
    private readonly sites: SiteFacts[],
    /** The nids of the client that the sites go to and come back from, in turn. */
    private readonly owners: [number, number],
  ) {}

  /** Makes a client, and gives the sites of the prefix to it and back, in every way. */
  static async run(target: Connection, prefix: string): Promise<Bench> {
    const backstage = await FrontEndBackstage.start(target, prefix);
    const counted = new Counted(target);
    const connection = counted.connect();
    const worker = counted.worker(connection);
    const internalName = `${prefix}_bench`;
    const old = await backstage.state();
    const { result: inventory } = await worker.call("inventory", {});
    const { defaultClient } = inventory.server;
    const sites = inventory.sites.filter(
      ({ site, status, owner }) =>
        site.startsWith(prefix) && status === SiteStatus.enabled && owner?.nid === defaultClient?.nid,
    );
    if (defaultClient === null || sites.length < 2) {
      throw new Error(`Two enabled sites of the default client whose domains begin with "${prefix}" are needed.`);
    }
    const { result } = await worker.call("createClient", { internalName, name: internalName, user: null });
    const owners: [number, number] = [defaultClient.nid, result.client.nid];
    const bench = new Bench(target, inventory.server, internalName, sites.slice(0, 2), owners);
    try {
      await bench.measure();
    } finally {
      for (const { nid, ownerNid } of (await worker.call("inventory", {})).result.sites) {
        if (ownerNid === result.client.nid) await worker.call("setOwner", { nid, from: ownerNid, to: null });
      }
      await worker.call("deleteClient", { internalName, dropBindings: false, dropPlatforms: false });
      for (const { nid } of (await backstage.state()).tasks) {
        if (!old.tasks.some((task) => task.nid === nid)) await backstage.removeTask(nid);
      }
      await worker.end();
      connection.end();
      await backstage.end();
    }
    return bench;
  }

  private async measure(): Promise<void> {
    const all = this.changes();
    const some = this.changes(CHANGES / 5);
    await this.time("one worker, all written at once", all, async (counted) => {
      const connection = counted.connect();
      const worker = counted.worker(connection);
      // From here on what is asked first is written first, and the changes of one site follow from each other.
      await worker.server();
      await Promise.all(all.map((change) => worker.call("setOwner", change)));
      await worker.end();
      connection.end();
    });
    await this.time("one worker, one after the other", all, async (counted) => {
      const connection = counted.connect();
      const worker = counted.worker(connection);
      for (const change of all) await worker.call("setOwner", change);
      await worker.end();
      connection.end();
    });
    await this.time("a Drush process for each, one connection", some, async (counted) => {
      const connection = counted.connect();
      for (const change of some) {
        const worker = counted.worker(connection);
        await worker.call("setOwner", change);
        await worker.end();
      }
      connection.end();
    });
    await this.time("a connection and a Drush process for each", some, async (counted) => {
      for (const change of some) {
        const connection = counted.connect();
        const worker = counted.worker(connection);
        await worker.call("setOwner", change);
        await worker.end();
        connection.end();
      }
    });
  }

  /** The sites in turn, each to the client and back; a multiple of four, so that every run begins alike. */
  private changes(count = CHANGES): Change[] {
    return Array.from({ length: Math.floor(count / 4) * 4 }, (_, index) => {
      const away = index % 4 < 2;
      const { nid } = this.sites[index % 2]!;
      return { nid, from: this.owners[away ? 0 : 1], to: away ? this.client : null };
    });
  }

  private async time(way: string, changes: Change[], run: (counted: Counted) => Promise<void>): Promise<void> {
    const counted = new Counted(this.target);
    const start = performance.now();
    await run(counted);
    const seconds = (performance.now() - start) / 1000;
    const { connections, bootstraps } = counted;
    this.measured.push({ way, changes: changes.length, connections, bootstraps, seconds });
  }

  print(where: string): void {
    const { php, drush, drupal, hosting } = this.server;
    const [cpu] = cpus();
    const memory = Math.round(totalmem() / 2 ** 30);
    console.log("\nChanges of the owner of a site, each one transaction with its verify queued,");
    console.log(`on ${where}: Drupal ${drupal}, hosting ${hosting}, Drush ${drush}, PHP ${php}`);
    console.log(
      `from ${type()} ${release()}, Node ${process.version}, ${cpus().length} x ${cpu?.model}, ${memory} GiB\n`,
    );
    const rows = [
      ["", "changes", "connections", "bootstraps", "seconds", "ms a change"],
      ...this.measured.map(({ way, changes, connections, bootstraps, seconds }) => [
        way,
        String(changes),
        String(connections),
        String(bootstraps),
        seconds.toFixed(2),
        ((seconds * 1000) / changes).toFixed(1),
      ]),
    ];
    for (const [way = "", ...numbers] of rows) {
      console.log(way.padEnd(44) + numbers.map((number) => number.padStart(12)).join(""));
    }
  }
}

async function main(): Promise<void> {
  const real = realFrontEnd();
  if (real) {
    const { connection, prefix } = real;
    (await Bench.run(connection, prefix)).print(`the front end at ${connection.host}:${connection.port}`);
    return;
  }
  const front = await DrupalFrontEnd.start({ sites: ["bench1.example.com", "bench2.example.com"] });
  try {
    (await Bench.run(front.drush, "bench")).print("the small double of Drupal, whose bootstrap is not a real one's");
  } finally {
    await front.stop();
  }
}

void main();
