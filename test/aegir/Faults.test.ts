import assert from "node:assert/strict";
import { AegirFixture } from "./AegirFixture";
import type { RequestFault } from "./Faults";

describe("the small Aegir's faults", () => {
  const fixture = new AegirFixture();
  const create = (internalName: string) => ({ internalName, name: internalName, user: null });
  const exists = (name: string) => fixture.aegir.tables().clients.some(({ internalName }) => internalName === name);

  /** Fault, whether the write is done, which answer comes. */
  const cases: [RequestFault, boolean, string | null][] = [
    ["cutBefore", false, null],
    ["cutAfter", true, null],
    ["halfAnswer", true, null],
    ["killBefore", false, null],
    ["killInside", false, null],
    ["killAfter", true, null],
    ["closeAfter", true, null],
    ["deadlock", false, "deadlock"],
    ["diskFull", false, "internal"],
    ["fatal", false, "internal"],
  ];
  for (const [fault, done, answer] of cases) {
    it(`${fault} at the second write: ${done ? "done" : "not done"}, ${answer ?? "no answer"}`, async () => {
      const worker = await fixture.worker();
      fixture.aegir.faults.onRequest("write", fault, 2);
      await worker.ok("createClient", create("first"));
      await worker.ok("inventory", {});
      const second = worker.send("createClient", create("second"));
      const answered = await worker.answer(second);
      assert.equal(answered === undefined || answered.ok ? null : answered.error.code, answer);
      assert.deepEqual([exists("first"), exists("second")], [true, done]);
      assert.equal(fixture.aegir.counts.writes, done ? 2 : 1);
      // It happens once.
      await (await fixture.worker()).ok("createClient", create("third"));
    });
  }

  it("cuts in the middle of a frame, so that half an answer arrives", async () => {
    const worker = await fixture.worker();
    fixture.aegir.faults.onRequest("inventory", "halfAnswer");
    worker.send("inventory", {});
    const { noise, exitCode } = await worker.ended;
    assert.equal(exitCode, null);
    const [, length, json] = /\n[0-9a-f]{32} (\d+) (\{"id":2.*)$/s.exec(noise) ?? [];
    assert.ok(json !== undefined && Buffer.byteLength(json) < Number(length), noise);
  });

  it("carries out nothing that was written after the request at which the process or connection broke", async () => {
    const worker = await fixture.worker();
    fixture.aegir.faults.onRequest("write", "killAfter");
    for (const name of ["one", "two", "three"]) worker.send("createClient", create(name));
    await worker.ended;
    assert.equal(worker.answers.length, 1, "to hello alone");
    assert.deepEqual(["one", "two", "three"].map(exists), [true, false, false]);
  });

  it("answers writes with the holder of the database lock, and reads as ever", async () => {
    const worker = await fixture.worker();
    fixture.aegir.faults.holdDatabaseLock(42, "runner.example.com");
    fixture.clock.advance(7);
    const { code, detail } = await worker.failure("createClient", create("first"));
    assert.deepEqual([code, detail], ["locked", { connection: 42, host: "runner.example.com", seconds: 7 }]);
    assert.equal(exists("first"), false);
    await worker.ok("inventory", {});
    fixture.aegir.faults.releaseDatabaseLock();
    await worker.ok("createClient", create("first"));
  });

  it("prints noise around frames, on the first line and just before one", async () => {
    fixture.aegir.faults.noise = true;
    const worker = await fixture.worker();
    await worker.ok("inventory", {});
    const { noise } = await worker.end();
    assert.match(noise, /^Welcome.*\$revision$/s);
  });

  it("has done what was asked while it holds an answer back", async () => {
    const worker = await fixture.worker();
    fixture.aegir.faults.answerDelay = 60_000;
    worker.send("createClient", create("first"));
    while (!exists("first")) await new Promise((resolve) => setImmediate(resolve));
    fixture.aegir.breakConnections();
    await worker.ended;
    assert.deepEqual([worker.answers.length, exists("first")], [1, true]);
  });

  it("breaks every connection at once, and takes new ones", async () => {
    const worker = await fixture.worker();
    fixture.aegir.breakConnections();
    assert.equal((await worker.ended).exitCode, null);
    await fixture.worker();
  });
});
