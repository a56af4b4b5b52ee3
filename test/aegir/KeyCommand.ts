/**
 * What the provider's script for `authorized_keys` does on a server; that bash does the same is tested with a real sshd.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { KEY_MARK, type KeyAnswer } from "../../provider/aegir/keyScript";
import type { Disk } from "./Disk";
import { type Faults, Hold } from "./Faults";
import type { ShellAccounts } from "./ShellAccounts";
import type { Terminal } from "./WorkerProcess";

export class KeyCommand {
  #input = Buffer.alloc(0);
  #work: Promise<void> | undefined;
  #goneAway!: () => void;
  readonly #gone = new Promise<void>((resolve) => (this.#goneAway = resolve));

  constructor(
    private readonly server: { disk: Disk; faults: Faults; shellAccounts: ShellAccounts },
    private readonly terminal: Terminal,
  ) {}

  receive(piece: Buffer): void {
    this.#input = Buffer.concat([this.#input, piece]);
  }

  /** Standard input has ended. */
  end(): void {
    this.#work ??= this.#run();
  }

  abandon(): void {
    this.#goneAway();
  }

  async #run(): Promise<void> {
    const [login = "", expected = "", length = ""] = this.#input.toString("latin1").split("\n");
    const { disk, faults, shellAccounts } = this.server;
    const account = shellAccounts.get(login);
    if (!account) return this.#say("noAccount");
    const path = disk.real(`${account.home}/.ssh/authorized_keys`);
    if (!disk.exists(`${account.home}/.ssh`)) return this.#say("noDirectory");
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stat && !stat.isFile()) return this.#say("notAFile");
    const read = () => (fs.existsSync(path) ? fs.readFileSync(path) : Buffer.alloc(0));
    const old = read();
    if (expected === "read") return old.length === 0 ? this.#say("absent") : this.#say("read", old.toString("base64"));
    const content = this.#input.subarray([login, expected, length].join("\n").length + 1);
    if (content.length < Number(length)) return this.#say("cutOff");
    const fault = faults.takeRequest("authorizedKeys");
    const hold = fault instanceof Hold ? fault : undefined;
    if (hold?.moment === "begun" && !(await hold.stop(this.#gone))) return;
    const now = read();
    const sum = now.length === 0 ? "-" : createHash("sha256").update(now).digest("hex");
    if (sum !== expected) return this.#say("changed");
    if (faults.readOnlyFiles) return this.#say("denied");
    fs.writeFileSync(`${path}.new`, content.subarray(0, Number(length)), { mode: 0o600 });
    fs.renameSync(`${path}.new`, path);
    if (hold?.moment === "committed") await hold.stop(this.#gone);
    return this.#say("written");
  }

  #say(answer: KeyAnswer, content = ""): void {
    this.terminal.write(`${KEY_MARK} ${answer}${content && ` ${content}`}\n`);
    this.terminal.exit(0);
  }
}
