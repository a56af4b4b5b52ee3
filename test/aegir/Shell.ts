/**
 * The shell of the login that runs Drush: who a command line runs as, which Drush it finds, which aliases that one knows,
 * and what stands there instead of a shell when it is made to fail.
 */
import { posix } from "node:path";
import { SHELL_PROBE } from "../../provider/aegir/whyNoWorker";
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
  /** Further aliases, of sites that are no front end. */
  siteAliases: () => string[];
}

/** What a command line comes to. */
export type Ran =
  | { started: "worker"; frontEnd: boolean }
  | { started: "queue" }
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
    const { login } = this.machine;
    switch (this.faults.shell) {
      case "nologin":
        return ended(1, "This account is currently not available.\n");
      case "limited":
        return ended(1, "", `lshell: forbidden command over SSH: "${commandLine.split(" ")[0]}"\n`);
      case "websh":
        return commandLine.includes("drush") && commandLine !== SHELL_PROBE
          ? ended(0, "This command is not available\n")
          : this.runAs(login, commandLine);
      case "bash":
        return this.runAs(login, commandLine);
    }
  }

  private runAs(user: string, commandLine: string): Ran {
    if (commandLine === SHELL_PROBE) return this.probe(user);
    const su = /^su -s \/bin\/bash - (\S+) -c "(.*)"$/.exec(commandLine);
    if (su) {
      if (user !== "root") return ended(1, "", "Password: su: Authentication failure\n");
      if (!(su[1]! in this.machine.homes)) {
        const why = "does not exist or the user entry does not contain all the required fields";
        return ended(1, "", `su: user ${su[1]} ${why}\n`);
      }
      return this.drush(su[1]!, su[2]!.replaceAll('\\"', '"'), true);
    }
    const sudo = /^sudo (?:-n )?-u (\S+) (-H )?(.*)$/.exec(commandLine);
    if (sudo) {
      if (!(sudo[1]! in this.machine.homes)) return ended(1, "", `sudo: unknown user ${sudo[1]}\n`);
      if (this.faults.sudoRefused) return ended(1, "", "sudo: a password is required\n");
      return this.drush(sudo[1]!, sudo[3]!, sudo[2] !== undefined, "sudo");
    }
    return this.drush(user, commandLine, this.machine.home === undefined);
  }

  /** @param atHome whether HOME is the user's own */
  private drush(user: string, commandLine: string, atHome: boolean, become?: "sudo"): Ran {
    const [command = "", ...words] = commandLine.split(" ");
    const version = this.found(command);
    if (version === undefined) {
      return become === "sudo"
        ? ended(1, "", `sudo: ${command}: command not found\n`)
        : ended(127, "", `bash: line 1: ${command}: command not found\n`);
    }
    const aliases = user === this.machine.owner && atHome ? [...FRONT_END, ...this.machine.siteAliases()] : [];
    if (words.join(" ") === "--version") return ended(0, ` Drush Version   :  ${version} \n\n`);
    if (words.join(" ") === "site-alias") return ended(0, [...aliases, "@none"].join("\n"));
    const [alias = "", ...rest] = words;
    const verb = rest.join(" ");
    if (!aliases.includes(alias) || !version.startsWith("8.")) {
      return ended(1, "", `Could not find the alias ${alias}                    [error]\n`);
    }
    if (this.faults.overloads > 0) {
      this.faults.overloads--;
      return ended(1, "", "load on system too heavy (10.5 12.1 9.8), aborting                     [error]\n");
    }
    const frontEnd = FRONT_END.includes(alias);
    if (verb === "core-status") return ended(0, this.status(alias, frontEnd));
    if (verb === "hosting-tasks" && frontEnd) return { started: "queue" };
    if (verb === WORKER_ARGUMENTS) return { started: "worker", frontEnd: frontEnd && !this.faults.databaseDown };
    return ended(1, "", `The drush command '${verb}' could not be found.\n`);
  }

  private found(command: string): string | undefined {
    const { path, drush } = this.machine;
    const paths = command.includes("/")
      ? [command]
      : path.split(":").map((directory) => posix.join(directory, command));
    return drush[paths.find((each) => each in drush) ?? ""];
  }

  private status(alias: string, frontEnd: boolean): string {
    const database = this.faults.databaseDown
      ? ""
      : " Database                        :  Connected\n Drupal bootstrap                :  Successful\n";
    const uri = frontEnd ? "http://o1.aegir.example.com" : `http://${alias.slice(1)}`;
    return ` Drupal version                  :  7.105\n Site URI                        :  ${uri}\n${database}`;
  }

  /** What bash answers to the provider's question; that it does is tested with a real one. */
  private probe(user: string): Ran {
    const { path, drush, owner, homes, home } = this.machine;
    const lines = [
      `user ${user}`,
      `home ${home ?? homes[user] ?? "/"}`,
      `path ${path}`,
      ...Object.keys(drush).map((file) => `drush ${file}`),
      `aegir ${owner} ${homes[owner]}`,
    ];
    return ended(0, lines.map((line) => `aegir-access-probe ${line}\n`).join(""));
  }
}
