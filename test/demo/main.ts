/**
 * `npm run demo`: the main job, played with the unmodified stack against a small Aegir on this machine. Every claim is
 * checked through a second channel - the server's own tables, and logging in as the shell accounts - before the story
 * goes on, and the exit code is 0 only if all of them held.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SmallAegir } from "../aegir/SmallAegir";
import type { OperationOptions, Outcome } from "../engine/Engine";
import { findEngines } from "../engine/engines";
import { sitesSeenBy } from "../scenarios/World";
import { Story, table, whoReachesWhat, type Reach } from "./Story";

const sites = [
  ...["www.acme.example", "shop.acme.example", "blog.acme.example"],
  ...["www.beta.example", "intranet.beta.example"],
  ...["www.gamma.example", "donate.gamma.example", "archive.gamma.example"],
];
const existingUsers = ["alice", "bob", "carol", "erin"];

/** What is read is the stack's own last deployment, to compare with. */
const UNCHANGING = ["same", "read"];

const story = new Story((text) => process.stdout.write(text));
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
  const engines = await findEngines();
  const engine = engines.find(({ kind }) => kind === "cli") ?? engines[0]!;
  const manifest = join(directory, "access.yaml");
  writeFileSync(manifest, readFileSync(join(__dirname, "access.yaml")));

  story.chapter("A server full of sites that the default owner has");
  aegir.addSites(sites.map((site) => ({ site })));
  for (const name of existingUsers) aegir.panel.addUser({ name });
  const untouched = aegir.digest({ clients: ["octopus123456"], sites });
  const { host, port, hostKey } = aegir.drush;
  story.tell(`  A small Aegir listens on ${host}:${port}, host key ${hostKey}.`);
  story.tell(`  The stack in stacks/ is deployed with: ${engine.name}.`);
  const defaultOwner = owners(aegir)[0]!;
  story.fact(
    `all ${sites.length} sites belong to ${defaultOwner}`,
    owners(aegir).every((owner) => owner === defaultOwner),
  );

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

  story.chapter("Preview: what the manifest would change");
  story.tell(readFileSync(manifest, "utf8").replace(/^/gm, "  | "));
  ok(await stack.preview(progress));
  story.fact("the preview wrote nothing to the server", aegir.counts.writes === 0);
  story.fact("it did not even connect", aegir.counts.authentications.accepted === 0);

  story.chapter("Up: the server agrees, and the change is effective");
  ok(await stack.up(progress));
  const first = await whoReachesWhat(aegir, sites);
  facts(first, "www.acme.example", "acme", ["acme", "alice", "bob"], ["o1.acme"]);
  facts(first, "intranet.beta.example", "beta", ["carol", "dave"], ["o1.beta"]);
  facts(first, "donate.gamma.example", "gamma", ["alice", "erin"], ["o1.gamma"]);
  const { writes } = aegir.counts;
  const again = ok(await stack.up());
  story.fact(
    "a second up changes nothing",
    Object.keys(again.changes).every((operation) => UNCHANGING.includes(operation)),
  );
  story.fact("and writes nothing", aegir.counts.writes === writes);

  story.chapter("A pull request: a site moves, a user leaves, a password rotates");
  const oldPassword = aegir.tables().passwordFiles["o1.acme"]!.trimEnd();
  const edited = readFileSync(manifest, "utf8")
    .replace(", shop.acme.example", "")
    .replace("[www.beta.example,", "[www.beta.example, shop.acme.example,")
    .replace("[alice, bob]", "[alice]")
    .replace("2026-07", "2026-08");
  writeFileSync(manifest, edited);
  const preview = ok(await stack.preview(progress));
  const planned = preview.steps.filter(({ op }) => !UNCHANGING.includes(op)).map(({ op, name }) => `${op} ${name}`);
  story.fact(
    `the preview shows exactly that: ${planned.join(", ")}`,
    planned.sort().join() === "delete binding:acme:bob,update account:acme,update site:shop.acme.example",
  );
  ok(await stack.up(progress));
  const second = await whoReachesWhat(aegir, sites);
  facts(second, "shop.acme.example", "beta", ["carol", "dave"], ["o1.beta"]);
  facts(second, "www.acme.example", "acme", ["acme", "alice"], ["o1.acme"]);
  story.fact("the old password of o1.acme is refused", !(await sitesSeenBy(aegir, "o1.acme", oldPassword)));

  story.chapter("Somebody changes an owner by hand");
  aegir.panel.setOwner("www.beta.example", "Gamma Foundation");
  aegir.runQueue();
  const drifted = await whoReachesWhat(aegir, sites);
  facts(drifted, "www.beta.example", "gamma", ["alice", "erin"], ["o1.gamma"]);
  ok(await stack.refresh(progress));
  const repair = ok(await stack.up(progress));
  story.fact(
    "one change repairs it",
    repair.steps
      .filter(({ op }) => !UNCHANGING.includes(op))
      .every(({ op, name }) => op === "update" && name === "site:www.beta.example"),
  );
  const repaired = await whoReachesWhat(aegir, sites);
  facts(repaired, "www.beta.example", "beta", ["carol", "dave"], ["o1.beta"]);

  story.chapter("Destroy: every site is back with the default owner");
  story.fact("refused, because the program still declares everything", !(await stack.destroy(progress)).ok);
  await stack.setConfig({ ...config, "aegir:destroy": "demo" });
  story.tell("pulumi config set aegir:destroy demo: it is meant");
  ok(await stack.destroy({ ...progress, runProgram: true }));
  const last = await whoReachesWhat(aegir, sites);
  story.fact(
    `all ${sites.length} sites belong to ${defaultOwner}`,
    owners(aegir).every((owner) => owner === defaultOwner),
  );
  story.fact(
    "no client of the manifest is left",
    !aegir.tables().clients.some(({ internalName }) => /acme|beta|gamma/.test(internalName)),
  );
  const ownerless = aegir.ownerHistory.filter(({ owner }) => owner === null);
  story.fact("no site was without an owner at any moment", ownerless.length === 0);
  const newUsers = aegir
    .tables()
    .users.map(({ name }) => name)
    .filter((name) => !["admin", ...existingUsers].includes(name));
  const exceptions = { clients: ["octopus123456", "acme", "beta", "gamma"], sites, users: newUsers };
  story.fact("everything that was not declared is as it was", aegir.digest(exceptions) === untouched);

  story.chapter("Who could reach what: owner (people in the panel; shell login)");
  const moments: [string, Map<string, Reach>][] = [
    ["after the first up", first],
    ["after the pull request", second],
    ["after the repair", repaired],
    ["after destroy", last],
  ];
  story.tell(
    table([
      ["site", ...moments.map(([moment]) => moment)],
      ...sites.map((site) => [site, ...moments.map(([, reach]) => told(reach.get(site)!))]),
    ]),
  );
  const { workerStarts, writes: allWrites } = aegir.counts;
  story.tell(`\n  ${allWrites} writes through ${workerStarts} Drush processes in all. The demo ended well.`);

  function facts(reach: Map<string, Reach>, site: string, owner: string, people: string[], logins: string[]): void {
    const found = reach.get(site)!;
    const text = `${site} belongs to ${owner}; ${people.join(", ")} see it in the panel; ${logins.join(", ")} sees its files`;
    story.fact(
      text,
      JSON.stringify(found) === JSON.stringify({ owner, people: found.people, logins }) && same(found.people, people),
    );
  }
}

function owners(aegir: SmallAegir): string[] {
  const { sites: rows } = aegir.tables();
  return sites.map((site) => rows.find((row) => row.site === site)?.owner ?? "nobody");
}

function told({ owner, people, logins }: Reach): string {
  return `${owner} (${people.join(", ") || "nobody"}; ${logins.join(", ") || "no login"})`;
}

function same(left: string[], right: string[]): boolean {
  return [...left].sort().join() === [...right].sort().join();
}

function ok(outcome: Outcome): Outcome {
  if (!outcome.ok) throw new Error(`the operation failed:\n${outcome.output}`);
  return outcome;
}

main().catch((error: Error) => {
  process.exitCode = 1;
  story.tell(`\n  The demo failed: ${error.message}`);
});
