/** The main job as stories, on every engine that is there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { ConfigValue } from "../engine/Engine";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, World } from "./World";

const site = "www.acme.example";

onEveryEngine("access", (engine) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(engine());
    world.aegir.addSites([{ site }]);
    world.aegir.panel.addUser({ name: "alice" });
  });
  afterEach(() => world.close());

  const acme = [client("acme", "Acme Corp"), bound("acme", "alice"), owned(site, "acme"), login("acme", site)];

  it("a client, its user, its site and its login come true, and a second up changes and writes nothing (trap 25)", async () => {
    world.declare(acme);
    expectOk(await world.stack.preview());
    assert.equal(world.aegir.counts.writes, 0);
    await world.up();
    assert.equal(world.owner(site), "acme");
    assert.deepEqual(world.aegir.panel.sitesOf("alice"), [site]);
    assert.deepEqual(await world.sitesOf("o1.acme"), [site]);

    const { writes } = world.aegir.counts;
    const again = await world.up();
    assert.deepEqual(again.changes, { same: 4 });
    assert.equal(world.aegir.counts.writes, writes);
  });

  it("a preview needs no server and no credentials", async () => {
    await world.aegir.down();
    await world.configure(serverConfig({ host: "127.0.0.1", user: "aegir", hostKey: world.aegir.drush.hostKey }));
    world.declare(acme);
    const preview = expectOk(await world.stack.preview({ env: { SSH_AUTH_SOCK: "" } }));
    assert.deepEqual(preview.changes, { create: 4 });
  });

  it("a rejected host key ends everything before a credential is offered", async () => {
    const { privateKey, ...rest } = world.aegir.configuration().connection;
    const hostKey = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    await world.configure(serverConfig({ ...rest, privateKey, hostKey }));
    world.declare([client("acme", "Acme Corp")]);
    const outcome = await world.stack.up();
    assert.equal(outcome.ok, false);
    assert.ok(outcome.output.includes(hostKey) && outcome.output.includes(world.aegir.drush.hostKey), outcome.output);
    assert.deepEqual(world.aegir.counts.authentications, { accepted: 0, rejected: 0 });
  });

  it("rejected credentials are offered once", async () => {
    world.aegir.faults.refuseLogins = true;
    world.declare([client("acme", "Acme Corp")]);
    assert.equal((await world.stack.up()).ok, false);
    assert.equal(world.aegir.counts.authentications.rejected, 1);
  });

  it("what the program does not declare is not touched", async () => {
    world.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    world.aegir.panel.bind("beta", "alice");
    world.aegir.runCron();
    const exceptions = { clients: ["acme", "octopus123456"], sites: [site], users: ["alice"] };
    const before = world.aegir.digest(exceptions);
    await world.up(acme);
    assert.equal(world.aegir.digest(exceptions), before);
    assert.ok(world.aegir.tables().bindings.some(({ user, client: owner }) => user === "alice" && owner === "beta"));
    expectOk(await world.stack.destroy());
    assert.equal(world.aegir.digest(exceptions), before);
  });

  it("people and logins of others are looked up with get, and not managed", async () => {
    world.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    const lookup = { type: "AegirClient" as const, name: "looked-up", args: {}, options: { id: "client:beta" } };
    const outcome = await world.up([
      lookup,
      { ...owned(site, "acme"), args: { site, client: "${looked-up.internalName}" } },
    ]);
    assert.equal(outcome.changes.create, 1);
    assert.equal(world.owner(site), "beta");
    expectOk(await world.stack.destroy());
    assert.ok(world.aegir.tables().clients.some(({ internalName }) => internalName === "beta"));
  });

  it("two resources for one site fail, naming both, before anything is written for them", async () => {
    world.declare([
      ...acme,
      { type: "SiteOwnership", name: "again", args: { site: "WWW.acme.example", client: "acme" } },
    ]);
    const preview = await world.stack.preview();
    assert.equal(preview.ok, false);
    assert.match(
      preview.output,
      /Two resources of this program declare the owner of the site www\.acme\.example: "site:www\.acme\.example" and "again"/,
    );
  });

  it("no secret is in a process list; state and output are looked through after every story (trap 30)", async () => {
    const lists: string[] = [];
    const sampling = setInterval(() => lists.push(processList()), 50);
    world.declare(acme);
    const outcomes = [await world.stack.preview(), await world.stack.up(), await world.stack.refresh()];
    clearInterval(sampling);
    for (const outcome of outcomes) expectOk(outcome);
    assert.ok(
      lists.some((list) => list.includes("dynamic-provider")),
      "the provider process was on the sampled lists",
    );
    const secrets = world.secrets();
    assert.ok(secrets.length >= 3 && secrets.every(([, secret]) => secret.length >= 20));
    for (const [what, secret] of secrets) assert.ok(!lists.some((list) => list.includes(secret)), what);
  });

  it("200 ownerships in one up: one connection per identity, one Drush process per lease (trap 29)", async () => {
    const sites = Array.from({ length: 200 }, (_, index) => `site${index}.acme.example`);
    world.aegir.addSites(sites.map((name) => ({ site: name })));
    const started = performance.now();
    await world.up([client("acme", "Acme Corp"), ...sites.map((name) => owned(name, "acme"))]);
    const leases = Math.ceil((performance.now() - started) / 60_000) + Math.ceil(requests(world) / 500) - 1;
    assert.ok(sites.every((name) => world.owner(name) === "acme"));
    assert.deepEqual(world.aegir.counts.connections, { aegir: 1 });
    assert.ok(
      world.aegir.counts.workerStarts <= leases,
      `${world.aegir.counts.workerStarts} starts in ${leases} leases`,
    );
    assert.equal(world.aegir.counts.writes, 201);
  });
});

function serverConfig(connection: object): Record<string, ConfigValue> {
  return { "aegir:servers": { secret: JSON.stringify({ main: { connection, accounts: { instance: "o1" } } }) } };
}

function requests(world: World): number {
  return Object.values(world.aegir.counts.requests).reduce((sum, count) => sum + count, 0);
}

/** The command lines of all processes. */
function processList(): string {
  return execFileSync("ps", ["axww", "-o", "args"]).toString();
}
