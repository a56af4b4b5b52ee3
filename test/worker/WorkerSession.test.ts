import assert from "node:assert/strict";
import type { ServerChannel } from "ssh2";
import { SshError } from "../../provider/ssh/SshError";
import { SessionBroken } from "../../provider/worker/SessionBroken";
import { WorkerRefusal } from "../../provider/worker/WorkerRefusal";
import type { WorkerStart } from "../../provider/worker/WorkerSession";
import { WorkerSession } from "../../provider/worker/WorkerSession";
import type { Script } from "../ssh/ScriptedServer";
import { frame, NOW, ScriptedServer, worker, workerInput } from "../ssh/ScriptedServer";

const START: WorkerStart = { command: "drush @hostmaster php-eval", source: 'print "ünï";', protocol: 1 };
const DEADLINE = 20;

describe("WorkerSession", () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const action of cleanUp.splice(0).reverse()) await action();
  });
  const serve = async (onExec: Script["onExec"], script: Script = {}) => {
    const server = await ScriptedServer.start({ onExec, ...script });
    const connection = server.connection({}, { keepaliveSeconds: 0.2 });
    cleanUp.push(
      () => server.stop(),
      () => connection.end(),
    );
    return { server, connection };
  };
  const start = async (onExec: Script["onExec"], script?: Script) => {
    const { server, connection } = await serve(onExec, script);
    return { server, connection, session: await WorkerSession.start(connection, START) };
  };

  it("sends the source as base64, greets, and returns what the worker answered", async () => {
    const seen: unknown[] = [];
    const { server, session } = await start((channel) =>
      workerInput(channel, ({ id, verb, args }, marker, source) => {
        seen.push(source, id, verb, args.protocol, /^[0-9a-f]{32}$/.test(marker));
        channel.write(frame(marker, { id, now: NOW, ok: true, result: { protocol: 1, php: "8.2" } }));
      }),
    );
    assert.deepEqual(seen, [START.source, 1, "hello", 1, true]);
    assert.deepEqual(server.commands, [START.command]);
    assert.deepEqual(session.hello, { now: NOW, result: { protocol: 1, php: "8.2" } });
    assert.equal(session.alive, true);
    assert.equal(session.requests, 0);
    assert.ok(session.age >= 0);
  });

  it("writes requests without waiting for answers, and matches answers that come in another order", async () => {
    const held: (() => void)[] = [];
    const { server, session } = await start(
      worker(({ verb, args }, answer) => {
        held.push(() => answer({ verb, args }));
        if (held.length === 50) held.reverse().forEach((reply) => reply());
      }),
    );
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    const answers = await Promise.all(
      numbers.map((number) => session.request("site", { number, text: "a\nb" }, DEADLINE)),
    );
    assert.deepEqual(
      answers,
      numbers.map((number) => ({ now: NOW, result: { verb: "site", args: { number, text: "a\nb" } } })),
    );
    assert.equal(session.requests, 50);
    assert.equal(server.commands.length, 1);
    assert.equal(server.connections, 1);
  });

  it("reads answers between notices, on standard output and standard error", async () => {
    const { session } = await start((channel) => {
      channel.write("Welcome to web.example.com\n\nPHP Notice: ünï in /x on line 1\n");
      channel.stderr.write("\x1b[31mwarning\x1b[0m\n");
      worker((_, answer) => {
        channel.write("Deprecated: x");
        answer({ fine: true });
        channel.write("more");
      })(channel);
    });
    assert.deepEqual((await session.request("site", {}, DEADLINE)).result, { fine: true });
  });

  it("rejects with the worker's own error, and goes on", async () => {
    const { session } = await start((channel) =>
      workerInput(channel, ({ id, verb }, marker) => {
        const error = { code: "changed", message: "owned by\x1b[2J 12", detail: { found: 12 } };
        const answer = verb === "setOwner" ? { ok: false, error } : { ok: true, result: { protocol: 1 } };
        channel.write(frame(marker, { id, now: NOW, ...answer }));
      }),
    );
    const error = await rejection(session.request("setOwner", {}, DEADLINE));
    assert.ok(error instanceof WorkerRefusal && !(error instanceof SshError));
    assert.deepEqual(
      [error.verb, error.code, error.detail, error.fatal, error.now],
      ["setOwner", "changed", { found: 12 }, false, NOW],
    );
    assert.match(
      error.message,
      /^aegir@127.0.0.1:\d+: the worker did not carry out setOwner: owned by\\x1b\[2J 12\. Nothing was changed\. Run/,
    );
    assert.equal(error.stack, error.message);
    assert.ok((await session.request("site", {}, DEADLINE)).result);
  });

  it("is over after a fatal error, and what was asked later was not begun", async () => {
    const { session } = await start((channel) =>
      workerInput(channel, ({ id, verb }, marker) => {
        const error = { code: "internal", message: "server has gone away", fatal: true };
        const answer = verb === "bind" ? { ok: false, error } : { ok: true, result: { protocol: 1 } };
        if (verb !== "site") channel.write(frame(marker, { id, now: NOW, ...answer }));
      }),
    );
    const [bind, site] = [session.request("bind", {}, DEADLINE), session.request("site", {}, DEADLINE)];
    const refusal = await rejection(bind);
    assert.ok(refusal instanceof WorkerRefusal && refusal.fatal);
    assert.equal((await broken(site)).outcome, "notDone");
    assert.equal(session.alive, false);
    assert.equal((await broken(session.request("site", {}, DEADLINE))).outcome, "notSent");
  });

  describe("breaks, with the outcome unknown,", () => {
    const cut: [string, (channel: ServerChannel, marker: string) => void, RegExp][] = [
      ["when the channel closes without an exit code", (channel) => channel.close(), /ended without an exit code/],
      ["when the worker exits", (channel) => (channel.exit(0), channel.end()), /exit code 0/],
      [
        "when a signal kills the worker",
        (channel) => (channel.exit("KILL", false, ""), channel.end()),
        /killed by SIGKILL/,
      ],
      [
        "at half an answer",
        (channel, marker) => {
          channel.write(frame(marker, { id: 2, now: NOW, ok: true, result: {} }).subarray(0, -3));
          channel.exit(0);
          channel.end();
        },
        /after \d+ bytes of an incomplete answer/,
      ],
      ["at an answer that is no JSON", (channel, marker) => channel.write(`\n${marker} 2 {]\n`), /not JSON/],
      ["at an answer of another form", (channel, marker) => channel.write(frame(marker, { id: 2 })), /unknown form/],
      [
        "at an answer to no request",
        (channel, marker) => channel.write(frame(marker, { id: 9, now: NOW, ok: true, result: {} })),
        /an answer to an unknown request \(id 9\)/,
      ],
    ];
    for (const [what, action, message] of cut) {
      it(what, async () => {
        const { session } = await start((channel) => worker((_, _answer, marker) => action(channel, marker))(channel));
        const error = await broken(session.request("createClient", {}, DEADLINE));
        assert.equal(error.outcome, "unknown");
        assert.match(error.message, message);
        assert.match(error.message, /Whether createClient was done is unknown/);
        assert.equal(session.alive, false);
      });
    }

    it("when the connection is lost, for every request without an answer", async () => {
      let asked = 0;
      const { server, session } = await start(worker(() => void (++asked === 3 && server.drop())));
      const requests = [1, 2, 3].map((number) => session.request("bind", { number }, DEADLINE));
      for (const request of requests) assert.equal((await broken(request)).outcome, "unknown");
    });

    it("when the server falls silent", async () => {
      const { server, session } = await start(worker(() => server.freeze()));
      const error = await broken(session.request("bind", {}, DEADLINE));
      assert.match(error.message, /nothing was received for/);
    });

    it("when the worker is too slow, telling the late request from those behind it", async () => {
      const { session } = await start(worker(() => undefined));
      const [late, behind] = [session.request("bind", {}, 0.1), session.request("site", {}, DEADLINE)];
      const error = await broken(late);
      assert.deepEqual([error.code, error.outcome], ["deadlineExceeded", "unknown"]);
      assert.match(error.message, /no answer to bind within 0.1 s/);
      assert.deepEqual([(await broken(behind)).code, (await broken(behind)).outcome], ["sessionBroken", "unknown"]);
    });
  });

  it("counts a deadline from the moment when a request is the oldest without an answer", async () => {
    const { session } = await start(
      worker(({ args }, answer) => void setTimeout(() => answer(null), 250 * Number(args.number))),
    );
    const numbers = [1, 2, 3, 4, 5, 6];
    await Promise.all(numbers.map((number) => session.request("site", { number }, 1)));
  });

  it("row 20: knows which requests were never sent when the channel closes under 8 MB of them", async () => {
    const { session } = await start((channel) => {
      worker(() => undefined)(channel);
      let bytes = 0;
      channel.on("data", (chunk: Buffer) => void ((bytes += chunk.length) > 1_000_000 && channel.close()));
    });
    const first = session.request("bind", { text: "x".repeat(8 << 20) }, DEADLINE);
    const second = session.request("bind", {}, DEADLINE);
    assert.equal((await broken(first)).outcome, "unknown");
    assert.equal((await broken(second)).outcome, "notSent");
  });

  it("shows what the worker printed when it dies, escaped, its first and its last part", async () => {
    const { session } = await start((channel) =>
      worker(() => {
        channel.write(`PHP Fatal error: \x1b[31m ${"x".repeat(100_000)}`);
        channel.stderr.write("::error::Killed\n");
        channel.exit(255);
        channel.end();
      })(channel),
    );
    const error = await broken(session.request("bind", {}, DEADLINE));
    assert.equal(error.exitCode, 255);
    assert.match(error.noise, /PHP Fatal error: \\x1b\[31m x+ \[\.\.\. of \d+ bytes \.\.\.\] x+.*Killed\\n$/);
    assert.doesNotMatch(error.message, /\x1b|\n/);
  });

  it("rejects what is without an answer when it is ended, and ends the worker", async () => {
    let ended = () => {};
    const end = new Promise<void>((resolve) => (ended = resolve));
    const { session } = await start((channel) => {
      worker(() => undefined)(channel);
      channel.on("end", ended);
    });
    const request = session.request("site", {}, DEADLINE);
    session.end();
    assert.equal((await broken(request)).outcome, "unknown");
    assert.equal(session.alive, false);
    await end;
  });

  describe("that cannot be started", () => {
    const says = (text: string, code: number) => (channel: ServerChannel) => {
      channel.stderr.write(text);
      channel.exit(code);
      channel.end();
    };
    const failed: [string, (channel: ServerChannel) => void, string, RegExp, traps?: string][] = [
      [
        "because there is no drush",
        says("drush: not found\n", 127),
        "refusedByServer",
        /exit code 127, printing: "drush: not found\\n"\. Nothing/,
      ],
      [
        "because BOA's wrapper forbids it",
        says("not available", 0),
        "refusedByServer",
        /exit code 0, printing: "not available"\. Nothing/,
        "trap 19",
      ],
      ["because the alias is unknown", says("", 1), "refusedByServer", /exit code 1, printing nothing\. Nothing/],
      [
        "because a signal killed it",
        (channel) => (channel.exit("KILL", false, ""), channel.end()),
        "sessionBroken",
        /SIGKILL/,
      ],
      ["because it closes without an exit code", (channel) => channel.close(), "sessionBroken", /without an exit code/],
    ];
    for (const [what, onExec, code, message, traps] of failed) {
      it(`${what} says so, and that nothing was done${traps ? ` (${traps})` : ""}`, async () => {
        const { connection } = await serve(onExec);
        const error = await rejection(WorkerSession.start(connection, START));
        assert.ok(error instanceof SshError && !(error instanceof SessionBroken), String(error));
        assert.deepEqual([error.code, error.outcome], [code, "notDone"]);
        assert.match(error.message, /no worker started with `drush @hostmaster php-eval`/);
        assert.match(error.message, message);
        assert.match(error.message, /Nothing was done\. (Run|Correct)/);
      });
    }

    for (const [who, printed] of [
      ["lshell", `lshell: forbidden char/command over SSH: "drush"\nThis incident has been reported.\n`],
      ["BOA's lshell", `*** forbidden char/command over SSH: "drush"\nThis incident has been reported.\n`],
      ["sshd", "This service allows sftp connections only.\n"],
      ["nologin", "This account is currently not available.\n"],
    ] as const) {
      it(`because ${who} forbids the command says so, and what can be configured instead (traps 16, 17)`, async () => {
        const { connection } = await serve(says(printed, 1));
        const error = await rejection(WorkerSession.start(connection, START));
        assert.ok(error instanceof SshError && !(error instanceof SessionBroken), String(error));
        assert.deepEqual([error.code, error.outcome], ["commandForbidden", "notDone"]);
        assert.match(error.message, /forbids `drush @hostmaster php-eval`: ".*only as `accounts`/);
      });
    }

    it("because it never greets has a deadline", async () => {
      const { connection } = await serve(() => undefined);
      const error = await rejection(WorkerSession.start(connection, { ...START, startSeconds: 0.1 }));
      assert.ok(error instanceof SshError);
      assert.deepEqual([error.code, error.outcome], ["deadlineExceeded", "notDone"]);
    });

    it("because it speaks another protocol is refused", async () => {
      const { connection } = await serve((channel) =>
        workerInput(channel, ({ id }, marker) => {
          channel.write(frame(marker, { id, now: NOW, ok: true, result: { protocol: 2 } }));
        }),
      );
      const error = await rejection(WorkerSession.start(connection, START));
      assert.match(String(error), /the worker speaks protocol 2, not protocol 1. Nothing was done/);
    });

    it("rejects with the worker's refusal if it answers with one", async () => {
      const { connection } = await serve((channel) =>
        workerInput(channel, ({ id }, marker) => {
          const error = { code: "protocol", message: "protocol 1 is not spoken here" };
          channel.write(frame(marker, { id, now: NOW, ok: false, error }));
        }),
      );
      const error = await rejection(WorkerSession.start(connection, START));
      assert.ok(error instanceof WorkerRefusal);
      assert.equal(error.code, "protocol");
    });
  });
});

function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail("expected a rejection"),
    (error: unknown) => error,
  );
}

async function broken(promise: Promise<unknown>): Promise<SessionBroken> {
  const error = await rejection(promise);
  assert.ok(error instanceof SessionBroken, String(error));
  return error;
}
