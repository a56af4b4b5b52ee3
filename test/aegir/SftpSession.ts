/**
 * SFTP as mysecureshell serves it: the login's home is `/`, links are followed wherever they lead (contract 5.4). Homes
 * may be written, what lies behind a link may be read.
 */
import { posix } from "node:path";
import { utils, type Attributes, type SFTPWrapper } from "ssh2";
import { Hold, type Faults } from "./Faults";
import { FileSystemError, type Entry, type FileSystem } from "./FileSystem";

const { STATUS_CODE, OPEN_MODE } = utils.sftp;

/** What a session of SFTP shows: `home` as `/`, and nothing below what is `closed`. */
export interface Shown {
  home: string;
  closed: string[];
}

interface Handle {
  path: string;
  /** What a directory still has to tell, in one piece. */
  names?: string[];
}

export function serveSftp(
  sftp: SFTPWrapper,
  { files, faults }: { files: FileSystem; faults: Faults },
  { home, closed }: Shown,
  removed: () => void,
): void {
  const gone = new Promise((resolve) => sftp.once("close", resolve));
  const handles = new Map<number, Handle>();
  let nextHandle = 0;

  const virtual = (path: string) => posix.resolve("/", path);
  const real = (path: string) => {
    const joined = posix.join(home, virtual(path));
    if (closed.some((directory) => joined.startsWith(`${directory}/`))) throw new Denied();
    return joined;
  };
  const open = (handle: Handle): Buffer => {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32BE(nextHandle);
    handles.set(nextHandle++, handle);
    return buffer;
  };
  const handleOf = (buffer: Buffer): Handle => {
    const handle = buffer.length === 4 ? handles.get(buffer.readUInt32BE()) : undefined;
    if (handle === undefined) throw new FileSystemError("ENOENT", "handle");
    return handle;
  };
  const requireWritable = (path: string) => {
    const [first, second] = virtual(path).split("/").filter(Boolean);
    const behindLink = second !== undefined && files.lstat(posix.join(home, first ?? ""))?.kind === "link";
    if (first === undefined || behindLink) throw new Denied();
  };
  const found = (entry: Entry | undefined): Entry => {
    if (entry === undefined) throw new FileSystemError("ENOENT", "");
    return entry;
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

  sftp.on("REALPATH", (request, path) =>
    reply(request, () =>
      sftp.name(request, [{ filename: virtual(path), longname: virtual(path), attrs: {} as Attributes }]),
    ),
  );
  sftp.on("STAT", (request, path) =>
    reply(request, () => sftp.attrs(request, attributes(found(files.stat(real(path)))))),
  );
  sftp.on("LSTAT", (request, path) =>
    reply(request, () => sftp.attrs(request, attributes(found(files.lstat(real(path)))))),
  );
  sftp.on("FSTAT", (request, handle) =>
    reply(request, () => sftp.attrs(request, attributes(found(files.stat(handleOf(handle).path))))),
  );
  sftp.on("READLINK", (request, path) =>
    reply(request, () => {
      const entry = found(files.lstat(real(path)));
      if (entry.kind !== "link") throw new FileSystemError("ENOENT", path);
      sftp.name(request, [{ filename: entry.target, longname: entry.target, attrs: {} as Attributes }]);
    }),
  );
  sftp.on("OPENDIR", (request, path) =>
    reply(request, () => sftp.handle(request, open({ path: real(path), names: files.list(real(path)) }))),
  );
  sftp.on("READDIR", (request, buffer) =>
    reply(request, () => {
      const handle = handleOf(buffer);
      const names = handle.names ?? [];
      if (names.length === 0) return sftp.status(request, STATUS_CODE.EOF);
      handle.names = [];
      const entries = names.flatMap((filename) => {
        const entry = files.lstat(posix.join(handle.path, filename));
        return entry ? [{ filename, longname: longName(filename, entry), attrs: attributes(entry) }] : [];
      });
      sftp.name(request, entries);
    }),
  );
  sftp.on("OPEN", (request, path, flags) =>
    reply(request, () => {
      if (flags & (OPEN_MODE.WRITE | OPEN_MODE.APPEND | OPEN_MODE.CREAT)) {
        requireWritable(path);
        if (flags & OPEN_MODE.TRUNC || !files.exists(real(path))) files.write(real(path), "");
      }
      if (found(files.stat(real(path))).kind === "directory") throw new FileSystemError("EISDIR", path);
      sftp.handle(request, open({ path: real(path) }));
    }),
  );
  sftp.on("READ", (request, handle, offset, length) =>
    reply(request, () => {
      const piece = files.read(handleOf(handle).path).subarray(offset, offset + length);
      if (piece.length === 0) sftp.status(request, STATUS_CODE.EOF);
      else sftp.data(request, piece);
    }),
  );
  sftp.on("WRITE", (request, handle, offset, data) =>
    reply(request, () => {
      const { path } = handleOf(handle);
      requireWritable(posix.relative(home, path));
      const before = files.read(path);
      files.write(path, Buffer.concat([before.subarray(0, offset), data, before.subarray(offset + data.length)]));
      done(request);
    }),
  );
  sftp.on("CLOSE", (request, handle) =>
    reply(request, () => {
      handleOf(handle);
      handles.delete(handle.readUInt32BE());
      done(request);
    }),
  );
  const remove = async (request: number, path: string) => {
    const fault = faults.takeRequest("unlink");
    const hold = fault instanceof Hold ? fault : undefined;
    if (hold?.moment === "begun" && !(await hold.stop(gone))) return;
    try {
      requireWritable(path);
      if (faults.readOnlyFiles) throw new FileSystemError("EROFS", path);
      files.unlink(real(path));
      removed();
    } catch (error) {
      return sftp.status(request, statusOf(error));
    }
    if (hold?.moment === "committed") await hold.stop(gone);
    done(request);
  };
  sftp.on("REMOVE", (request, path) => void remove(request, path));
  sftp.on("MKDIR", (request, path) =>
    reply(request, () => {
      requireWritable(path);
      files.makeDirectory(real(path));
      done(request);
    }),
  );
  // sftp-server ends with its standard input; OpenSSH's client waits for that.
  sftp.on("end", () => sftp.end());
  for (const verb of ["RENAME", "RMDIR", "SETSTAT", "FSETSTAT", "SYMLINK", "EXTENDED"]) {
    sftp.on(verb, (request: number) => sftp.status(request, STATUS_CODE.OP_UNSUPPORTED));
  }
}

class Denied extends Error {}

function statusOf(error: unknown): number {
  if (error instanceof Denied) return STATUS_CODE.PERMISSION_DENIED;
  if (error instanceof FileSystemError && error.code === "ENOENT") return STATUS_CODE.NO_SUCH_FILE;
  return STATUS_CODE.FAILURE;
}

function attributes(entry: Entry): Attributes {
  const mode = { directory: 0o040700, file: 0o100600, link: 0o120777 }[entry.kind];
  const size = entry.kind === "file" ? entry.content.length : 0;
  return { mode, size, uid: 1000, gid: 100, atime: entry.modified, mtime: entry.modified };
}

/** A line of `ls -l`, as a person with an SFTP client sees it. */
function longName(name: string, entry: Entry): string {
  const mode = { directory: "drwx------", file: "-rw-------", link: "lrwxrwxrwx" }[entry.kind];
  const date = new Date(entry.modified * 1000).toISOString().slice(0, 16).replace("T", " ");
  return `${mode} 1 o1 users ${attributes(entry).size} ${date} ${name}`;
}
