/** Row 52 at every place: whatever text of a server is hostile, nothing that is shown of it acts on its reader. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { type SFTPWrapper, utils } from "ssh2";
import { parse, stringify } from "yaml";
import { FrameReader } from "../../provider/worker/frames";
import type { SmallAegir } from "../aegir/SmallAegir";
import type { Running } from "../aegir/SmallAegir";
import { aegirAccess, type Ended } from "../cli/command";
import { frame, type Script, ScriptedServer } from "../ssh/ScriptedServer";
import { Budget, seed } from "../support/random";
import { access, eachFaultRun, FaultRun } from "./FaultRun";
import { ACTING, inert, WRAPPING } from "./hostileText";
import type { Run } from "./LifecycleStack";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The same value with each text in it changed; `place`: such as `result.clients[].name`. */
function changed(value: Json, change: (text: string, place: string) => string, place = ""): Json {
  if (typeof value === "string") return change(value, place);
  if (Array.isArray(value)) return value.map((item) => changed(item, change, `${place}[]`));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, changed(item, change, `${place}.${key}`)]);
  return Object.fromEntries(entries) as Json;
}

/** A way into a small Aegir on which each text that its worker answers may be another; `place` begins with the verb. */
async function lyingServer(
  aegir: () => SmallAegir,
  lie: (text: string, place: string) => string,
  script: Script = {},
): Promise<ScriptedServer> {
  return ScriptedServer.start({
    ...script,
    onExec: (channel, command) => {
      let unread = "";
      let reader: FrameReader | undefined;
      const asked = new Map<number, string>();
      const process: Running | null = aegir().run(command, {
        write: (output) => (reader ? reader.push(Buffer.from(output)) : void channel.write(output)),
        writeError: (output) => void channel.stderr.write(output),
        exit: (code) => (channel.exit(code), channel.end()),
        kill: (signal) => (channel.exit(signal), channel.end()),
        close: () => channel.end(),
        cutConnection: () => channel.end(),
      });
      channel.on("data", (piece: Buffer) => {
        unread += piece.toString();
        const lines = unread.split("\n");
        unread = lines.pop()!;
        for (const line of lines.filter((each) => each.startsWith("{"))) {
          const { id, verb, args } = JSON.parse(line) as { id: number; verb: string; args: { marker?: string } };
          asked.set(id, verb);
          const { marker } = args;
          if (marker !== undefined) {
            reader = new FrameReader(marker, (answer) => {
              const { result, error, ...rest } = answer as {
                id: number;
                result?: Json;
                error?: { code: string } & Json;
              };
              const verb = asked.get(rest.id)!;
              const changedError = error && { ...(changed(error, lie, `${verb}.error`) as object), code: error.code };
              const changedResult = result === undefined ? undefined : changed(result, lie, verb);
              channel.write(frame(marker, { ...rest, result: changedResult, error: changedError }));
            });
          }
        }
        process?.receive(piece);
      });
      channel.on("end", () => process?.end());
      channel.on("close", () => process?.abandon());
    },
  });
}

/** Password files in a directory, and errors, that are called what acts on a terminal. */
function hostileFiles(sftp: SFTPWrapper): void {
  const { EOF, OK, FAILURE } = utils.sftp.STATUS_CODE;
  let listed = false;
  const attrs = { mode: 0o100600, uid: 0, gid: 0, size: 8, atime: 5, mtime: 7 };
  sftp.on("REALPATH", (id) => sftp.name(id, [{ filename: `/home${ACTING}`, longname: "", attrs }]));
  sftp.on("OPENDIR", (id) => sftp.handle(id, Buffer.from("d")));
  sftp.on("READDIR", (id) => {
    if (listed) return sftp.status(id, EOF);
    listed = true;
    sftp.name(id, [{ filename: `o1.nova${ACTING}`, longname: ACTING, attrs }]);
  });
  sftp.on("CLOSE", (id) => sftp.status(id, OK));
  sftp.on("LSTAT", (id) => sftp.status(id, FAILURE, ACTING));
}

/** Places that messages are known to show. */
const SHOWN = ["site.sites[].owner.internalName", "site.sites[].links[]", "client.client.sites[]"];

/** These and, as far as the budget goes, the others in an order of the seed's; a long run comes to all of them. */
function* placesWithinBudget(places: Set<string>): Generator<string> {
  const others = [...places].filter((place) => !SHOWN.includes(place));
  const drawn = fc.shuffledSubarray(others, { minLength: others.length });
  const [shuffled = []] = fc.sample(drawn, { seed, numRuns: 1 });
  const budget = new Budget();
  yield* SHOWN;
  for (const place of shuffled) {
    if (!budget.take()) break;
    yield place;
  }
  budget.print(`of ${others.length} texts of a worker's answers`);
}

describe("displays of what a server says", () => {
  const options = { aegir: { report: () => undefined }, waits: { taskMinutes: 0.001, accountMinutes: 0.001 } };
  const faultRun = eachFaultRun(options);
  const servers: ScriptedServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

  async function lying(lie: (text: string, place: string) => string, script?: Script): Promise<ScriptedServer> {
    const server = await lyingServer(() => faultRun().aegir, lie, script);
    servers.push(server);
    return server;
  }

  /** An `up` with everything in it, a refresh, a change of everything, and a removal, as far as they go. */
  async function operations(t: FaultRun): Promise<Run[]> {
    const runs = [await t.up({ continueOnError: true }), await t.refresh()];
    t.stack.declared = access({ client: "luna", rotation: "2" });
    runs.push(await t.up({ continueOnError: true }), await t.destroy());
    return runs;
  }

  it("row 52: of each text of a worker's answers alone, nothing shown of it in an operation acts on its reader", async function () {
    this.timeout(700_000);
    const places = new Set<string>();
    const server = await lying((text, place) => (places.add(place), text));
    const first = faultRun();
    first.servers = first.drushAt(server.args());
    await operations(first);
    await operations(first);
    assert.ok(places.has("client.client.name") && places.has("inventory.sites[].owner.name"), [...places].join(" "));
    const shown = new Set<string>();
    for (const lieAt of placesWithinBudget(places)) {
      const t = await FaultRun.open(options);
      const liar = await lyingServer(
        () => t.aegir,
        (text, place) => (place === lieAt ? `${text}${ACTING}` : text),
      );
      try {
        t.servers = t.drushAt(liar.args());
        for (const { failures } of await operations(t)) {
          for (const { message } of failures) {
            inert(message);
            if (message.includes("\\x1b[2J")) shown.add(lieAt);
          }
        }
        t.printed.forEach((line) => inert(line));
      } catch (error) {
        throw new Error(`with another text at ${lieAt}`, { cause: error });
      } finally {
        await liar.stop();
        await t.close();
      }
    }
    for (const place of SHOWN) {
      assert.ok(shown.has(place), `no message shows ${place}`);
    }
  });

  describe("on the command line", () => {
    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "aegir-displays-"))));
    afterEach(() => rmSync(directory, { recursive: true }));

    /** Both forms of what a verb prints. */
    async function printed(server: ScriptedServer, verb: string, ...args: string[]): Promise<[Ended, Ended]> {
      const connection = server.args();
      const accounts = { instance: "o1", connection: { ...connection, user: "root" } };
      writeFileSync(join(directory, "servers.yaml"), stringify({ main: { connection, accounts } }));
      const run = (...more: string[]) =>
        aegirAccess([verb, ...args, "--config", "servers.yaml", ...more], { cwd: directory });
      return [await run(), await run("--json")];
    }

    async function harmless(server: ScriptedServer): Promise<string> {
      const manifest = "version: 1\nclients:\n  - { name: Nova Ltd, internalName: nova, sites: [www.nova.example] }\n";
      writeFileSync(join(directory, "access.yaml"), manifest);
      let all = "";
      for (const [verb, ...args] of [["doctor"], ["dump"], ["plan", "access.yaml"], ["audit", "access.yaml"]]) {
        const [text, json] = await printed(server, verb!, ...args);
        for (const { stdout, stderr } of [text, json]) {
          inert(stdout, true);
          inert(stderr, true);
          all += stdout + stderr;
        }
        JSON.parse(json.stdout);
        if (verb === "dump" && text.exitCode === 0) parse(text.stdout);
      }
      return all;
    }

    it("row 52: nothing that doctor, dump, plan and audit print acts on its reader, as text and as JSON", async () => {
      const t = faultRun();
      await t.expectUp();
      for (const acting of [ACTING, WRAPPING]) {
        const server = await lying((text) => `${text}${acting}`, { onSftp: hostileFiles });
        const shown = await harmless(server);
        assert.ok(shown.includes("set-env") || shown.includes("task.complete"));
      }
    });

    it("row 52: what a manifest of a live server declares is read back as it is, and acts on no reader before", async () => {
      const t = faultRun();
      await t.expectUp();
      const acting = " ##vso[task.complete result=Failed] ##[error]x ::error::y";
      const server = await lying((text, place) => (/clients\[\]\.name$/.test(place) ? `${text}${acting}` : text));
      await harmless(server);
      const [{ stdout, exitCode }] = await printed(server, "dump");
      assert.equal(exitCode, 0);
      const names = (parse(stdout) as { clients: { name: string }[] }).clients.map(({ name }) => name);
      assert.ok(names.includes(`Nova Ltd${acting}`), stdout);
    });

    it("row 52: nothing that lint and review print of a manifest acts on its reader, in any format", async () => {
      const acting = "##vso[task.complete] ##[error]x ::error::y".repeat(3);
      const client = (name: string, more: string) =>
        `  - { name: ${JSON.stringify(`Acme ${name}`)}, internalName: acme, sites: [www.acme.example], users: [${more}] }\n`;
      const good = client("` </script> | @all", `{ name: bob, reason: ${JSON.stringify(`why ${acting}`)} }`);
      const wrong = client(acting, JSON.stringify(ACTING));
      const broken = client(ACTING, `*${acting}, !${acting} x, "\\q${acting}"`);
      for (const [file, clients] of Object.entries({ good, wrong, broken, none: "" })) {
        writeFileSync(
          join(directory, `${file}.yaml`),
          `version: 1\nclients:${clients === "" ? " []" : `\n${clients}`}`,
        );
      }
      const commands = [
        ...["good.yaml", "wrong.yaml", "broken.yaml"].flatMap((file) => [
          ["lint", file],
          ["lint", file, "--json"],
        ]),
        ...["text", "markdown", "json", "html"].flatMap((format) => [
          ["review", "none.yaml", "good.yaml", "--format", format],
          ["review", "good.yaml", "wrong.yaml", "--format", format],
          ["review", "good.yaml", "broken.yaml", "--format", format],
        ]),
        ["review", "none.yaml", "good.yaml", "--json"],
        ["lint", "good.yaml", `--${acting}`],
        [acting],
      ];
      for (const command of commands) {
        const { stdout, stderr } = await aegirAccess(command, { cwd: directory });
        assert.notEqual(stdout + stderr, "");
        inert(stdout, true);
        inert(stderr, true);
      }
      const { stdout } = await aegirAccess(["review", "none.yaml", "good.yaml"], { cwd: directory });
      assert.match(stdout, /gain www\.acme\.example/);
    });
  });
});
