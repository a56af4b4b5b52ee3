/** Rows 51 and 52 of the fault matrix: leaks and displays. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import { ProviderProcess } from "../dynamic/ProviderProcess";
import { client } from "../scenarios/Scenario";
import { frame, newKey, NOW, ScriptedServer, workerInput } from "../ssh/ScriptedServer";
import { commandLines } from "../support/commandLines";
import { until } from "../support/until";
import { access, eachFaultRun, SITE } from "./FaultRun";
import { ACTING, inert } from "./hostileText";

describe("leaks and displays", () => {
  const faultRun = eachFaultRun();

  it("row 51: no secret is in an output, an error, the state, a server's log or a command line, whatever goes wrong", async () => {
    const t = faultRun();
    const canaries = { passphrase: "canary-of-a-passphrase", password: "canary-of-a-password" };
    const { privateKey } = t.aegir.drush;
    const encrypted = newKey(canaries.passphrase);
    const processes: ProviderProcess[] = [];
    const seen: string[] = [];
    t.provider = async (servers) => {
      // Loud, and with one more credential in the environment, where it is allowed to be.
      const environment = {
        DEBUG: "*",
        AEGIR_MAIN_ACCOUNTS_PASSWORD: t.aegir.accounts.password,
      };
      const provider = await ProviderProcess.withServers(servers, environment);
      processes.push(provider);
      return provider;
    };
    const wrong = { privateKey: encrypted.private, privateKeyPassword: `${canaries.passphrase}!` };
    for (const connection of [wrong, { privateKey: undefined, password: canaries.password }]) {
      t.servers = t.configuration(connection);
      assert.equal((await t.up({ continueOnError: true })).ok, false);
    }
    t.servers = t.configuration();
    const hold = t.aegir.faults.holdRequest("bind", "begun");
    const running = t.up();
    await hold.reached;
    seen.push(...commandLines());
    hold.release();
    assert.equal((await running).ok, true);
    t.stack.declared = access({ rotation: "2" });
    assert.equal((await t.up()).ok, true);
    for (const { stdout, stderr } of processes) t.printed.push(...stdout, ...stderr);
    const secrets = [...Object.values(canaries), encrypted.private.split("\n")[2]!, privateKey.split("\n")[2]!];
    for (const text of [...t.printed, ...seen]) {
      for (const secret of secrets) assert.ok(!text.includes(secret), `a secret is in: ${text.slice(0, 200)}`);
    }
    assert.ok(
      seen.some((line) => line.includes("dynamic-provider")),
      "the process was among those looked at",
    );
    await t.check();
  });

  it("row 51: no password is in what the provider process keeps of its environment or its command line", async () => {
    const t = faultRun();
    const provider = await ProviderProcess.withServers(t.configuration());
    try {
      await provider.create("AegirClient", { name: "Luna Ltd", internalName: "luna", server: "main" });
      for (const file of ["cmdline", "environ"]) {
        const text = readFileSync(`/proc/${provider.pid}/${file}`, "latin1");
        for (const { password, privateKey } of [t.aegir.drush, t.aegir.accounts]) {
          assert.ok(!text.includes(password) && !text.includes(privateKey.split("\n")[2]!), file);
        }
      }
    } finally {
      await provider.end();
    }
  });

  it("row 52: what a server calls its things is shown escaped", async () => {
    const t = faultRun();
    t.aegir.panel.addClient({ name: `Nova ${ACTING}`.slice(0, 100), internalName: "nova" });
    t.stack.declared = [client("nova", "Nova Ltd")];
    const run = await t.up();
    assert.match(run.failures[0]!.message, /the server has "Nova \\x1b\[2J\\x1b\]52;c;Zm9v\\x07/);
    run.failures.forEach(({ message }) => inert(message));
    t.stack.declared = [client("nova", "Nova Ltd", { onExisting: "adopt" })];
    await t.check(run);
    t.printed.filter((line) => !line.startsWith("renameClient")).forEach((line) => inert(line));
  });

  for (const [what, answer, message] of [
    [
      "an error of the worker",
      (id: number, marker: string) =>
        frame(marker, { id, now: NOW, ok: false, error: { code: "internal", message: ACTING, fatal: true } }),
      /\\x1b\[2J\\x1b\]52;c;Zm9v\\x07/,
    ],
    ["what it prints before it dies", () => Buffer.from(ACTING), /printing: ".*\\x1b\[2J\\x1b\]52;c;Zm9v\\x07/],
  ] as const) {
    it(`row 52: ${what} is shown escaped, on one line`, async () => {
      const t = faultRun();
      const server = await ScriptedServer.start({
        onExec: (channel, command) => {
          const end = () => (channel.exit(1), channel.end());
          // What is asked about a worker that did not come up has no answer here.
          if (!command.endsWith(WORKER_ARGUMENTS)) return void end();
          workerInput(channel, ({ id }, marker) => {
            channel.write(answer(id, marker));
            end();
          });
        },
      });
      try {
        t.servers = t.drushAt(server.args());
        const run = await t.up();
        assert.match(run.failures[0]!.message, message);
        run.failures.forEach(({ message }) => inert(message));
        await t.check(run);
      } finally {
        await server.stop();
      }
    });
  }

  it("row 52: the log of a verify that failed is shown escaped", async () => {
    const t = faultRun();
    t.aegir.faults.nextVerify(SITE, "failure");
    const running = t.up();
    await until(() => t.aegir.tables().tasks.some(({ site, status }) => site === SITE && status === 2));
    const run = await running;
    assert.match(run.failures[0]!.message, /its verify \(task \d+\) failed: /);
    run.failures.forEach(({ message }) => inert(message));
    await t.check(run);
  });
});
