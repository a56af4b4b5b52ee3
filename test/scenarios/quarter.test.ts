/** A quarter with a driven clock: a contract ends, a password comes of age, and the logins of all others go on. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { utcDay } from "../../provider/naming/Day";
import { RunningClock } from "../aegir/Clock";
import type { Outcome } from "../engine/Engine";
import { foundIn } from "../support/canary";
import { cleaningUp } from "../support/cleaningUp";
import { watchCommandLines } from "../support/commandLines";
import { newKey } from "../support/keys";
import { onEveryEngine } from "./everyEngine";
import { expectOk, Scenario } from "./Scenario";

const program = join(__dirname, "..", "..");
const DAY = 86_400;
const keys = { alice: newKey(), bob: newKey(), carol: newKey(), dora: newKey() };
type Person = keyof typeof keys;

const keyOf = (person: Person) => `keys: ["${keys[person].public} ${person}@laptop"]`;
const manifest = (bobsLastDay: string) => `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example]
    shellAccount: { rotation: { everyDays: 80 } }
    users:
      - { name: alice, ${keyOf("alice")} }
      - { name: bob, expires: ${bobsLastDay}, ${keyOf("bob")} }
      - { name: carol, ${keyOf("carol")} }
  - name: Beta GmbH
    internalName: beta
    sites: [www.beta.example]
    shellAccount: true
    users:
      - { name: dora, ${keyOf("dora")} }
`;

onEveryEngine("a quarter", (engine) => {
  let scenario: Scenario;
  let clock: RunningClock;
  let day: number;
  const afterTest = cleaningUp();

  beforeEach(async () => {
    // Passwords are set half a day before, so that their age is never just below a number of days.
    clock = new RunningClock(60, -DAY / 2);
    day = 0;
    scenario = await Scenario.open(engine(), {
      program,
      aegir: { clock, user: "root", owner: "o1", accountsUser: "root" },
    });
    const file = join(scenario.directory, "access.yaml");
    writeFileSync(file, manifest(utcDay(new Date(Date.now() + 79 * DAY * 1000))));
    await scenario.configure({ "aegir-access:manifest": file });
    scenario.aegir.addSites(["acme", "beta"].map((client) => ({ site: `www.${client}.example` })));
    for (const name of Object.keys(keys)) scenario.aegir.panel.addUser({ name });
    await scenario.up();
  });
  afterEach(() => scenario.close());

  /** Lets the server and this machine live on that day, at whatever hour it is now. */
  function at(next: number) {
    clock.skip((next - day) * DAY);
    day = next;
    const shifted = join(__dirname, "..", "support", "shiftedClock.cjs");
    return {
      env: { NODE_OPTIONS: `--require ${shifted}`, CLOCK_AHEAD: `${next * DAY * 1000}`, AEGIR_LOG: "debug" },
    };
  }
  const night = (next: number) => scenario.stack.up({ ...at(next), refresh: true, continueOnError: true });
  const changed = ({ steps }: Outcome) =>
    steps.flatMap(({ op, name }) => (["same", "read", "refresh"].includes(op) ? [] : [`${op} ${name}`]));
  const password = (login: string) => scenario.aegir.tables().passwordFiles[login]!.trim();
  // Who comes with a password that has ended is let in, and refused everything but a change of it.
  const isIn = (sites: Promise<string[] | undefined>) => sites.then((seen) => seen !== undefined).catch(() => false);
  const letsIn = (login: string, ...people: Person[]) =>
    Promise.all(people.map((person) => isIn(scenario.sitesByKey(login, keys[person]))));
  const works = (login: string, stored = password(login)) => isIn(scenario.sitesOf(login, stored));

  it("a quarter: a key ends with its contract and a password of 80 days is rotated in one night, and two keys go on", async function () {
    // Four deployments, which take the real CLI 20 seconds.
    this.timeout(0);
    const { seen, stop } = watchCommandLines();
    afterTest(stop);
    const [acme, beta] = [password("o1.acme"), password("o1.beta")];
    const secrets = scenario.aegir.secrets();

    at(80);
    assert.deepEqual(await letsIn("o1.acme", "alice", "bob", "carol"), [true, true, true]);
    const rotation = expectOk(await night(80));
    assert.match(
      rotation.diagnostics,
      /account:o1\.acme: its password is 80 days old and will be rotated: BOA deletes/,
    );
    assert.match(
      rotation.diagnostics,
      /account:o1\.beta: its password works until \d{4}-\d\d-\d\d \((9|10) days left\)/,
    );
    assert.ok(rotation.diagnostics.includes(`no longer lets in the key ssh-ed25519 ${keys.bob.fingerprint}`));
    assert.deepEqual(changed(rotation).sort(), ["delete binding:acme:bob", "update account:acme"]);
    const rotated = password("o1.acme");
    assert.notEqual(rotated, acme);
    assert.equal((rotation.outputs["logins"] as Record<string, { password: string }>)["acme"]!.password, rotated);
    assert.deepEqual([await works("o1.acme", acme), await works("o1.acme")], [false, true]);
    assert.deepEqual(await letsIn("o1.acme", "alice", "bob", "carol"), [true, false, true]);
    assert.deepEqual(changed(expectOk(await scenario.stack.up(at(81)))), []);

    const ended = expectOk(await night(91));
    assert.deepEqual(changed(ended), []);
    assert.match(ended.diagnostics, /account:o1\.beta: its password ended on /);
    assert.deepEqual([await works("o1.acme"), await works("o1.beta")], [true, false]);
    assert.deepEqual(await letsIn("o1.acme", "alice", "bob", "carol"), [true, false, true]);
    assert.deepEqual(await letsIn("o1.beta", "dora"), [false], "her key ends with the password that nothing rotates");
    assert.deepEqual([password("o1.acme"), password("o1.beta")], [rotated, beta]);
    const refreshed = expectOk(await scenario.stack.refresh(at(91)));
    assert.match(refreshed.diagnostics, /account:o1\.beta: its password ended on /, "a refresh warns of it as well");

    secrets.push(...scenario.aegir.secrets());
    assert.deepEqual(scenario.exposed(secrets), []);
    assert.ok([...seen].some((line) => line.includes("dynamic-provider")));
    assert.deepEqual(foundIn([...seen], secrets), []);
  });
});
