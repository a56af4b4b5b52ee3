/** Rows 30 and 32 of the fault matrix: being stopped by a person, and half-written files. Being killed is in kills.test.ts. */
import assert from "node:assert/strict";
import * as phpParser from "php-parser";
import { Sftp } from "../../provider/ssh/Sftp";
import { SshConnection } from "../../provider/ssh/SshConnection";
import { workerSource } from "../../provider/worker/source";
import { ProviderProcess } from "../dynamic/ProviderProcess";
import { access, eachFaultRun } from "./FaultRun";

describe("interrupted", () => {
  const faultRun = eachFaultRun();

  for (const [times, how] of [
    [1, "once"],
    [2, "twice"],
  ] as const) {
    it(`row 30: ${how} in the middle of a write, it ends at once, leaves no lock, and the next run completes it`, async () => {
      const t = faultRun();
      let provider: ProviderProcess | undefined;
      t.provider = async (servers) => (provider = await ProviderProcess.withServers(servers));
      const hold = t.aegir.faults.holdRequest("setOwner", "begun");
      const running = t.up();
      await hold.reached;
      await provider!.kill("SIGINT", times);
      assert.equal((await running).ok, false);
      t.printed.push(...provider!.stdout, ...provider!.stderr);
      await t.check();
    });
  }

  it("row 32 cannot occur: no file is written, neither over SFTP nor by the worker", async () => {
    const methods = Object.getOwnPropertyNames(Sftp.prototype).filter((name) => name !== "constructor");
    assert.deepEqual(
      methods.filter((name) => !["list", "stat", "read", "unlink", "realpath"].includes(name)),
      [],
    );
    const connection = Object.getOwnPropertyNames(SshConnection.prototype);
    assert.deepEqual(
      connection.filter((name) => /write|put|upload|copy/i.test(name)),
      [],
    );
    const writing =
      /^(file_put_contents|fopen|fwrite|fputs|ftruncate|touch|mkdir|rmdir|rename|unlink|copy|tempnam|tmpfile|symlink|link|chmod|chown|chgrp|exec|shell_exec|system|passthru|popen|proc_open|file_save_data|file_unmanaged_\w+)$/;
    const { calls, opened } = calledFunctions(workerSource());
    assert.ok(calls.includes("db_query"), "the calls were found");
    assert.deepEqual(
      calls.filter((name) => writing.test(name) && name !== "fopen" && name !== "fwrite"),
      [],
    );
    // Standard streams alone.
    assert.deepEqual(
      opened.filter((target) => !target.startsWith("php://std")),
      [],
    );

    // And so it is when everything is made, rotated and removed.
    const t = faultRun();
    await t.expectUp();
    const before = Object.keys(t.aegir.tables().passwordFiles);
    t.stack.declared = access({ rotation: "2" });
    await t.check();
    assert.deepEqual(Object.keys(t.aegir.tables().passwordFiles), before);
  });
});

/** The functions that a PHP source calls by name, and the first arguments of its fopen. */
function calledFunctions(source: string): { calls: string[]; opened: string[] } {
  const calls: string[] = [];
  const opened: string[] = [];
  const parser = new phpParser.Engine({ parser: { extractDoc: false }, ast: { withPositions: false } });
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const {
      kind,
      what,
      arguments: given,
    } = node as { kind?: string; what?: { name?: unknown }; arguments?: unknown[] };
    if (kind === "call" && typeof what?.name === "string") {
      calls.push(what.name);
      const first = given?.[0] as { value?: unknown } | undefined;
      if (what.name === "fopen") opened.push(String(first?.value));
    }
    Object.values(node).forEach(walk);
  };
  walk(parser.parseEval(source));
  return { calls, opened };
}
