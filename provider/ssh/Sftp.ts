import type { SFTPWrapper, Stats } from "ssh2";
import { OneLineError } from "../text/OneLineError";
import { printable } from "../text/printable";
import { debugLog, millisecondsSince } from "./debugLog";
import { SftpRefusal } from "./SftpRefusal";
import type { SshOutcome } from "./SshError";
import { SshError } from "./SshError";

export interface RemoteFile {
  /** A symbolic link is not followed. */
  kind: "file" | "directory" | "link" | "other";
  /** Bytes. */
  size: number;
  /** Seconds since the epoch, by the server's clock. */
  mtime: number;
}

/** A file as one open handle shows it. */
export interface FileContent {
  bytes: Buffer;
  /** Seconds since the epoch, by the server's clock. */
  mtime: number;
}

/** Entries of a directory. An instance has one password file for each client. */
export const MOST_ENTRIES = 10_000;
/** Bytes of a name in common file systems. */
const LONGEST_NAME = 255;

/** Status codes of SFTP version 3 (draft-ietf-secsh-filexfer-02, section 7). */
const END_OF_FILE = 1;
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

interface Entry extends RemoteFile {
  name: string;
}

/** An SFTP channel while it lives. */
export interface SftpChannel {
  wrapper: SFTPWrapper;
  /** Resolves with the reason when it is gone; never rejects. */
  closed: Promise<string>;
}

/** A few file operations over one channel, which is opened again when the server has closed it. */
export class Sftp {
  constructor(
    private readonly label: string,
    private readonly channel: () => Promise<SftpChannel>,
    private readonly seconds: number,
  ) {}

  /** The whole directory; refused as `tooLarge` if it has more than MOST_ENTRIES. */
  list(directory: string): Promise<Entry[]> {
    return this.#ask("list", directory, "notDone", async (sftp, over) => {
      const handle = await promised<Buffer>((done) => sftp.opendir(directory, done));
      try {
        return await this.#listAll(sftp, handle, directory, over);
      } finally {
        sftp.close(handle, () => undefined);
      }
    });
  }

  /** Replaces ssh2's own loop, which continues as long as the server sends more entries. */
  async #listAll(sftp: SFTPWrapper, handle: Buffer, directory: string, over: AbortSignal): Promise<Entry[]> {
    const entries: Entry[] = [];
    let characters = 0;
    // A page holds one entry at least, or nothing but `.` and `..`, which are left out.
    for (let pages = 0; pages <= MOST_ENTRIES && !over.aborted; pages++) {
      const page = await promised<{ filename: string; attrs: unknown }[] | null>((done) =>
        sftp.readdir(handle, (error, found) =>
          (error as { code?: unknown } | undefined)?.code === END_OF_FILE ? done(null, null) : done(error, found),
        ),
      );
      if (page === null) return entries;
      for (const { filename, attrs } of page) {
        characters += filename.length;
        entries.push({ name: filename, ...remoteFile(attrs as Stats) });
      }
      if (entries.length > MOST_ENTRIES || characters > MOST_ENTRIES * LONGEST_NAME) break;
    }
    const many = `${printable(directory)} has more than ${MOST_ENTRIES} entries and was not read`;
    throw new SftpRefusal(this.label, directory, "tooLarge", many);
  }

  /** The absolute form of a path; for `.`, the directory in which the login starts. */
  realpath(path: string): Promise<string> {
    return this.#ask("resolve", path, "notDone", (sftp) =>
      promised<string>((done) => sftp.realpath(path, (error, resolved) => done(error, resolved))),
    );
  }

  async stat(path: string): Promise<RemoteFile> {
    return remoteFile(
      await this.#ask("look at", path, "notDone", (sftp) => promised<Stats>((done) => sftp.lstat(path, done))),
    );
  }

  /**
   * The whole file; refused as `tooLarge` if it has more than `maxBytes`. Anything but a regular file is refused as well: through
   * a link, another user could make this login read a file that only this login may read.
   */
  read(path: string, maxBytes: number): Promise<FileContent> {
    return this.#ask("read", path, "notDone", async (sftp, over) => {
      const { kind } = remoteFile(await promised<Stats>((done) => sftp.lstat(path, done)));
      if (kind !== "file") {
        throw new SftpRefusal(
          this.label,
          path,
          "failed",
          `${printable(path)} is not a regular file but a ${kind}, and was not read`,
        );
      }
      const handle = await promised<Buffer>((done) => sftp.open(path, "r", done));
      try {
        // Of the handle: the path may lead to a newer file by now, whose content is not this one's.
        const { mtime } = await promised<Stats>((done) => sftp.fstat(handle, done));
        return { bytes: await this.#readAll(sftp, handle, path, maxBytes, over), mtime };
      } finally {
        sftp.close(handle, () => undefined);
      }
    });
  }

  async #readAll(
    sftp: SFTPWrapper,
    handle: Buffer,
    path: string,
    maxBytes: number,
    over: AbortSignal,
  ): Promise<Buffer> {
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    while (length <= maxBytes && !over.aborted) {
      const wanted = Math.min(buffer.length - length, 32 * 1024);
      const read = await promised<number>((done) => sftp.read(handle, buffer, length, wanted, length, done));
      if (read === 0) {
        return buffer.subarray(0, length);
      }
      length += read;
    }
    throw new SftpRefusal(
      this.label,
      path,
      "tooLarge",
      `${printable(path)} has more than ${maxBytes} bytes and was not read`,
    );
  }

  async unlink(path: string): Promise<void> {
    await this.#ask("remove", path, "unknown", (sftp) => promised<void>((done) => sftp.unlink(path, done)));
  }

  /** One operation, with a line in the debug log. */
  async #ask<Result>(
    action: string,
    path: string,
    outcome: SshOutcome,
    operation: (sftp: SFTPWrapper, over: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const began = performance.now();
    let how = "failed";
    try {
      const result = await this.#raced(action, path, outcome, operation);
      how = "done";
      return result;
    } catch (error) {
      if (error instanceof OneLineError) how = `failed (${error.code})`;
      throw error;
    } finally {
      debugLog("%s: SFTP, %s %s: %s after %d ms", this.label, action, path, how, millisecondsSince(began));
    }
  }

  /**
   * One operation, raced against the end of the channel and the deadline, after which it is `over` and sends nothing more.
   * `outcome`: what is known if the answer is lost.
   */
  async #raced<Result>(
    action: string,
    path: string,
    outcome: SshOutcome,
    operation: (sftp: SFTPWrapper, over: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const channel = await this.channel();
    const over = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const effect = outcome === "unknown" ? "Whether it was done is unknown" : "Nothing was changed";
    const broken = (code: "sessionBroken" | "deadlineExceeded", why: string) =>
      new SshError(code, this.label, outcome, `could not ${action} ${printable(path)}: ${why}`, { effect });
    try {
      return await Promise.race([
        operation(channel.wrapper, over.signal),
        channel.closed.then((why) => Promise.reject(broken("sessionBroken", why))),
        new Promise<never>((_, reject) => {
          const why = `no answer within ${this.seconds} s`;
          timer = setTimeout(() => reject(broken("deadlineExceeded", why)), this.seconds * 1000);
        }),
      ]);
    } catch (error) {
      if (error instanceof OneLineError) {
        throw error;
      }
      const { code, message } = error as { code?: unknown; message: string };
      if (typeof code !== "number") {
        // Not a status of the server, but an error of ssh2: the channel ended during the request, or the answer was malformed.
        throw broken("sessionBroken", printable(message));
      }
      throw new SftpRefusal(
        this.label,
        path,
        code === NO_SUCH_FILE ? "missing" : code === PERMISSION_DENIED ? "denied" : "failed",
        `the server did not ${action} ${printable(path)}: ${printable(message)}`,
      );
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }
}

function promised<Result>(
  start: (done: (error: Error | null | undefined, result: Result) => void) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => start((error, result) => (error ? reject(error) : resolve(result))));
}

function remoteFile(attributes: Stats): RemoteFile {
  const kind = attributes.isFile()
    ? "file"
    : attributes.isDirectory()
      ? "directory"
      : attributes.isSymbolicLink()
        ? "link"
        : "other";
  return { kind, size: attributes.size, mtime: attributes.mtime };
}
