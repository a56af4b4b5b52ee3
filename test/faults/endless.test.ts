/**
 * Row 22 at every place: a server that talks without end, measured in the process of the command that its users run. What a
 * server may send is in provider/docs/limits.md.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerChannel, type SFTPWrapper, utils } from "ssh2";
import { stringify } from "yaml";
import type { ServerFacts } from "../../provider/worker/facts";
import { MAXIMUM_ANSWER_BYTES } from "../../provider/worker/frames";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import { aegirAccess, type Ended } from "../cli/command";
import { frame, NOW, type Script, ScriptedServer, workerInput } from "../ssh/ScriptedServer";

const MB = 1024 * 1024;

const admin = { nid: 1, internalName: "admin", name: "admin" };
const facts: ServerFacts = {
  ...{ protocol: 1, php: "8", drush: "8", drupal: "7", hosting: "3", clientsDirectory: "/", clientPrefix: "" },
  ...{ defaultClient: admin, adminClient: admin, defaultClientNid: 1, adminClientNid: 1 },
  ...{ registersUsers: false, sendsWelcomeMail: false, user: "aegir", home: "/var/aegir" },
};

/** Writes for as long as somebody reads. */
function endlessly(stream: NodeJS.WritableStream, text: string): void {
  const piece = Buffer.from(text.repeat(Math.ceil((256 * 1024) / text.length)));
  const more = () => void (stream.writable && stream.write(piece, () => setImmediate(more)));
  more();
}

/** A worker that greets, and answers anything else with what `talk` writes. */
function worker(talk: (channel: ServerChannel, marker: string, id: number) => void) {
  return (channel: ServerChannel) =>
    workerInput(channel, ({ id, verb }, marker) => {
      if (verb === "hello") channel.write(frame(marker, { id, now: NOW, ok: true, result: facts }));
      else talk(channel, marker, id);
    });
}

/** An answer of just under the limit, whose `sites` are one text over and over. */
function bomb(marker: string, id: number, item: string, last = item): Buffer {
  const rest = { clients: [], users: [], platforms: [], orphanBindings: [], damaged: [] };
  const queue = { queued: 0, processing: 0, lastRun: null, obstacles: [], disks: [] };
  const [head, tail] = JSON.stringify({
    ...{ id, now: NOW, ok: true },
    result: { server: facts, ...rest, queue, sites: "SITES" },
  }).split('"SITES"');
  const count = Math.floor((MAXIMUM_ANSWER_BYTES - 4096) / (item.length + (item === last ? 1 : last.length)));
  const items = item === last ? `[${`${item},`.repeat(count)}${item}]` : item.repeat(count) + last.repeat(count);
  const json = Buffer.from(`${head}${items}${tail}`);
  return Buffer.concat([Buffer.from(`\n${marker} ${json.length} `), json, Buffer.from("\n")]);
}

/** A directory whose pages never end; of each name there are as many as fit. */
function endlessDirectory(filename: string, count: number) {
  const attrs = { mode: 0o100600, uid: 0, gid: 0, size: 8, atime: 5, mtime: 7 };
  const page = Array.from({ length: count }, () => ({ filename, longname: "", attrs }));
  return (sftp: SFTPWrapper) => {
    sftp.on("REALPATH", (id) => sftp.name(id, [{ filename: "/", longname: "", attrs }]));
    sftp.on("OPENDIR", (id) => sftp.handle(id, Buffer.from("d")));
    sftp.on("READDIR", (id) => sftp.name(id, page));
    sftp.on("CLOSE", (id) => sftp.status(id, utils.sftp.STATUS_CODE.OK));
  };
}

describe("a server that talks without end", function () {
  this.timeout(300_000);
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), "aegir-endless-"))));
  after(() => rmSync(directory, { recursive: true }));

  /** How the command ends that meets such a server, and the most memory that its process came to need, in bytes. */
  async function meeting(script: Script, command: "dump" | "doctor" = "dump"): Promise<Ended & { peak: number }> {
    const server = await ScriptedServer.start(script);
    try {
      const connection = { ...server.args(), dialErrorLimit: 0, perDialTimeout: 3 };
      const main = command === "dump" ? { connection } : { accounts: { instance: "o1", connection } };
      writeFileSync(join(directory, "servers.yaml"), stringify({ main }));
      const file = join(directory, "peak");
      const environment = { NODE_OPTIONS: `--require ${join(__dirname, "peak.js")}`, PEAK_FILE: file };
      const ended = await aegirAccess([command, "--config", "servers.yaml"], { cwd: directory, environment });
      return { ...ended, peak: Number(readFileSync(file, "utf8")) * 1024 };
    } finally {
      await server.stop();
    }
  }

  let honest: number;
  before("a worker that says at once that it has nothing to say", async () => {
    const refusal = { code: "internal", message: "nothing", detail: {}, fatal: true };
    const script = worker((channel, marker, id) =>
      channel.write(frame(marker, { id, now: NOW, ok: false, error: refusal })),
    );
    const { exitCode, stderr, peak } = await meeting({ onExec: script });
    assert.equal(exitCode, 3);
    assert.match(stderr, /did not carry out inventory: nothing/);
    honest = peak;
  });

  const ssh = "SSH-2.0-";
  const flood = (text: string) => (socket: Socket) => (endlessly(socket, text), true);
  for (const [where, script, said, most] of [
    ["before its greeting, in lines", { onSocket: flood("welcome\r\n") }, /is not an SSH server: "welcome/, 40],
    ["before its greeting, in one line", { onSocket: flood("x") }, /is not an SSH server: "x+/, 40],
    ["in its greeting", { onSocket: flood(ssh) }, /is not an SSH server|key exchange/, 40],
    [
      "on standard output, before its first answer",
      { onExec: (c) => endlessly(c, "x") },
      /without a complete answer/,
      120,
    ],
    ["on standard error", { onExec: (c) => endlessly(c.stderr, "x") }, /without a complete answer/, 120],
    [
      "in the middle of an answer",
      { onExec: worker((c, marker) => (c.write(`\n${marker} ${MAXIMUM_ANSWER_BYTES} {"`), endlessly(c, "x"))) },
      /an answer is not as long as it says/,
      200,
    ],
    [
      "when asked why it starts no worker",
      {
        onExec: (channel, command) => {
          if (!command.endsWith(WORKER_ARGUMENTS)) return endlessly(channel, "x");
          channel.exit(1);
          channel.end();
        },
      },
      /no worker started/,
      60,
    ],
    [
      "in an answer of millions of things",
      { onExec: worker((c, marker, id) => void c.write(bomb(marker, id, "[]"))) },
      /an answer of more than 2000000 values/,
      200,
    ],
    [
      "in an answer of as many wrong things as are allowed",
      { onExec: worker((c, marker, id) => void c.write(bomb(marker, id, `[]${" ".repeat(15)}`))) },
      /does not follow the protocol: sites\.0/,
      500,
    ],
    [
      "in an answer of millions of levels",
      { onExec: worker((c, marker, id) => void c.write(bomb(marker, id, "[", "]"))) },
      /an answer of more than 32 levels/,
      200,
    ],
  ] as [string, Script, RegExp, number][]) {
    it(`row 22: ${where} is cut off, and the memory that it takes is bounded`, async () => {
      const { exitCode, stdout, stderr, peak } = await meeting(script);
      assert.deepEqual([exitCode, stdout], [3, ""], stderr);
      assert.match(stderr, said);
      assert.ok(stderr.length < 5000, stderr);
      assert.ok(peak - honest < most * MB, `${Math.round((peak - honest) / MB)} MB more than an honest one`);
    });
  }

  for (const [what, name, count] of [
    ["of short names", "x", 500],
    ["of long names", "x".repeat(20_000), 10],
    ["of nothing but itself", ".", 1],
  ] as const) {
    it(`row 22: in the list of a directory ${what} is cut off, and the memory that it takes is bounded`, async () => {
      const { exitCode, stdout, peak } = await meeting({ onSftp: endlessDirectory(name, count) }, "doctor");
      assert.equal(exitCode, 3, stdout);
      assert.match(stdout.replace(/\s+/g, " "), /has more than 10000 entries and was not read/);
      assert.ok(peak - honest < 60 * MB, `${Math.round((peak - honest) / MB)} MB more than an honest one`);
    });
  }
});
