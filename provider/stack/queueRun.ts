import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";
import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { drushLine } from "../aegir/drushLine";
import type { Server, ServerProxy } from "../aegir/serverTypes";
import { allRegistered } from "../resources/allRegistered";
import type { SiteOwnership } from "../resources/SiteOwnership";

/**
 * Prepares to run a server's task queue once, after all owners are recorded, whenever one of them has changed.
 * `hosting-tasks` starts up to five of the queued tasks, and does not wait for them (hosting_run_queue,
 * hosting.queues.inc); so whatever is not known to be effective is warned of.
 *
 * @throws RunError if @pulumi/command is not installed, or cannot reach the server safely as it is configured
 */
export function queueRun(serverName: string, { connection, drush = {} }: Server): QueueRun {
  if (!connection) throw new pulumi.RunError("runQueue needs the server's `connection` in aegir:servers.");
  const { remote } = loadCommand();
  const { proxy } = connection;
  const { command: drushCommand = "drush", alias = "@hostmaster", runAs } = drush;
  const args = {
    connection: { ...strict(connection), proxy: proxy && strict(proxy) },
    create: drushLine(connection.user, { command: drushCommand, runAs }, `${alias} hosting-tasks`),
    // Else the server's text goes to the terminal as it is, and to its own environment at the next run.
    logging: remote.Logging.None,
    addPreviousOutputInEnv: false,
  };
  return async (ownerships) => {
    const known: (number | null)[] = [];
    for (const ownership of ownerships) {
      taskOf(ownership).apply((task) => known.push(task));
      ownership.applied.apply((applied) => {
        if (!applied) void pulumi.log.warn(NOT_SEEN, ownership);
      });
    }
    await allRegistered(ownerships);
    // What the engine tells of a resource is known just after its URN, or not at all.
    await setImmediate();
    const task = pulumi.runtime.isDryRun() ? pulumi.all(ownerships.map(taskOf)).apply(newest) : newest(known);
    return new remote.Command(`queue:${serverName}`, { ...args, triggers: [task] });
  };
}

/** An optional peer dependency: only who wants the queue to run has to install it. */
function loadCommand(): typeof command {
  try {
    return createRequire(__filename)("@pulumi/command") as typeof command;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new pulumi.RunError(
      'runQueue needs the package @pulumi/command, which is not installed. Run `npm install "@pulumi/command@^1.2.1"`, ' +
        "or remove runQueue: `pulumi config rm runQueue`.",
    );
  }
}

/** To be called with every ownership of the program. */
export type QueueRun = (ownerships: SiteOwnership[]) => Promise<pulumi.Resource>;

const taskOf = ({ verifyTask }: SiteOwnership) => verifyTask;

/** Node ids only grow, so neither the order of the manifest nor an adopted site makes another run. */
function newest(tasks: (number | null)[]): number {
  return Math.max(0, ...tasks.map((task) => task ?? 0));
}

const NOT_SEEN =
  "The owner is recorded; that the files are linked for it alone was not seen yet, and the client that lost the site " +
  "may still reach them. `pulumi up --refresh` looks again; if this stays, look at the site's verify task in the panel.";

/**
 * @pulumi/command takes one public key (no fingerprint), accepts any host without one, and tries rejected credentials
 * and host keys again as often as `dialErrorLimit` says.
 */
function strict<C extends ServerProxy>(connection: C): C & { hostKey: string; dialErrorLimit: number } {
  const lines = [connection.hostKey].flat().flatMap((text) => text.split("\n"));
  const keys = lines
    .filter((line) => !/^\s*[@#]/.test(line))
    .flatMap((line) => /(?:ssh|ecdsa)-\S+[ \t]+[A-Za-z0-9+/=]{40,}/.exec(line) ?? []);
  // It asks for RSA keys with SHA-1 only, which OpenSSH does not offer since 8.8.
  const hostKey = keys.find((key) => !key.startsWith("ssh-rsa")) ?? keys[0];
  // It takes the host as it is, where this package reads more out of it (provider/ssh/address.ts).
  if (/[\s@/[\]]|^[^:]*:[^:]*$|\.$/.test(connection.host)) {
    throw new pulumi.RunError(
      "runQueue needs each host as a name or an address alone: its user and its port go into user and port.",
    );
  }
  if (!hostKey) throw new pulumi.RunError("runQueue needs each hostKey as a public key or known_hosts line.");
  return { ...connection, hostKey, dialErrorLimit: 0 };
}
