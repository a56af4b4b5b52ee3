/**
 * Logs in as shell accounts with the passwords of their files, once each. BOA blocks an address after a few rejected
 * passwords (docs/aegir.md#failed-logins), and that of a deployment is one to lose: the first refusal ends the trials.
 */
import { resolveConnection } from "../ssh/credentials";
import { SshConnection } from "../ssh/SshConnection";
import { SshError } from "../ssh/SshError";
import { OneLineError } from "../text/OneLineError";
import type { AegirServer } from "./AegirServer";
import type { PasswordAge } from "./PasswordAge";

/**
 * - `works`: it was let in, and sees its home
 * - `expired`: it was let in, and can do nothing but change its password
 * - `changedByHolder`: root sees that its user has changed the password; it was not tried
 * - `refused`: the password is wrong, or the login is blocked
 * - `missing`: it has no password file
 * - `failed`: something else went wrong, which `why` says
 * - `notTried`: an earlier trial was refused or failed, or the server accepts keys only
 */
export type LoginOutcome = "works" | "expired" | "changedByHolder" | "refused" | "missing" | "failed" | "notTried";

export interface LoginTrial {
  login: string;
  outcome: LoginOutcome;
  /** Empty where the outcome says everything. */
  why: string;
}

/** @param logins in the order of the result; those with the youngest passwords are tried first */
export async function tryLogins(server: AegirServer, logins: string[]): Promise<LoginTrial[]> {
  const { passwordFiles } = server;
  const ages = await passwordFiles.logins();
  const acceptsPasswords = await passwordFiles.sshAcceptsPasswords();
  const setAt = (login: string) => ages.get(login)?.passwordSetAt ?? "";
  const trials = new Map<string, LoginTrial>();
  let stopped = acceptsPasswords ? "" : "the server accepts keys only over SSH and SFTP";
  for (const login of [...logins].sort((one, other) => (setAt(one) < setAt(other) ? 1 : -1))) {
    const trial = stopped ? notTried(login, stopped) : await tryLogin(server, login, ages.get(login));
    if (!stopped && ["refused", "failed"].includes(trial.outcome)) stopped = `${login} was not let in before`;
    trials.set(login, trial);
  }
  return logins.map((login) => trials.get(login)!);
}

const notTried = (login: string, why: string): LoginTrial => ({ login, outcome: "notTried", why });

async function tryLogin(server: AegirServer, login: string, age: PasswordAge | undefined): Promise<LoginTrial> {
  if (age?.passwordChangedByHolder) return { login, outcome: "changedByHolder", why: "" };
  const found = await server.passwordFiles.read(login);
  if (!found) return { login, outcome: "missing", why: "" };
  const connection = connectionAs(server, login, found.password);
  try {
    await (await connection.sftp()).realpath(".");
    return { login, outcome: "works", why: "" };
  } catch (error) {
    if (!(error instanceof OneLineError)) throw error;
    if (!(error instanceof SshError)) return { login, outcome: "failed", why: error.message };
    if (error.code === "authenticationRejected") return { login, outcome: "refused", why: error.reason };
    return (await hasExpired(connection, error))
      ? { login, outcome: "expired", why: "" }
      : { login, outcome: "failed", why: error.reason };
  } finally {
    connection.end();
  }
}

/** The way of the connection to the password files, with the login's own name and password, and one attempt. */
function connectionAs({ name, configuration }: AegirServer, login: string, password: string): SshConnection {
  const { accounts, connection } = configuration;
  const args = (accounts?.connection ?? connection)!;
  const names = accounts?.connection ? [name, "accounts"] : [name];
  const { host, port } = args;
  return new SshConnection({ host, port, user: login }, () => {
    const way = resolveConnection(args, names);
    const authentication = { method: "password", from: "its password file", password: () => password } as const;
    return { ...way, label: `${login}@${host}:${port}`, user: login, authentication, dialErrorLimit: 0 };
  });
}

/** What sshd answers to every command of such a login, over the connection that is there already. */
async function hasExpired(connection: SshConnection, { code, reason }: SshError): Promise<boolean> {
  if (/password has expired/.test(reason) && code !== "refusedByServer") return true;
  if (code !== "refusedByServer") return false;
  try {
    const { stderr, stdout } = await connection.run("true", null, { deadlineSeconds: 20 });
    return /password has expired|password change required/i.test(`${stderr}${stdout}`);
  } catch (error) {
    if (error instanceof SshError) return false;
    throw error;
  }
}
