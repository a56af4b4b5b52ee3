import assert from "node:assert/strict";
import type { RequestFault } from "./Faults";
import { PlainWorker } from "./PlainClient";
import { Stage } from "./Stage";

describe("the small Aegir's faults", () => {
  const stage = new Stage();
  const create = (internalName: string) => ({ internalName, name: internalName, user: null });
  const exists = (name: string) => stage.aegir.tables().clients.some(({ internalName }) => internalName === name);

  /** Fault, whether the write is done, whether an answer comes, how the process ends (null: with its connection). */
  const cases: [RequestFault, boolean, string | null, string | null][] = [
    ["cutBefore", false, null, null],
    ["cutAfter", true, null, null],
    ["halfAnswer", true, null, null],
    ["killBefore", false, null, "SIGKILL"],
    ["killAfter", true, null, "SIGKILL"],
    ["deadlock", false, "deadlock", null],
    ["fatal", false, "internal", "0"],
  ];
  for (const [fault, done, answer, end] of cases) {
    it(`${fault} at the second write: ${done ? "done" : "not done"}, ${answer ?? "no answer"}`, async () => {
      const worker = await stage.worker();
      stage.aegir.faults.onRequest("write", fault, 2);
      await worker.ask("createClient", create("first"));
      await worker.ask("inventory", {});
      const second = worker.request("createClient", create("second"));
      if (answer === null) await assert.rejects(second, /ended without an answer/);
      else assert.equal((await second).error?.code, answer);
      assert.deepEqual([exists("first"), exists("second")], [true, done]);
      assert.equal(stage.aegir.counts.writes, done ? 2 : 1);
      if (end !== null) {
        const { code, signal } = await worker.ended;
        assert.equal(signal ?? String(code), end);
      }
      // It happens once.
      assert.equal((await (await stage.worker()).request("createClient", create("third"))).ok, true);
    });
  }

  it("cuts in the middle of a frame, so that half an answer arrives", async () => {
    const worker = await stage.worker();
    stage.aegir.faults.onRequest("inventory", "halfAnswer");
    await assert.rejects(worker.request("inventory", {}), /ended without an answer/);
    const { stdout, code } = await worker.ended;
    assert.equal(code, null);
    const [, length, json] = /\n[0-9a-f]{32} (\d+) (\{"id":2.*)$/s.exec(stdout) ?? [];
    assert.ok(json !== undefined && Buffer.byteLength(json) < Number(length), stdout);
  });

  it("carries out nothing that was written after the request at which the process or connection broke", async () => {
    const worker = await stage.worker();
    stage.aegir.faults.onRequest("write", "killAfter");
    const requests = ["one", "two", "three"].map((name) => worker.request("createClient", create(name)));
    const outcomes = await Promise.allSettled(requests);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["rejected", "rejected", "rejected"],
    );
    assert.deepEqual(["one", "two", "three"].map(exists), [true, false, false]);
  });

  it("answers writes with the holder of the database lock, and reads as ever", async () => {
    const worker = await stage.worker();
    stage.aegir.faults.holdDatabaseLock(42, "runner.example.com");
    stage.clock.advance(7);
    const { error } = await worker.request("createClient", create("first"));
    assert.deepEqual(
      [error?.code, error?.detail],
      ["locked", { connection: 42, host: "runner.example.com", seconds: 7 }],
    );
    assert.equal(exists("first"), false);
    assert.equal((await worker.request("inventory", {})).ok, true);
    stage.aegir.faults.releaseDatabaseLock();
    assert.equal((await worker.request("createClient", create("first"))).ok, true);
  });

  it("prints noise around frames, on the first line and just before one", async () => {
    stage.aegir.faults.noise = true;
    const worker = await stage.worker();
    assert.equal((await worker.request("inventory", {})).ok, true);
    worker.channel.end();
    const { stdout } = await worker.ended;
    assert.match(stdout, /^Welcome/);
    assert.match(stdout, /\$revision\n[0-9a-f]{32} \d+ \{"id":2/);
  });

  it("has done what was asked while it holds an answer back", async () => {
    const worker = await stage.worker();
    stage.aegir.faults.answerDelay = 60_000;
    const pending = worker.request("createClient", create("first"));
    while (!exists("first")) await new Promise((resolve) => setImmediate(resolve));
    stage.aegir.breakConnections();
    await assert.rejects(pending, /ended without an answer/);
    assert.equal(exists("first"), true);
  });

  it("breaks every connection at once, and takes new ones", async () => {
    const worker = await stage.worker();
    const pending = worker.ended;
    stage.aegir.breakConnections();
    assert.equal((await pending).code, null);
    const again = await PlainWorker.start(stage.aegir.drush);
    again.close();
  });
});
