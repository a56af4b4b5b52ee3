/**
 * Finds out why no worker started. The failed start reports only "exit code 1"; a few harmless commands, constant command
 * lines, find the cause, so that the error can say what to write. They run only after a failure.
 */
import type { RunResult, SshConnection } from "../ssh/SshConnection";
import { SshError } from "../ssh/SshError";
import { printable } from "../text/printable";
import { WorkerNotStarted } from "../worker/WorkerNotStarted";
import { WorkerRefusal } from "../worker/WorkerRefusal";
import type { Drush } from "./Drush";
import { internalReason } from "./workerRefusals";

const PROBE_SECONDS = 30;
/** Starts every line of the probe's output; other lines are greetings or come from another program. */
const MARK = "aegir-access-probe";

/** Usual places of Drush 8 outside the PATH: Debian's package, BOA, Composer. */
const DRUSH_PLACES =
  "/usr/bin/drush8 /usr/bin/drush /usr/local/bin/drush8 /usr/local/bin/drush /opt/tools/drush/8/drush/drush.php";

/** Prints the shell's user, and where Drush and Aegir are. Without single quotes, which BOA's wrapper removes. */
export const SHELL_PROBE = [
  `echo "${MARK} user $(id -un)"`,
  `echo "${MARK} home $HOME"`,
  `echo "${MARK} path $PATH"`,
  `for f in ${DRUSH_PLACES}; do test -x $f && echo "${MARK} drush $f"; done`,
  `for f in drush drush8; do p=$(command -v $f) && echo "${MARK} drush $p"; done`,
  `for d in /var/aegir /data/disk/*; do test -d $d && echo "${MARK} aegir $(stat -c %U $d) $d"; done`,
].join("; ");

interface ShellFacts {
  user: string;
  home: string;
  path: string;
  /** Absolute paths. */
  drush: string[];
  /** Homes of Aegir installations, with the user that owns each. */
  aegirs: { owner: string; home: string }[];
}

/** What a shell printed for SHELL_PROBE; null if the answer is not from a shell. */
export function parseShellProbe(output: string): ShellFacts | null {
  const said = (what: string) =>
    [...output.matchAll(new RegExp(`^${MARK} ${what} (.*)$`, "gm"))].map(([, value]) => printable(value!.trim(), 200));
  const [user] = said("user");
  if (user === undefined) return null;
  const aegirs = said("aegir").map((line) => {
    const [owner = "", home = ""] = line.split(" ");
    return { owner, home };
  });
  return { user, home: said("home")[0] ?? "", path: said("path")[0] ?? "", drush: [...new Set(said("drush"))], aegirs };
}

/** The error of a worker's start, with its cause if one is found. */
export async function diagnoseStart(error: unknown, connection: SshConnection, drush: Drush): Promise<unknown> {
  const notBootstrapped = error instanceof WorkerRefusal && internalReason(error) === "bootstrap";
  if (notBootstrapped) {
    const what = "Drush has not started an Aegir front end";
    const explanation = await whyNoFrontEnd(connection, drush).catch(noAnswer);
    return new WorkerNotStarted(connection.label, "refusedByServer", what, null, "", explanation);
  }
  if (!(error instanceof WorkerNotStarted) || error.exitCode === null) return error;
  const { host, code, what, exitCode, noise } = error;
  const explanation = await findCause(connection, drush, error).catch(noAnswer);
  return new WorkerNotStarted(host, code, what, exitCode, noise, explanation);
}

/** A check that fails leaves the error as it was. */
function noAnswer(error: unknown): string {
  if (error instanceof SshError) return "";
  throw error;
}

async function findCause(connection: SshConnection, drush: Drush, { noise }: WorkerNotStarted): Promise<string> {
  // OpenSSH prints this instead of running the command (session.c, do_pwchange).
  if (/password has expired/.test(noise)) {
    return `The password of ${drush.login} has expired, which also blocks logins with a key. Change it: log in by hand, or ask root to run \`passwd ${drush.login}\``;
  }
  const refusal = becomingRefused(drush, noise);
  if (refusal !== null) return refusal;
  const ask = (line: string) => connection.run(line, "", { deadlineSeconds: PROBE_SECONDS });

  const answer = await ask(SHELL_PROBE);
  const shell = parseShellProbe(answer.stdout);
  if (shell === null) return noShell(drush, answer);
  const who = drush.runAs ?? shell.user;

  const version = await ask(drush.line("--version"));
  const [, major] = /drush\D*(\d+)\.\d+/i.exec(version.stdout) ?? [];
  if (major === undefined) return noDrush(drush, shell, version);
  if (major !== "8") {
    return `\`${drush.command}\` is Drush ${major}, but only Drush 8 runs Aegir's front end (Drupal 7). ${another(drush, shell)}`;
  }

  const aliases = printedAliases(await ask(drush.line("site-alias")));
  if (!aliases.includes(drush.alias)) return unknownAlias(drush, shell, who, aliases);
  return whyNoFrontEnd(connection, drush);
}

/** The cause if `sudo` or `su` refused to change the user. */
function becomingRefused(drush: Drush, noise: string): string | null {
  const { login, runAs = "another user" } = drush;
  if (/sudo: (unknown user|.*no such user)|su: user \S+ does not exist/.test(noise)) {
    return `The server has no system user ${runAs}. Plain Aegir runs as aegir, a BOA instance as o1, o2, ...`;
  }
  if (/sudo: (?:a password|a terminal|no tty)|not allowed to execute|not in the sudoers|may not run sudo/.test(noise)) {
    return `sudo does not let ${login} run this command as ${runAs} without a password. The documentation of this kind of server (plain Aegir, BOA) shows the sudoers line`;
  }
  if (/su: Authentication failure|su: must be run from a terminal|su: .*denied/i.test(noise)) {
    return `su does not let ${login} become ${runAs}. Log in as root, or allow it with a sudoers line and use sudo`;
  }
  return null;
}

function noShell(drush: Drush, { stdout, stderr, exitCode }: RunResult): string {
  const said = printable(`${stdout}${stderr}`.trim(), 200);
  return (
    `Other commands get the same answer (exit code ${exitCode}, ${said ? `"${said}"` : "printing nothing"}): this login's ` +
    `shell refuses commands, or its key is restricted to one (command= in authorized_keys, ForceCommand). Such a command must ` +
    `itself start Drush, as the documentation of this kind of server shows. If ${drush.login} is a system user without a login ` +
    `shell, such as o1 on BOA, log in as root or as a sudoer, with drush: { runAs: "${drush.login}" }`
  );
}

function noDrush(drush: Drush, shell: ShellFacts, { stdout, stderr, exitCode }: RunResult): string {
  const said = printable(`${stdout}${stderr}`.trim(), 200);
  if (/env: .*php|php: (command )?not found/i.test(said)) {
    return `Drush is there, but finds no PHP in the PATH of this login (${shell.path}): PHP must be in the PATH of commands over SSH, not only of login shells`;
  }
  if (exitCode === 0) {
    return `A wrapper prints "${said}" with exit code 0 instead of running Drush, as BOA's websh does for commands that it does not allow. ${another(drush, shell)}`;
  }
  if (/sudo: .*command not found/.test(said)) {
    return `sudo does not find \`${drush.command}\` in its secure_path. ${another(drush, shell)}`;
  }
  if (exitCode === 127) {
    return `\`${drush.command}\` is not in the PATH of ${shell.user} (${shell.path}). ${another(drush, shell)}`;
  }
  if (exitCode === 126) return `${shell.user} may not run \`${drush.command}\`. ${another(drush, shell)}`;
  return `\`${drush.command} --version\` ends with exit code ${exitCode}: "${said}"`;
}

/** Which Drush to configure instead. */
function another(drush: Drush, { drush: found }: ShellFacts): string {
  const others = found.filter((path) => path !== drush.command);
  // BOA's drush8, otherwise the first: only the paths are known.
  const best = others.find((path) => path.includes("8")) ?? others[0];
  return best === undefined
    ? 'No other Drush was found in the usual places; install Drush 8, or configure its path: drush: { command: "/path/to/drush" }'
    : `Write drush: { command: "${best}" }${others.length > 1 ? ` (found: ${others.join(", ")})` : ""}`;
}

function printedAliases({ stdout }: RunResult): string[] {
  return stdout.split("\n").flatMap((line) => /^@[\w.-]+$/.exec(line.trim())?.[0] ?? []);
}

function unknownAlias(drush: Drush, shell: ShellFacts, who: string, aliases: string[]): string {
  const known =
    aliases
      .filter((alias) => alias !== "@none")
      .slice(0, 10)
      .join(", ") || "none";
  const what = `Drush does not know the alias ${drush.alias} as ${who}; it knows: ${known}`;
  const own = shell.aegirs.find(({ owner }) => owner === who);
  const others = shell.aegirs.filter(({ owner }) => owner !== who && owner !== "root");
  const frontEnd = ["@hostmaster", "@hm"].find((alias) => aliases.includes(alias));
  if (frontEnd !== undefined) return `${what}. Write drush: { alias: "${frontEnd}" }`;
  if (/\bsudo\b/.test(drush.command) && !/ -H\b/.test(drush.command)) {
    return `${what}. sudo keeps the HOME of ${drush.login}, which does not have the aliases of ${who}. Write drush: { runAs: "${who}" } instead of sudo`;
  }
  if (own !== undefined && own.home !== shell.home) {
    return `${what}. HOME is ${shell.home}, but ${who}'s aliases are in ${own.home}/.drush: set HOME=${own.home} for commands over SSH`;
  }
  if (own === undefined && others.length > 0) {
    const homes = others.map(({ owner, home }) => `${owner} (${home})`).join(", ");
    return `${what}. Aegir there belongs to ${homes}: log in as that user, or write drush: { runAs: "${others[0]!.owner}" }, which needs root or a sudoers line`;
  }
  return `${what}. Drush must run as the user that owns Aegir, with its HOME`;
}

/** Drush and the alias are there, and no front end starts. */
async function whyNoFrontEnd(connection: SshConnection, drush: Drush): Promise<string> {
  const line = drush.onFrontEnd("core-status");
  const { stdout, stderr } = await connection.run(line, "", { deadlineSeconds: PROBE_SECONDS });
  if (!/Database\s*:\s*Connected/.test(stdout)) {
    return `The database of the front end ${drush.alias} does not answer, or its settings name another one. Start the database, or correct the settings`;
  }
  if (/Drupal bootstrap\s*:\s*Successful/.test(stdout)) {
    const uri = /Site URI\s*:\s*(\S+)/.exec(stdout)?.[1];
    return `The alias ${drush.alias} starts Drupal${uri ? ` at ${printable(uri, 200)}` : ""}, which is not an Aegir front end: its hosting modules are not enabled. Write the alias of the front end`;
  }
  const said = printable(`${stdout}${stderr}`.trim(), 300);
  return `The database answers, but Drupal does not start: "${said}"`;
}
