import assert from "node:assert/strict";
import type { Socket } from "node:net";
import type { SFTPWrapper } from "ssh2";
import { utils } from "ssh2";
import { SftpRefusal } from "../../provider/ssh/SftpRefusal";
import { SshError } from "../../provider/ssh/SshError";
import type { Timings } from "../../provider/ssh/Timings";
import { until } from "../support/until";
import { ScriptedServer } from "./ScriptedServer";

const { OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE } = utils.sftp.STATUS_CODE;

/** Serves a directory of files; `/locked` is forbidden, `/full` fails, `/hang` is never answered. */
function serve(files: Map<string, Buffer>) {
  return (sftp: SFTPWrapper) => {
    const attributes = (data: Buffer) => ({ mode: 0o100600, uid: 0, gid: 0, size: data.length, atime: 5, mtime: 7 });
    const withFile = (id: number, path: string, action: (data: Buffer) => void) => {
      const data = files.get(path);
      if (path === "/hang") return;
      if (data === undefined) {
        const status = { "/locked": PERMISSION_DENIED, "/full": FAILURE }[path] ?? NO_SUCH_FILE;
        return sftp.status(id, status, `no\x1b[2J ${path}`);
      }
      action(data);
    };
    const listed = new Set<string>();
    sftp.on("OPEN", (id, path) => withFile(id, path, () => sftp.handle(id, Buffer.from(path))));
    sftp.on("READ", (id, handle, offset, length) => {
      const data = files.get(handle.toString()) ?? Buffer.alloc(0);
      return offset >= data.length ? sftp.status(id, EOF) : sftp.data(id, data.subarray(offset, offset + length));
    });
    sftp.on("CLOSE", (id) => sftp.status(id, OK));
    sftp.on("FSTAT", (id, handle) => sftp.attrs(id, attributes(files.get(handle.toString()) ?? Buffer.alloc(0))));
    sftp.on("LSTAT", (id, path) => withFile(id, path, (data) => sftp.attrs(id, attributes(data))));
    sftp.on("REMOVE", (id, path) => withFile(id, path, () => (files.delete(path), sftp.status(id, OK))));
    sftp.on("OPENDIR", (id, path) =>
      path === "/" ? sftp.handle(id, Buffer.from("/")) : sftp.status(id, NO_SUCH_FILE),
    );
    sftp.on("READDIR", (id, handle) => {
      if (listed.has(handle.toString())) {
        listed.clear();
        return sftp.status(id, EOF);
      }
      listed.add(handle.toString());
      const entry = (filename: string, attrs: ReturnType<typeof attributes>) => ({ filename, longname: "", attrs });
      sftp.name(id, [
        entry(".", { ...attributes(Buffer.alloc(0)), mode: 0o40700 }),
        ...[...files].map(([path, data]) => entry(path.slice(1), attributes(data))),
        entry("link", { ...attributes(Buffer.alloc(3)), mode: 0o120777 }),
      ]);
    });
  };
}

describe("Sftp", () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const action of cleanUp.splice(0).reverse()) await action();
  });
  const start = async (timings: Partial<Timings> = {}) => {
    const files = new Map([
      ["/o1.foo", Buffer.from("secret\n")],
      ["/large", Buffer.alloc(200_000, "abc")],
    ]);
    const channels: SFTPWrapper[] = [];
    const server = await ScriptedServer.start({ onSftp: (sftp) => (channels.push(sftp), serve(files)(sftp)) });
    const connection = server.connection({}, timings);
    cleanUp.push(
      () => server.stop(),
      () => connection.end(),
    );
    return { files, server, connection, channels, sftp: await connection.sftp() };
  };

  it("lists a directory, not following links", async () => {
    const { sftp } = await start();
    assert.deepEqual(await sftp.list("/"), [
      { name: "o1.foo", kind: "file", size: 7, mtime: 7 },
      { name: "large", kind: "file", size: 200_000, mtime: 7 },
      { name: "link", kind: "link", size: 3, mtime: 7 },
    ]);
  });

  it("reads, looks at and removes files", async () => {
    const { sftp, files } = await start();
    const { bytes, mtime } = await sftp.read("/o1.foo", 7);
    assert.deepEqual([bytes.toString(), mtime], ["secret\n", 7]);
    assert.deepEqual((await sftp.read("/large", 1_000_000)).bytes, files.get("/large"));
    assert.deepEqual(await sftp.stat("/o1.foo"), { kind: "file", size: 7, mtime: 7 });
    await sftp.unlink("/o1.foo");
    assert.deepEqual([...files.keys()], ["/large"]);
  });

  it("does not read more than was allowed", async () => {
    const { sftp } = await start();
    assert.equal((await refusal(sftp.read("/o1.foo", 6))).code, "tooLarge");
    assert.equal((await refusal(sftp.read("/large", 50_000))).code, "tooLarge");
  });

  it("distinguishes a missing file from a forbidden one, and shows the server's words escaped", async () => {
    const { sftp, connection } = await start();
    for (const operation of [sftp.read("/gone", 9), sftp.stat("/gone"), sftp.unlink("/gone"), sftp.list("/gone")]) {
      assert.equal((await refusal(operation)).code, "missing");
    }
    assert.equal((await refusal(sftp.read("/locked", 9))).code, "denied");
    const error = await refusal(sftp.unlink("/full"));
    assert.equal(error.code, "failed");
    const said = `${connection.label}: the server did not remove /full: no\\x1b[2J /full. Nothing was changed. `;
    assert.ok(error.message.startsWith(said), error.message);
  });

  it("uses one channel for all callers (trap 29)", async () => {
    const { connection, channels } = await start();
    const sessions = await Promise.all(Array.from({ length: 20 }, () => connection.sftp()));
    await Promise.all(sessions.map((sftp) => sftp.read("/large", 1_000_000)));
    assert.equal(channels.length, 1);
    assert.equal(connection.connections, 1);
  });

  it("opens a new channel when the server has closed the idle one (trap 28)", async () => {
    const { sftp, channels, connection } = await start();
    channels[0]?.end();
    await closed(channels[0] as SFTPWrapper);
    assert.equal((await sftp.read("/o1.foo", 9)).bytes.length, 7);
    assert.equal(channels.length, 2);
    assert.equal(connection.connections, 1);
  });

  it("says that nothing was done when the connection is lost while the channel opens", async () => {
    const sockets: Socket[] = [];
    const server = await ScriptedServer.start({
      onSocket: (socket) => (sockets.push(socket), false),
      onSftp: () => setImmediate(() => sockets.at(-1)!.destroy()),
    });
    const connection = server.connection({}, {});
    cleanUp.push(
      () => server.stop(),
      () => connection.end(),
    );
    await assert.rejects(connection.sftp(), (error: Error) => {
      assert.ok(error instanceof SshError);
      assert.notEqual(error.outcome, "unknown");
      assert.match(error.message, /while SFTP was being requested\. Nothing was done\. Run the same command again/);
      return true;
    });
  });

  it("connects again when the connection was lost", async () => {
    const { sftp, server, connection } = await start();
    const reading = sftp.read("/hang", 9);
    await sftp.stat("/o1.foo");
    server.drop();
    await lost(reading, "sessionBroken", "notDone");
    assert.equal((await sftp.read("/o1.foo", 9)).bytes.length, 7);
    assert.equal(connection.connections, 2);
  });

  it("leaves the outcome of a removal unknown when its answer is lost", async () => {
    const { sftp, channels } = await start();
    const removing = sftp.unlink("/hang");
    await sftp.stat("/o1.foo");
    channels[0]?.end();
    const error = await lost(removing, "sessionBroken", "unknown");
    assert.match(error.message, /could not remove \/hang: .*Whether it was done is unknown/);
  });

  it("has a deadline", async () => {
    const { sftp } = await start({ sftpSeconds: 0.1 });
    await lost(sftp.read("/hang", 9), "deadlineExceeded", "notDone");
  });

  for (const [what, change, message] of [
    ["its deadline", { sftpSeconds: 0.3 }, /no answer within 0\.3 s/],
    ["as many entries as are allowed", {}, /has more than 10000 entries and was not read/],
  ] as const) {
    it(`row 22: asks for nothing more of a directory without end after ${what}, and closes it`, async () => {
      const [entry] = [
        { filename: "x", longname: "", attrs: { mode: 0o100600, uid: 0, gid: 0, size: 1, atime: 5, mtime: 7 } },
      ];
      const page = Array.from({ length: 50 }, () => entry);
      let [pages, closed] = [0, 0];
      const server = await ScriptedServer.start({
        onSftp: (sftp) => {
          sftp.on("OPENDIR", (id) => sftp.handle(id, Buffer.from("d")));
          sftp.on("READDIR", (id) => {
            pages++;
            setTimeout(() => sftp.name(id, page), "sftpSeconds" in change ? 20 : 0);
          });
          sftp.on("CLOSE", (id) => (closed++, sftp.status(id, OK)));
        },
      });
      cleanUp.push(() => server.stop());
      const connection = server.connection({}, change);
      cleanUp.push(() => connection.end());
      const sftp = await connection.sftp();
      await assert.rejects(sftp.list("/"), message);
      await until(() => closed === 1);
      const asked = pages;
      await assert.rejects(sftp.stat("/missing"));
      assert.ok(pages === asked && pages <= 201, `${pages} pages`);
    });
  }

  it("row 22: asks for one byte more of a file than is allowed, whatever size the server says that it has", async () => {
    const asked: number[] = [];
    const server = await ScriptedServer.start({
      onSftp: (sftp) => {
        const attributes = { mode: 0o100600, uid: 0, gid: 0, size: 8, atime: 5, mtime: 7 };
        sftp.on("LSTAT", (id) => sftp.attrs(id, attributes));
        sftp.on("FSTAT", (id) => sftp.attrs(id, attributes));
        sftp.on("OPEN", (id) => sftp.handle(id, Buffer.from("f")));
        sftp.on("READ", (id, _handle, _offset, length) => {
          asked.push(length);
          sftp.data(id, Buffer.alloc(200_000, "x"));
        });
        sftp.on("CLOSE", (id) => sftp.status(id, OK));
      },
    });
    cleanUp.push(() => server.stop());
    const connection = server.connection();
    cleanUp.push(() => connection.end());
    await assert.rejects((await connection.sftp()).read("/file", 256), /has more than 256 bytes and was not read/);
    assert.deepEqual(asked, [257]);
  });

  it("is refused where the server has none", async () => {
    const server = await ScriptedServer.start();
    const connection = server.connection();
    cleanUp.push(
      () => server.stop(),
      () => connection.end(),
    );
    const error = await lost(connection.sftp(), "refusedByServer", "notDone");
    assert.match(error.message, /refused SFTP/);
  });
});

function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail("expected a rejection"),
    (error: unknown) => error,
  );
}

async function refusal(promise: Promise<unknown>): Promise<SftpRefusal> {
  const error = await rejection(promise);
  assert.ok(error instanceof SftpRefusal && !(error instanceof SshError), String(error));
  return error;
}

async function lost(promise: Promise<unknown>, code: string, outcome: string): Promise<SshError> {
  const error = await rejection(promise);
  assert.ok(error instanceof SshError, String(error));
  assert.deepEqual([error.code, error.outcome], [code, outcome], error.message);
  return error;
}

function closed(sftp: SFTPWrapper): Promise<void> {
  return new Promise((resolve) => sftp.on("close", resolve));
}
