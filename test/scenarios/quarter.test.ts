/** A quarter with a driven clock: passwords come of age, the nightly deployment rotates them, and logins never end. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunningClock } from "../aegir/Clock";
import type { Outcome } from "../engine/Engine";
import { onEveryEngine } from "./everyEngine";
import { expectOk, Scenario } from "./Scenario";

const program = join(__dirname, "..", "..");
const DAY = 86_400;

const manifest = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example]
    shellAccount: { rotation: { everyDays: 80 } }
  - name: Beta GmbH
    internalName: beta
    sites: [www.beta.example]
    shellAccount: true
`;

onEveryEngine("a quarter", (engine) => {
  let scenario: Scenario;
  let clock: RunningClock;
  let day: number;

  beforeEach(async () => {
    // Passwords are set half a day before, so that their age is never just below a number of days.
    clock = new RunningClock(60, -DAY / 2);
    day = 0;
    scenario = await Scenario.open(engine(), { program, aegir: { clock } });
    const file = join(scenario.directory, "access.yaml");
    writeFileSync(file, manifest);
    await scenario.configure({ "aegir-access:manifest": file });
    scenario.aegir.addSites(["acme", "beta"].map((client) => ({ site: `www.${client}.example` })));
    await scenario.up();
  });
  afterEach(() => scenario.close());

  /** Lets the server and this machine live on that day, at whatever hour it is now. */
  function at(next: number) {
    clock.skip((next - day) * DAY);
    day = next;
    const shifted = join(__dirname, "..", "support", "shiftedClock.cjs");
    return { env: { NODE_OPTIONS: `--require ${shifted}`, CLOCK_AHEAD: `${next * DAY * 1000}` } };
  }
  const night = (next: number) => scenario.stack.up({ ...at(next), refresh: true, continueOnError: true });
  const changed = ({ steps }: Outcome) =>
    steps.flatMap(({ op, name }) => (["same", "read", "refresh"].includes(op) ? [] : [`${op} ${name}`]));
  const password = (login: string) => scenario.aegir.tables().passwordFiles[login]!.trim();
  const works = async (login: string, stored = password(login)) =>
    scenario.sitesOf(login, stored).then(
      (sites) => sites !== undefined,
      // It is let in, and refused everything but a change of its password.
      () => false,
    );

  it("rotates a password that is 80 days old, once, and warns of the one that nothing rotates", async function () {
    // Six deployments and a preview, which take the real CLI minutes.
    this.timeout(0);
    const [acme, beta] = [password("o1.acme"), password("o1.beta")];

    const warned = expectOk(await night(78));
    assert.deepEqual(changed(warned), []);
    assert.match(warned.diagnostics, /account:o1\.beta: its password works until \d{4}-\d\d-\d\d \(1[12] days left\)/);
    assert.doesNotMatch(warned.diagnostics, /account:o1\.acme/);

    const preview = expectOk(await scenario.stack.preview(at(80)));
    assert.match(preview.diagnostics, /account:o1\.acme: its password is 80 days old and will be rotated: BOA deletes/);
    assert.equal(password("o1.acme"), acme);
    assert.deepEqual(changed(expectOk(await night(80))), ["update account:acme"]);
    const rotated = password("o1.acme");
    assert.notEqual(rotated, acme);
    assert.equal(await works("o1.acme", acme), false, "the old password is refused");
    const quiet = expectOk(await night(81));
    assert.deepEqual(changed(quiet), []);
    assert.equal((quiet.outputs["logins"] as Record<string, { password: string }>)["acme"]!.password, rotated);

    assert.deepEqual([await works("o1.acme"), await works("o1.beta")], [true, true]);
    const ended = expectOk(await night(91));
    assert.deepEqual([await works("o1.acme"), await works("o1.beta")], [true, false], "that of beta has ended");
    assert.match(ended.diagnostics, /account:o1\.beta: its password ended on /);
    assert.deepEqual([password("o1.acme"), password("o1.beta")], [rotated, beta]);
  });
});
