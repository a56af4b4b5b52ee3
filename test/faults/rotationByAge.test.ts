/**
 * Row 53 of the fault matrix: the provider process is killed at every write of a rotation that follows the age of a password,
 * in an update that also takes a key away and adds one. Who gets in is seen by logging in.
 */
import assert from "node:assert/strict";
import { RunningClock } from "../aegir/Clock";
import type { Requested } from "../aegir/SmallAegir";
import { ProviderProcess } from "../dynamic/ProviderProcess";
import { client, login, owned } from "../scenarios/Scenario";
import { newKey } from "../support/keys";
import { sitesOfLogin } from "../support/PlainClient";
import { FaultRun, SITE } from "./FaultRun";

const DAY = 86_400;
/** Of the password, in days, when the rotation is declared. */
const AGE = 81.5;
const [anna, ben, eve] = [newKey(), newKey(), newKey()];

const declared = (everyDays: number, ...keys: { public: string }[]) => [
  client("nova", "Nova Ltd"),
  owned(SITE, "nova"),
  login("nova", SITE, { rotation: { everyDays }, authorizedKeys: keys.map((key) => key.public) }),
];

/** In the order in which the update makes them. */
const WRITES: { what: string; verb: Requested; nth?: number }[] = [
  { what: "a key is taken away", verb: "authorizedKeys" },
  { what: "the password file is deleted", verb: "unlink" },
  { what: "the keys are put back", verb: "authorizedKeys", nth: 2 },
];

describe("killed in a rotation by age", () => {
  let t: FaultRun;

  beforeEach(async () => {
    const clock = new RunningClock(1000, -AGE * DAY);
    t = await FaultRun.open({ aegir: { user: "root", owner: "o1", accountsUser: "root", clock } });
    t.rows = [53];
    await t.expectUp(declared(85, anna, ben));
    clock.skip(AGE * DAY);
    t.stack.declared = declared(80, anna, eve);
  });
  afterEach(() => t.close());

  const letsIn = async ({ private: privateKey }: { private: string }) => {
    const { host, port, hostKey } = t.aegir.drush;
    return (await sitesOfLogin({ host, port, hostKey, user: "o1.nova", privateKey })) !== undefined;
  };

  for (const { what, verb, nth = 1 } of WRITES) {
    for (const moment of ["begun", "committed"] as const) {
      for (const refresh of [false, true]) {
        const when = `${moment === "begun" ? "before it" : "after it"}${refresh ? ", with a refresh" : ""}`;
        it(`row 53: ${when}, when ${what}: the password is rotated once, and the declared keys let in`, async () => {
          const old = t.password();
          const hold = t.aegir.faults.holdRequest(verb, moment, { nth });
          let provider: ProviderProcess | undefined;
          t.provider = async (servers) => (provider = await ProviderProcess.withServers(servers));
          const running = t.up();
          await Promise.race([hold.reached, running.then((run) => assert.fail(JSON.stringify(run)))]);
          await provider!.kill();
          await running;
          await t.check(undefined, { refresh });
          assert.notEqual(t.password(), old);
          assert.equal(t.aegir.counts.unlinks, 1);
          assert.deepEqual([await letsIn(anna), await letsIn(ben), await letsIn(eve)], [true, false, true]);
        });
      }
    }
  }
});
