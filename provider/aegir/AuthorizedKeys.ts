/**
 * The `.ssh/authorized_keys` of shell accounts, as root reaches them (docs/aegir.md#account-keys). Contents are texts with
 * one character for each byte.
 */
import { createHash } from "node:crypto";
import { type AuthorizedKey, describeKey } from "../naming/AuthorizedKey";
import type { SshConnection } from "../ssh/SshConnection";
import { printable } from "../text/printable";
import { AegirError } from "./AegirError";
import { KEY_MARK, KEY_SCRIPT, type KeyAnswer, MOST_KEY_BYTES, WORDS } from "./keyScript";
import { pollUntilFound } from "./pollUntilFound";

const DEADLINE_SECONDS = 60;
/** How often a file is read again that the account's holder has changed in between. */
const MOST_TRIES = 5;

/** Why nothing was written or read, for messages. */
const REASONS: Partial<Record<KeyAnswer, string>> = {
  cutOff: "the new content did not arrive whole",
  denied: "the account may not read or write it",
  failed: "the account could not write it; its disk may be full",
  notAFile: "it is not a regular file",
  tooLarge: `it has more than ${MOST_KEY_BYTES} bytes`,
};

const BY_HAND =
  "Remove it by hand from every authorized_keys file that sshd reads for this login, then run the same command again. A rotation of the password removes the account's own files";

export interface AuthorizedKeysOptions {
  pollSeconds: number;
  accountMinutes: number;
  /** Why the connection can neither read nor write the files, as `authorizedKeysProblem` has it. */
  problem: { what: string; next: string } | undefined;
  /** Which of the keys the server accepts for the login; see `firstAccepted`. */
  firstAccepted: (login: string, keys: Buffer[]) => Promise<Buffer | undefined>;
}

export class AuthorizedKeys {
  constructor(
    private readonly connection: SshConnection,
    private readonly options: AuthorizedKeysOptions,
  ) {}

  /** False if only whether the server accepts a key can be found out. */
  get areReachable(): boolean {
    return this.options.problem === undefined;
  }

  /** The content; empty if there is no file, undefined if there is no account or no directory for it. */
  async read(login: string): Promise<string | undefined> {
    const { answer, content } = await this.#ask(login, "read\n");
    if (answer === "read") return content;
    if (answer === "absent") return "";
    if (answer === "noAccount" || answer === "noDirectory") return undefined;
    throw this.#refused(login, answer);
  }

  /** The same, once BOA has made the account and its directory: the password file comes first. */
  readWhenMade(login: string): Promise<string> {
    const { pollSeconds, accountMinutes } = this.options;
    const server = this.connection.label;
    const wait = `the home of ${login} and its directory .ssh`;
    const expired = () =>
      new AegirError({
        code: "waitExpired",
        what: `waited ${accountMinutes} min for ${wait}, which BOA's account cron makes`,
        server,
        outcome: "notDone",
        next: "Run the same command again: it continues to wait",
      });
    return pollUntilFound(() => this.read(login), {
      ...{ wait, server, pollSeconds, accountMinutes, expired },
      outcome: "notDone",
    });
  }

  /**
   * Replaces `text`, which was read before, by what `edit` makes of it, unless that is the same. If the file has changed
   * since, reads it again first.
   */
  async edit(login: string, text: string, edit: (text: string) => string): Promise<void> {
    let old: string | undefined = text;
    for (let tries = 1; old !== undefined && edit(old) !== old; tries++) {
      const content = Buffer.from(edit(old), "latin1");
      // It could never be read again, and no key be taken away.
      if (content.length > MOST_KEY_BYTES) throw this.#refused(login, "tooLarge");
      const expected = old === "" ? "-" : createHash("sha256").update(old, "latin1").digest("hex");
      const head = `${expected}\n${content.length}\n`;
      const { answer } = await this.#ask(login, Buffer.concat([Buffer.from(head), content]));
      if (answer === "written" || answer === "noAccount" || answer === "noDirectory") return;
      if (answer !== "changed" || tries === MOST_TRIES) throw this.#refused(login, answer);
      old = await this.read(login);
    }
  }

  /** Those of these keys that the server lets in, for whatever reason. */
  async accepted(login: string, keys: readonly AuthorizedKey[]): Promise<AuthorizedKey[]> {
    const accepted: AuthorizedKey[] = [];
    for (let asked = keys; ; asked = keys.filter((key) => !accepted.includes(key))) {
      const key = await this.#firstAccepted(login, asked);
      if (key === undefined) return accepted;
      accepted.push(key);
    }
  }

  /** @throws AegirError `notApplied` if the server still lets one of them in */
  async requireRefused(login: string, keys: readonly AuthorizedKey[]): Promise<void> {
    const key = await this.#firstAccepted(login, keys);
    if (key) throw this.#stillAccepted(login, key, "the server still accepts it for another reason", BY_HAND);
  }

  /** @param stack the other stack that has it there; undefined if it was added by hand */
  leftByOthers(login: string, key: AuthorizedKey, stack: string | undefined): AegirError {
    if (stack === undefined) {
      return this.#stillAccepted(
        login,
        key,
        "a line of its authorized_keys that this program did not write has it",
        BY_HAND,
      );
    }
    return this.#stillAccepted(
      login,
      key,
      `the stack ${stack} declares it too`,
      "Remove the key there as well and deploy that stack, then run the same command again",
    );
  }

  /** @param why a clause */
  #stillAccepted(login: string, key: AuthorizedKey, why: string, next: string): AegirError {
    return new AegirError({
      code: "notApplied",
      what: `the key ${describeKey(key)} can still log in as ${login}: ${why}`,
      server: this.connection.label,
      outcome: "done",
      next,
      detail: { login, fingerprint: key.fingerprint },
    });
  }

  /** A key that was written and is not there any more. */
  notWritten(login: string, key: AuthorizedKey): AegirError {
    return new AegirError({
      code: "changedMeanwhile",
      what: `the key ${describeKey(key)} was added to ${login} and is not there any more`,
      server: this.connection.label,
      outcome: "unknown",
      next: "Find out who else changes the login's authorized_keys, then run the same command again",
      detail: { login, fingerprint: key.fingerprint },
    });
  }

  async #firstAccepted(login: string, keys: readonly AuthorizedKey[]): Promise<AuthorizedKey | undefined> {
    const accepted = await this.options.firstAccepted(
      login,
      keys.map(({ blob }) => Buffer.from(blob, "base64")),
    );
    return keys.find(({ blob }) => accepted?.toString("base64") === blob);
  }

  async #ask(login: string, request: string | Buffer): Promise<{ answer: KeyAnswer; content: string }> {
    const { problem } = this.options;
    if (problem) {
      throw new AegirError({
        code: "notConfigured",
        what: `the keys of ${login} cannot be managed: ${problem.what}`,
        server: this.connection.label,
        outcome: "notDone",
        next: problem.next,
      });
    }
    const stdin = Buffer.concat([Buffer.from(`${login}\n`), Buffer.from(request)]);
    const limits = { deadlineSeconds: DEADLINE_SECONDS, maxOutputBytes: 2 * MOST_KEY_BYTES };
    const { stdout, stderr, exitCode } = await this.connection.run(KEY_SCRIPT, stdin, limits);
    const [, word = "", content = ""] =
      new RegExp(`^${KEY_MARK} (\\w+)(?: ([A-Za-z0-9+/=]*))?$`, "m").exec(stdout) ?? [];
    if (word === "read") return { answer: "read", content: Buffer.from(content, "base64").toString("latin1") };
    const answer = WORDS.find((each) => each === word);
    if (answer !== undefined) return { answer, content: "" };
    throw new AegirError({
      code: "serverFailed",
      what: `the authorized_keys of ${login} could not be reached: the command ended with exit code ${exitCode} and printed "${printable(stderr.trim(), 300)}"`,
      server: this.connection.label,
      outcome: "unknown",
      next: "Check that root's login runs commands and that bash, runuser, base64 and sha256sum are installed, then run the same command again",
    });
  }

  #refused(login: string, answer: KeyAnswer): AegirError {
    const reason = REASONS[answer] ?? "it was changed again and again meanwhile";
    return new AegirError({
      code: "serverFailed",
      what: `the authorized_keys of ${login} could not be changed: ${reason}`,
      server: this.connection.label,
      outcome: "notDone",
      next: "Look at the directory .ssh in the login's home, then run the same command again",
      detail: { login, answer },
    });
  }
}
