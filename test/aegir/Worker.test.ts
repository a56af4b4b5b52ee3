/** What the conformance suite cannot arrange on any server; the verbs themselves are held to that suite. */
import assert from "node:assert/strict";
import { AegirFixture } from "./AegirFixture";
import { fullSeed } from "./seed";

describe("the small Aegir's worker", () => {
  const fixture = new AegirFixture({ seed: fullSeed });

  /** The code and the detail of a refused new client, after checking that nothing was written. */
  async function refusal(change: { name?: string; user?: object }) {
    const worker = await fixture.worker();
    const before = fixture.aegir.digest();
    const { code, detail } = await worker.failure("createClient", {
      ...{ internalName: "fresh", name: "Fresh", user: null },
      ...change,
    });
    assert.deepEqual([fixture.aegir.digest(), fixture.aegir.counts.writes], [before, 0]);
    return { code, detail };
  }

  it("makes no client whose user could be several", async () => {
    const user = { name: "fresh", mail: "team@example.com", welcomeMail: true };
    assert.deepEqual(await refusal({ user }), { code: "refused", detail: { users: ["left", "right"] } });
  });

  it("refuses a name that the column cannot hold", async () => {
    for (const name of ["x".repeat(256), "\u{1f600}"]) assert.equal((await refusal({ name })).code, "refused");
  });

  it("finds several users by one mail, whatever the case", async () => {
    const { users } = await (await fixture.worker()).ok("user", { mail: "TEAM@example.com" });
    assert.deepEqual(
      users.map(({ name }) => name),
      ["left", "right"],
    );
  });
});
