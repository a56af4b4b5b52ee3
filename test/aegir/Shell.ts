/**
 * The shell of the login that runs Drush: who a command line runs as, which Drush it finds, which aliases that one knows,
 * and what is there instead of a shell when it is made to fail.
 */
import { posix } from "node:path";
import { SHELL_PROBE } from "../../provider/aegir/diagnoseStart";
import { KEY_SCRIPT } from "../../provider/aegir/keyScript";
import { STATUS_COMMAND } from "../../provider/aegir/PasswordAge";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import type { Faults } from "./Faults";

/** How a machine is set up. */
export interface Machine {
  /** The login. */
  login: string;
  /** The system user that owns Aegir, and whose Drush knows its aliases. */
  owner: string;
  /** Homes by system user. */
  homes: Record<string, string>;
  /** The login's HOME, if its sessions do not see its own. */
  home?: string | undefined;
  /** Directories in which commands are looked for. */
  path: string;
  /** Every Drush there is, with its version. */
  drush: Record<string, string>;
  /** What `passwd` says of every account. */
  passwordStatus: () => string;
  /** Further aliases, of sites that are not a front end. */
  siteAliases: () => string[];
}

/** What a command line starts. */
export type Ran =
  | { started: "worker"; frontEnd: boolean }
  | { started: "queue" }
  | { started: "keys" }
  | { started: "nothing"; stdout: string; stderr: string; code: number };

const ended = (code: number, stdout: string, stderr = ""): Ran => ({ started: "nothing", stdout, stderr, code });

/** Aliases of the front end. */
const FRONT_END = ["@hostmaster", "@hm"];

export class Shell {
  constructor(
    private readonly machine: Machine,
    private readonly faults: Faults,
  ) {}

  run(commandLine: string): Ran {
    const { shell } = this.faults;
    if (shell === "nologin") return ended(1, "This account is currently not available.\n");
    if (shell === "limited") {
      return ended(1, "", `lshell: forbidden command over SSH: "${commandLine.split(" ")[0]}"\n`);
    }
    if (shell === "websh" && commandLine.includes("drush") && commandLine !== SHELL_PROBE) {
      return ended(0, "This command is not available\n");
    }
    return this.#bash(commandLine);
  }

  #bash(commandLine: string): Ran {
    const { login, homes, home } = this.machine;
    if (commandLine === SHELL_PROBE) return this.#probe();
    if (commandLine === STATUS_COMMAND) {
      return login === "root" ? ended(0, this.machine.passwordStatus()) : ended(1, "", "passwd: Permission denied.\n");
    }
    if (commandLine === KEY_SCRIPT) {
      return login === "root" ? { started: "keys" } : ended(1, "", "runuser: may not be used by non-root users\n");
    }
    const [, suUser, suCommand] = /^su -s \/bin\/bash - (\S+) -c "(.*)"$/.exec(commandLine) ?? [];
    if (suUser !== undefined && suCommand !== undefined) {
      if (login !== "root") return ended(1, "", "Password: su: Authentication failure\n");
      if (!(suUser in homes)) {
        const why = "does not exist or the user entry does not contain all the required fields";
        return ended(1, "", `su: user ${suUser} ${why}\n`);
      }
      return this.#drush(suUser, suCommand.replaceAll('\\"', '"'), true);
    }
    const [, sudoUser, atHome, sudoCommand] = /^sudo (?:-n )?-u (\S+) (-H )?(.*)$/.exec(commandLine) ?? [];
    if (sudoUser !== undefined && sudoCommand !== undefined) {
      if (!(sudoUser in homes)) return ended(1, "", `sudo: unknown user ${sudoUser}\n`);
      if (this.faults.sudoRefused) return ended(1, "", "sudo: a password is required\n");
      const command = sudoCommand.split(" ")[0] ?? "";
      if (this.#find(command) === undefined) return ended(1, "", `sudo: ${command}: command not found\n`);
      return this.#drush(sudoUser, sudoCommand, atHome !== undefined);
    }
    return this.#drush(login, commandLine, home === undefined);
  }

  /** @param atHome whether HOME is the user's own */
  #drush(user: string, commandLine: string, atHome: boolean): Ran {
    const [command = "", alias = "", ...rest] = commandLine.split(" ");
    const version = this.#find(command);
    if (version === undefined) return ended(127, "", `bash: line 1: ${command}: command not found\n`);
    const aliases = user === this.machine.owner && atHome ? [...FRONT_END, ...this.machine.siteAliases()] : [];
    if (alias === "--version") return ended(0, ` Drush Version   :  ${version} \n\n`);
    if (alias === "site-alias") return ended(0, [...aliases, "@none"].join("\n"));
    const verb = rest.join(" ");
    if (!aliases.includes(alias) || !version.startsWith("8.")) {
      return ended(1, "", `Could not find the alias ${alias}                    [error]\n`);
    }
    if (this.faults.overloads > 0) {
      this.faults.overloads--;
      return ended(1, "", "load on system too heavy (10.5 12.1 9.8), aborting                     [error]\n");
    }
    const frontEnd = FRONT_END.includes(alias);
    if (verb === "core-status") return ended(0, this.#status(alias, frontEnd));
    if (verb === "hosting-tasks" && frontEnd) return { started: "queue" };
    if (verb === WORKER_ARGUMENTS) return { started: "worker", frontEnd: frontEnd && !this.faults.databaseDown };
    return ended(1, "", `The drush command '${verb}' could not be found.\n`);
  }

  /** The version of the Drush that a command is; undefined if there is none. */
  #find(command: string): string | undefined {
    const { path, drush } = this.machine;
    const directories = command.includes("/") ? [""] : path.split(":");
    const file = directories.map((directory) => posix.join(directory, command)).find((each) => each in drush);
    return file && drush[file];
  }

  #status(alias: string, frontEnd: boolean): string {
    const database = this.faults.databaseDown
      ? ""
      : " Database                        :  Connected\n Drupal bootstrap                :  Successful\n";
    const uri = frontEnd ? "http://o1.aegir.example.com" : `http://${alias.slice(1)}`;
    return ` Drupal version                  :  7.105\n Site URI                        :  ${uri}\n${database}`;
  }

  /** What bash answers to the provider's question; that it does is tested with a real one. */
  #probe(): Ran {
    const { login, path, drush, owner, homes, home } = this.machine;
    const lines = [
      `user ${login}`,
      `home ${home ?? homes[login] ?? "/"}`,
      `path ${path}`,
      ...Object.keys(drush).map((file) => `drush ${file}`),
      `aegir ${owner} ${homes[owner]}`,
    ];
    return ended(0, lines.map((line) => `aegir-access-probe ${line}\n`).join(""));
  }
}
