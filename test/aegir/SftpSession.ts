/**
 * SFTP as mysecureshell serves it: the login's home is `/`, links are followed wherever they lead
 * (docs/aegir.md#account-limits). Homes may be written, what lies behind a link may be read.
 */
import * as fs from "node:fs";
import { posix } from "node:path";
import { type Attributes, type SFTPWrapper, utils } from "ssh2";
import type { Disk } from "./Disk";
import { type Faults, Hold } from "./Faults";

const { STATUS_CODE } = utils.sftp;

/** What a session of SFTP shows: `home` as `/`, and nothing below what is `closed`. */
export interface Shown {
  home: string;
  closed: string[];
}

/** An open file, or the entries of a directory that are still to be listed. */
type Handle = { descriptor: number } | { entries: { filename: string; longname: string; attrs: Attributes }[] };

class Denied extends Error {}

export function serveSftp(
  sftp: SFTPWrapper,
  { disk, faults }: { disk: Disk; faults: Faults },
  { home, closed }: Shown,
  removed: () => void,
): void {
  const handles: Handle[] = [];
  const gone = new Promise((resolve) => sftp.once("close", resolve));
  void gone.then(() => {
    for (const handle of handles) if ("descriptor" in handle) fs.closeSync(handle.descriptor);
  });

  const virtual = (path: string) => posix.resolve("/", path);
  const real = (path: string) => {
    const joined = posix.join(home, virtual(path));
    if (closed.some((directory) => joined.startsWith(`${directory}/`))) throw new Denied();
    return disk.real(joined);
  };
  const requireWritable = (path: string) => {
    const [first, second] = virtual(path).split("/").filter(Boolean);
    // The home itself is immutable, directories in it are not.
    if (first === undefined || second === undefined) throw new Denied();
    if (disk.linkTarget(posix.join(home, first)) !== undefined) throw new Denied();
  };
  const open = (handle: Handle): Buffer => {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32BE(handles.push(handle) - 1);
    return buffer;
  };
  const handleOf = (buffer: Buffer) => handles[buffer.readUInt32BE()];
  const descriptorOf = (buffer: Buffer): number => {
    const handle = handleOf(buffer);
    if (handle === undefined || !("descriptor" in handle)) throw new Error("This is not the handle of a file.");
    return handle.descriptor;
  };
  /** Answers a request, or says why it cannot be answered. */
  const reply = (request: number, act: () => void) => {
    try {
      act();
    } catch (error) {
      sftp.status(request, statusOf(error));
    }
  };
  const done = (request: number) => sftp.status(request, STATUS_CODE.OK);

  sftp.on("REALPATH", (request, path) => {
    const filename = virtual(path);
    sftp.name(request, [{ filename, longname: filename, attrs: {} as Attributes }]);
  });
  sftp.on("STAT", (request, path) => reply(request, () => sftp.attrs(request, attributes(fs.statSync(real(path))))));
  sftp.on("LSTAT", (request, path) => reply(request, () => sftp.attrs(request, attributes(fs.lstatSync(real(path))))));
  sftp.on("FSTAT", (request, handle) =>
    reply(request, () => sftp.attrs(request, attributes(fs.fstatSync(descriptorOf(handle))))),
  );
  sftp.on("OPENDIR", (request, path) =>
    reply(request, () => {
      const names = fs.readdirSync(real(path)).sort();
      const entries = names.map((filename) => {
        const attrs = attributes(fs.lstatSync(posix.join(real(path), filename)));
        return { filename, longname: filename, attrs };
      });
      sftp.handle(request, open({ entries }));
    }),
  );
  sftp.on("READDIR", (request, buffer) => {
    const handle = handleOf(buffer);
    const entries = handle && "entries" in handle ? handle.entries.splice(0) : [];
    if (entries.length === 0) sftp.status(request, STATUS_CODE.EOF);
    else sftp.name(request, entries);
  });
  sftp.on("OPEN", (request, path, flags) =>
    reply(request, () => {
      const mode = utils.sftp.flagsToString(flags) ?? "r";
      if (mode !== "r") requireWritable(path);
      const descriptor = fs.openSync(real(path), mode);
      // MinimumRights of mysecureshell (docs/aegir.md#account-keys).
      if (mode !== "r") fs.fchmodSync(descriptor, 0o664);
      sftp.handle(request, open({ descriptor }));
    }),
  );
  sftp.on("READ", (request, handle, offset, length) =>
    reply(request, () => {
      const piece = Buffer.alloc(Math.min(length, 0x8000));
      const read = fs.readSync(descriptorOf(handle), piece, 0, piece.length, offset);
      if (read === 0) sftp.status(request, STATUS_CODE.EOF);
      else sftp.data(request, piece.subarray(0, read));
    }),
  );
  sftp.on("WRITE", (request, handle, offset, data) =>
    reply(request, () => {
      fs.writeSync(descriptorOf(handle), data, 0, data.length, offset);
      done(request);
    }),
  );
  sftp.on("CLOSE", (request, buffer) =>
    reply(request, () => {
      const handle = handleOf(buffer);
      if (handle && "descriptor" in handle) fs.closeSync(handle.descriptor);
      handles[buffer.readUInt32BE()] = { entries: [] };
      done(request);
    }),
  );
  sftp.on("SETSTAT", (request, path, { mode }) =>
    reply(request, () => {
      requireWritable(path);
      fs.chmodSync(real(path), (mode & 0o777) | 0o664);
      done(request);
    }),
  );
  const remove = async (request: number, path: string) => {
    const fault = faults.takeRequest("unlink");
    const hold = fault instanceof Hold ? fault : undefined;
    if (hold?.moment === "begun" && !(await hold.stop(gone))) return;
    try {
      requireWritable(path);
      if (faults.readOnlyFiles) throw new Error("The file system is read-only.");
      fs.unlinkSync(real(path));
      removed();
    } catch (error) {
      return sftp.status(request, statusOf(error));
    }
    if (hold?.moment === "committed") await hold.stop(gone);
    done(request);
  };
  sftp.on("REMOVE", (request, path) => void remove(request, path));
  // sftp-server ends with its standard input; OpenSSH's client waits for that.
  sftp.on("end", () => sftp.end());
}

function statusOf(error: unknown): number {
  if (error instanceof Denied) return STATUS_CODE.PERMISSION_DENIED;
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR" ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE;
}

/** As of the server's users, whatever user runs it. */
function attributes({ mode, size, atimeMs, mtimeMs }: fs.Stats): Attributes {
  return { mode, size, uid: 1000, gid: 100, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) };
}
