/**
 * Rows 31 and 33 of the fault matrix for the keys of people: the provider process is killed at every write of an update that
 * takes a key away, rotates the password and adds a key. Who gets in is seen by logging in.
 */
import assert from "node:assert/strict";
import type { Requested } from "../aegir/SmallAegir";
import { ProviderProcess } from "../dynamic/ProviderProcess";
import { bound, client, login, owned } from "../scenarios/Scenario";
import { newKey } from "../support/keys";
import { sitesOfLogin } from "../support/PlainClient";
import { eachFaultRun, SITE } from "./FaultRun";

const [anna, ben, eve] = [newKey(), newKey(), newKey()];

const declared = (rotation: string, ...keys: { public: string }[]) => [
  client("nova", "Nova Ltd"),
  bound("nova", "alice"),
  owned(SITE, "nova"),
  login("nova", SITE, { rotation, authorizedKeys: keys.map((key) => key.public) }),
];

/** In the order in which the update makes them. */
const WRITES: { what: string; verb: Requested; nth?: number }[] = [
  { what: "a key is taken away", verb: "authorizedKeys" },
  { what: "the password is rotated, which loses all keys", verb: "unlink" },
  { what: "the keys are put back", verb: "authorizedKeys", nth: 2 },
];

describe("killed at the keys of a login", () => {
  const faultRun = eachFaultRun({ aegir: { user: "root", owner: "o1", accountsUser: "root" } });

  const letsIn = async ({ private: privateKey }: { private: string }) => {
    const { host, port, hostKey } = faultRun().aegir.drush;
    return (await sitesOfLogin({ host, port, hostKey, user: "o1.nova", privateKey })) !== undefined;
  };

  for (const { what, verb, nth = 1 } of WRITES) {
    for (const moment of ["begun", "committed"] as const) {
      for (const memory of ["recorded", "with its state lost"] as const) {
        const when = moment === "begun" ? "before it" : "after it";
        it(`row 31: ${when}, ${memory}, when ${what}: who was to go is out, and who was to stay is in`, async () => {
          const t = faultRun();
          await t.expectUp(declared("1", anna, ben));
          t.stack.declared = declared("2", anna, eve);
          const hold = t.aegir.faults.holdRequest(verb, moment, { nth });
          let provider: ProviderProcess | undefined;
          t.provider = async (servers) => (provider = await ProviderProcess.withServers(servers));
          const running = t.up();
          await Promise.race([hold.reached, running.then((run) => assert.fail(JSON.stringify(run)))]);
          await provider!.kill();
          await running;
          if (verb !== "authorizedKeys" || nth > 1 || moment === "committed") {
            assert.equal(await letsIn(ben), false, "it was taken away first");
          }
          if (memory === "with its state lost") t.stack.state.clear();
          await t.check();
          assert.deepEqual([await letsIn(anna), await letsIn(ben), await letsIn(eve)], [true, false, true]);
          assert.equal(t.aegir.tables().authorizedKeys["o1.nova"]?.split("\n").length, 3, "each key once");
        });
      }
    }
  }

  it("row 33: a key that goes with its login's resource is out after a kill, and no private key is recorded", async () => {
    const t = faultRun();
    await t.expectUp(declared("1", anna, ben));
    t.stack.declared = declared("1", anna).slice(0, 3);
    const hold = t.aegir.faults.holdRequest("authorizedKeys", "begun");
    let provider: ProviderProcess | undefined;
    t.provider = async (servers) => (provider = await ProviderProcess.withServers(servers));
    const running = t.up();
    await hold.reached;
    await provider!.kill();
    await running;
    await t.check();
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [false, false]);
    const kept = JSON.stringify([...t.stack.state.values()]) + t.printed.join("\n");
    for (const key of [anna, ben]) assert.ok(!kept.includes(key.private.split("\n")[2]!));
  });
});
