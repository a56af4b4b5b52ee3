/**
 * `npm run bench`: what one worker for many changes is worth, beside a connection and a Drush process for each. It runs on the
 * front end that AEGIR_TEST_HOST and the other variables of test/conformance/realFrontEnd.ts name, whose queue must stand
 * still and which must have two enabled sites of the default client under the prefix; else on the small double of Drupal,
 * whose bootstrap is much shorter than a real one's. AEGIR_BENCH_CHANGES is how many changes the worker makes, 300 if
 * absent; of those with a process for each, which take long and are all alike, every fifth is made. On the double it also
 * shows what a change costs when the queue is long.
 */
import { cpus, release, type } from "node:os";
import { AegirServer } from "../../provider/aegir/AegirServer";
import { ServerConfiguration } from "../../provider/aegir/ServerConfiguration";
import { SiteStatus } from "../../provider/worker/facts";
import type { VerbArguments } from "../../provider/worker/protocol";
import { FrontEndFixture } from "../conformance/FrontEndFixture";
import type { Connection } from "../conformance/RawWorker";
import { realFrontEnd } from "../conformance/realFrontEnd";
import { DrupalFrontEnd } from "../drupal/DrupalFrontEnd";

const CHANGES = Number(process.env["AEGIR_BENCH_CHANGES"] ?? 300);

const SITES = ["bench1.example.com", "bench2.example.com"] as const;

type Change = VerbArguments<"setOwner">;

/** The lengths of the queue at which the cost of a change is measured. */
const QUEUED = [0, 1_000, 5_000];

/** Makes a client, gives two sites of the prefix to it and back in every way, and prints how long that took. */
async function measure(connection: Connection, prefix: string): Promise<void> {
  const open = () => new AegirServer("main", ServerConfiguration.parse({ connection }));
  const internalName = `${prefix}_bench`;
  const fixture = await FrontEndFixture.start(connection, prefix);
  const { tasks: before, defaultClient } = await fixture.state();
  const server = open();
  const { sites, server: facts } = (await server.worker.call("inventory", {})).result;
  const free = sites.filter(
    ({ site, status, ownerNid }) =>
      site.startsWith(prefix) && status === SiteStatus.enabled && ownerNid === defaultClient.nid,
  );
  if (free.length < 2) {
    throw new Error(`Two enabled sites of the default client whose domains begin with "${prefix}" are needed.`);
  }
  const { client } = (await server.worker.call("createClient", { internalName, name: internalName, user: null }))
    .result;

  /** The sites in turn, each to the client and back; a multiple of four, so that every run begins alike. */
  const changes = (count: number) =>
    Array.from({ length: Math.floor(count / 4) * 4 }, (_, index): Change => {
      const away = index % 4 < 2;
      const from = away ? defaultClient.nid : client.nid;
      return { nid: free[index % 2]!.nid, from, to: away ? internalName : null };
    });
  async function time(way: string, all: Change[], make: (all: Change[]) => Promise<void>): Promise<void> {
    const start = performance.now();
    await make(all);
    const milliseconds = (performance.now() - start) / all.length;
    console.log(`${way.padEnd(42)} ${all.length} changes, ${milliseconds.toFixed(1)} ms each`);
  }

  console.log("\nChanges of the owner of a site, each one transaction with its verify queued,");
  console.log(`on Drupal ${facts.drupal}, hosting ${facts.hosting}, Drush ${facts.drush}, PHP ${facts.php}`);
  console.log(`from ${type()} ${release()}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}\n`);
  try {
    // The worker runs: what is asked first is written first, and the changes of one site follow from each other.
    await time("one worker, all written at once", changes(CHANGES), async (all) => {
      await Promise.all(all.map((change) => server.worker.call("setOwner", change)));
    });
    await time("one worker, one after the other", changes(CHANGES), async (all) => {
      for (const change of all) await server.worker.call("setOwner", change);
    });
    await time("a connection and a Drush process for each", changes(CHANGES / 5), async (all) => {
      for (const change of all) {
        const own = open();
        await own.worker.call("setOwner", change);
        await own.end();
      }
    });
  } finally {
    for (const { nid, ownerNid } of (await server.worker.call("inventory", {})).result.sites) {
      if (ownerNid === client.nid) await server.worker.call("setOwner", { nid, from: ownerNid, to: null });
    }
    await server.worker.call("deleteClient", { internalName, dropBindings: false, dropPlatforms: false });
    for (const { nid } of (await fixture.state()).tasks) {
      if (!before.some((task) => task.nid === nid)) await fixture.removeTask(nid);
    }
    await server.end();
    await fixture.end();
  }
}

/** Prints what a change of an owner costs while so many tasks of another site are queued. */
async function measureQueue(front: DrupalFrontEnd): Promise<void> {
  const open = () => new AegirServer("main", ServerConfiguration.parse({ connection: front.drush }));
  const first = open();
  const { client } = (await first.worker.call("createClient", { internalName: "queue", name: "queue", user: null }))
    .result;
  const [site] = (await first.worker.call("site", { site: SITES[0] })).result.sites;
  const { nid, ownerNid } = site!;
  await first.end();

  console.log("\nOne change after the other in one worker, by the tasks of another site that are queued\n");
  let queued = 0;
  for (const length of QUEUED) {
    if (length > queued) await front.fillQueue(length - queued);
    queued = length;
    const durations: number[] = [];
    const server = open();
    // The first look reads all tasks.
    await server.worker.call("site", { site: SITES[0] });
    const before = await front.rowsVisited();
    for (let turn = 0; turn < CHANGES / 5; turn++) {
      const away = turn % 2 === 0;
      const change = { nid, from: away ? ownerNid : client.nid, to: away ? "queue" : null };
      const start = performance.now();
      await server.worker.call("setOwner", change);
      durations.push(performance.now() - start);
    }
    const visited = ((await front.rowsVisited()) - before) / durations.length;
    const median = durations.sort((a, b) => a - b)[durations.length >> 1] ?? NaN;
    console.log(
      `${`${length} queued`.padEnd(42)} ${durations.length} changes, median ${median.toFixed(1)} ms, the database looks at ${visited.toFixed(0)} rows for each`,
    );
    await server.end();
  }
}

async function main(): Promise<void> {
  const real = realFrontEnd();
  if (real) return measure(real.connection, real.prefix);
  const front = await DrupalFrontEnd.start({ sites: [...SITES] });
  try {
    console.log("The small double of Drupal, whose bootstrap is not a real one's.");
    await measure(front.drush, "bench");
    await measureQueue(front);
  } finally {
    await front.stop();
  }
}

void main();
