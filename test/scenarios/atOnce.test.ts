/**
 * Two stacks deployed at once to one server, each with a provider of its own, while a person clicks in the panel: what they
 * write is put one after the other, or one of them is told what is the case. Nobody's change is lost.
 */
import assert from "node:assert/strict";
import type { Outcome } from "../engine/Engine";
import { until } from "../support/until";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import { bound, client, expectOk, owned, Scenario } from "./Scenario";
import { type Opener, ScenarioStack } from "./ScenarioStack";

const [SITE, OTHER, THIRD] = ["www.nova.example", "www.luna.example", "www.beta.example"] as const;
const DEFAULT_OWNER = "octopus123456";
const nova = client("nova", "Nova Ltd");
const luna = client("luna", "Luna Ltd");

let scenario: Scenario;
let second: ScenarioStack;

function eachWorld(engine: () => Opener, anotherEngine = engine): void {
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    const { aegir } = scenario;
    second = await ScenarioStack.of(anotherEngine(), { servers: { main: aegir.configuration() } });
    aegir.addSites([SITE, OTHER, THIRD].map((site) => ({ site })));
    aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    aegir.panel.addUser({ name: "alice" });
  });
  afterEach(async () => {
    const ownerless = scenario.aegir.ownerHistory.filter(({ owner }) => owner === null);
    const exposed = second.exposed(scenario.aegir.secrets());
    second.remove();
    await scenario.close();
    assert.deepEqual(ownerless, []);
    assert.deepEqual(exposed, []);
  });
}

const owners = (site: string) =>
  scenario.aegir.ownerHistory.filter((state) => state.site === site).map(({ owner }) => owner);
const requests = (verb: "setOwner" | "site") => scenario.aegir.counts.requests[verb] ?? 0;

async function changesNothing(stack: ScenarioStack): Promise<void> {
  const { writes } = scenario.aegir.counts;
  assert.deepEqual(Object.keys((await stack.up()).changes), ["same"]);
  assert.equal(scenario.aegir.counts.writes, writes);
}

onEveryEngine("two deployments and a person at once", (engine) => {
  eachWorld(engine);

  it("of different sites none disturbs another, and every change is there in the end", async () => {
    const { aegir } = scenario;
    // What is written besides would wait for the one that is held, and keep its site waiting behind it.
    await Promise.all([scenario.up([nova, bound("nova", "alice")]), second.up([luna, bound("luna", "alice")])]);
    scenario.declare([nova, bound("nova", "alice"), owned(SITE, "nova")]);
    second.declare([luna, bound("luna", "alice"), owned(OTHER, "luna")]);
    const writing = aegir.faults.holdRequest("setOwner", "begun");
    const running = Promise.all([scenario.stack.up(), second.stack.up()]);
    await writing.reached;
    await until(() => requests("setOwner") === 2);
    aegir.panel.setOwner(THIRD, "Beta GmbH");
    aegir.panel.bind("beta", "alice");
    writing.release();
    for (const outcome of await running) expectOk(outcome);
    aegir.runQueue();
    assert.deepEqual([SITE, OTHER, THIRD].map(owners), [
      [DEFAULT_OWNER, "nova"],
      [DEFAULT_OWNER, "luna"],
      [DEFAULT_OWNER, "beta"],
    ]);
    const { bindings } = aegir.tables();
    const alices = bindings.flatMap(({ user, client }) => (user === "alice" ? [client] : []));
    assert.deepEqual(alices.sort(), ["beta", "luna", "nova"]);
    await changesNothing(scenario);
    await changesNothing(second);
  });
});

onTheLifecycles("two deployments and a person at once", (engine, another) => {
  eachWorld(engine, another);

  it("of two that want one site the second is refused, and nothing moves until it names who loses the site", async () => {
    const { aegir } = scenario;
    scenario.declare([nova, owned(SITE, "nova")]);
    await second.up([luna]);
    second.declare([luna, owned(SITE, "luna")]);
    const writing = aegir.faults.holdRequest("setOwner", "begun");
    const winning = scenario.stack.up();
    await writing.reached;
    const looks = requests("site");
    const losing = second.stack.up();
    await until(() => requests("site") > looks);
    writing.release();
    expectOk(await winning);
    refused(await losing, /www\.nova\.example belongs to another client, nova \("Nova Ltd"\).*takeOverFrom: "nova"/);
    refused(await second.stack.up(), /takeOverFrom: "nova"/);
    assert.deepEqual(owners(SITE), [DEFAULT_OWNER, "nova"]);
    await changesNothing(scenario);

    await second.up([luna, owned(SITE, "luna", { takeOverFrom: "nova" })]);
    assert.equal(scenario.owner(SITE), "luna");
    await changesNothing(second);
    // Who has lost it sees so, and does not take it along when it goes.
    scenario.declare([nova]);
    expectOk(await scenario.stack.up({ refresh: true }));
    assert.equal(scenario.owner(SITE), "luna");
    await changesNothing(second);
  });

  it("what a person decides between look and write is kept, and both deployments report it", async () => {
    const { aegir } = scenario;
    const nova2 = client("nova2", "Nova Two");
    await Promise.all([scenario.up([nova, nova2, owned(SITE, "nova")]), second.up([luna])]);
    scenario.declare([nova, nova2, owned(SITE, "nova2")]);
    second.declare([luna, owned(OTHER, "luna")]);
    const writing = aegir.faults.holdRequest("setOwner", "begun");
    const running = Promise.all([scenario.stack.up(), second.stack.up()]);
    await writing.reached;
    await until(() => requests("setOwner") === 3);
    aegir.panel.setOwner(SITE, "Beta GmbH");
    aegir.panel.setOwner(OTHER, "Beta GmbH");
    writing.release();
    const [first, other] = await running;
    refused(first, /owner of www\.nova\.example changed .*: expected nova, found beta.*pulumi up --refresh/);
    refused(other, /www\.luna\.example belongs to another client, beta .*takeOverFrom: "beta"/);
    aegir.runQueue();
    assert.deepEqual([scenario.owner(SITE), scenario.owner(OTHER)], ["beta", "beta"]);

    const preview = expectOk(await scenario.stack.preview({ refresh: true }));
    assert.match(preview.output, /moves from beta to nova2/);
    expectOk(await scenario.stack.up({ refresh: true }));
    await second.up([luna, owned(OTHER, "luna", { takeOverFrom: "beta" })]);
    assert.deepEqual([scenario.owner(SITE), scenario.owner(OTHER)], ["nova2", "luna"]);
    await changesNothing(scenario);
    await changesNothing(second);
  });

  it("a client that a person deletes while both give it a site is missed by both, and every site keeps its owner", async () => {
    const { aegir } = scenario;
    const to = (site: string) => ({ ...owned(site, "nova"), args: { site, client: "beta" } });
    scenario.declare([to(SITE)]);
    second.declare([to(OTHER)]);
    const writing = aegir.faults.holdRequest("setOwner", "begun");
    const running = Promise.all([scenario.stack.up(), second.stack.up()]);
    await writing.reached;
    await until(() => requests("setOwner") === 2);
    aegir.panel.deleteClient("beta");
    writing.release();
    for (const outcome of await running) refused(outcome, /no client (with the internal name "beta"|beta)/);
    assert.deepEqual([scenario.owner(SITE), scenario.owner(OTHER)], [DEFAULT_OWNER, DEFAULT_OWNER]);
  });
});

function refused(outcome: Outcome, because: RegExp): void {
  assert.equal(outcome.ok, false);
  assert.match(outcome.diagnostics, because);
}
