/**
 * `npm run demo`: the main job, played with the unmodified stack against a small Aegir on this machine. Every claim is
 * checked through a second channel - the server's own tables, and logging in as the shell accounts - before the scenario
 * goes on, and the exit code is 0 only if all of them held.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SmallAegir } from "../aegir/SmallAegir";
import type { OperationOptions, Outcome } from "../engine/Engine";
import { listEngines } from "../engine/engines";
import { expectOk, sitesSeenBy } from "../scenarios/Scenario";
import { chapter, fact, print, table, whoReachesWhat } from "./output";

const sites = [
  ...["www.acme.example", "shop.acme.example", "blog.acme.example"],
  ...["www.beta.example", "intranet.beta.example"],
  ...["www.gamma.example", "donate.gamma.example", "archive.gamma.example"],
];
const existingUsers = ["alice", "bob", "carol", "erin"];

/** What is read is the stack's own last deployment, to compare with. */
const UNCHANGING = ["refresh", "same", "read"];

const progress: OperationOptions = { onOutput: (text) => process.stdout.write(text) };

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "aegir-demo-"));
  const aegir = await SmallAegir.start();
  try {
    await play(aegir, directory);
  } finally {
    await aegir.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function play(aegir: SmallAegir, directory: string): Promise<void> {
  const engines = listEngines();
  const engine = engines.find(({ kind }) => kind === "cli") ?? engines[0]!;
  const manifest = join(directory, "access.yaml");
  writeFileSync(manifest, readFileSync(join(__dirname, "access.yaml")));

  chapter("A server full of sites that the default owner has");
  aegir.addSites(sites.map((site) => ({ site })));
  for (const name of existingUsers) aegir.panel.addUser({ name });
  const untouched = aegir.digest({ clients: ["octopus123456"], sites });
  const { host, port, hostKey } = aegir.drush;
  print(`  A small Aegir listens on ${host}:${port}, host key ${hostKey}.`);
  print(`  The stack in stacks/ is deployed with: ${engine.name}.`);
  backWithTheDefaultOwner(await whoReachesWhat(aegir, sites));

  const config = {
    "aegir:servers": { secret: JSON.stringify({ main: aegir.configuration() }) },
    "aegir-access:manifest": manifest,
  };
  const stack = await engine.open({
    projectDirectory: join(__dirname, "..", ".."),
    stack: "demo",
    stateDirectory: join(directory, "state"),
    passphrase: "passphrase of the demo",
    config,
    env: { PULUMI_NODEJS_TRANSPILE_ONLY: "true" },
  });

  chapter("Preview: what the manifest would change");
  print(readFileSync(manifest, "utf8").replace(/^/gm, "  | "));
  const { accepted } = aegir.counts.authentications;
  expectOk(await stack.preview(progress));
  fact("the preview wrote nothing to the server", aegir.counts.writes === 0);
  fact("it did not even connect", aegir.counts.authentications.accepted === accepted);

  chapter("Up: the server agrees, and the change is effective");
  expectOk(await stack.up(progress));
  const first = await whoReachesWhat(aegir, sites);
  reached(first, "www.acme.example", "acme (acme, alice, bob; o1.acme)");
  reached(first, "intranet.beta.example", "beta (carol, dave; o1.beta)");
  reached(first, "donate.gamma.example", "gamma (alice, erin; o1.gamma)");
  const { writes } = aegir.counts;
  fact("a second up changes nothing", changesOf(expectOk(await stack.up())).length === 0);
  fact("and writes nothing", aegir.counts.writes === writes);

  chapter("A pull request: a site moves, a user leaves, a password rotates");
  const oldPassword = aegir.tables().passwordFiles["o1.acme"]!.trimEnd();
  const edited = readFileSync(manifest, "utf8")
    .replace(", shop.acme.example", "")
    .replace("[www.beta.example,", "[www.beta.example, shop.acme.example,")
    .replace("[alice, bob]", "[alice]")
    .replace("2026-07", "2026-08");
  writeFileSync(manifest, edited);
  const planned = changesOf(expectOk(await stack.preview(progress)));
  fact(
    `the preview shows exactly that: ${planned.join(", ")}`,
    planned.join() === "delete binding:acme:bob,update account:acme,update site:shop.acme.example",
  );
  expectOk(await stack.up(progress));
  const second = await whoReachesWhat(aegir, sites);
  reached(second, "shop.acme.example", "beta (carol, dave; o1.beta)");
  reached(second, "www.acme.example", "acme (acme, alice; o1.acme)");
  fact("the old password of o1.acme is refused", !(await sitesSeenBy(aegir, "o1.acme", oldPassword)));

  chapter("Somebody changes an owner by hand");
  aegir.panel.setOwner("www.beta.example", "Gamma Foundation");
  aegir.runQueue();
  const drifted = await whoReachesWhat(aegir, sites);
  reached(drifted, "www.beta.example", "gamma (alice, erin; o1.gamma)");
  const repair = changesOf(expectOk(await stack.up({ ...progress, refresh: true })));
  fact("one change repairs it", repair.join() === "update site:www.beta.example");
  const repaired = await whoReachesWhat(aegir, sites);
  reached(repaired, "www.beta.example", "beta (carol, dave; o1.beta)");

  chapter("Destroy: every site is back with the default owner");
  fact("refused, because the program still declares everything", !(await stack.destroy(progress)).ok);
  await stack.setConfig({ ...config, "aegir:destroy": "demo" });
  print("pulumi config set aegir:destroy demo: it is meant");
  expectOk(await stack.destroy({ ...progress, runProgram: true }));
  const last = await whoReachesWhat(aegir, sites);
  backWithTheDefaultOwner(last);
  fact(
    "no client of the manifest is left",
    !aegir.tables().clients.some(({ internalName }) => /acme|beta|gamma/.test(internalName)),
  );
  const ownerless = aegir.ownerHistory.filter(({ owner }) => owner === null);
  fact("no site was without an owner at any moment", ownerless.length === 0);
  const newUsers = aegir
    .tables()
    .users.map(({ name }) => name)
    .filter((name) => !["admin", ...existingUsers].includes(name));
  const exceptions = { clients: ["octopus123456", "acme", "beta", "gamma"], sites, users: newUsers };
  fact("everything that was not declared is as it was", aegir.digest(exceptions) === untouched);

  chapter("Who could reach what: owner (people in the panel; shell login)");
  print(
    table([
      ["site", sites],
      ["after the first up", first],
      ["after the pull request", second],
      ["after the repair", repaired],
      ["after destroy", last],
    ]),
  );
  const { workerStarts, writes: allWrites } = aegir.counts;
  print(`\n  ${allWrites} writes through ${workerStarts} Drush processes in all. The demo ended well.`);
}

/** That these people and logins, and nobody else, reach the site. */
function reached(reach: string[], site: string, by: string): void {
  fact(`${site} is reached by ${by}`, reach[sites.indexOf(site)] === by);
}

function backWithTheDefaultOwner(reach: string[]): void {
  fact(
    `all ${sites.length} sites belong to octopus123456, the default owner`,
    reach.every((by) => by.startsWith("octopus123456 ")),
  );
}

/** What an operation plans or has done, sorted. */
function changesOf({ steps }: Outcome): string[] {
  const changing = steps.filter(({ op }) => !UNCHANGING.includes(op));
  return changing.map(({ op, name }) => `${op} ${name}`).sort();
}

main().catch((error: Error) => {
  process.exitCode = 1;
  print(`\n  The demo failed: ${error.message}`);
});
