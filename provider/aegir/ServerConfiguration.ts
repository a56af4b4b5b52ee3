/**
 * The servers of a stack, as its configuration names them under `aegir:servers`. Connections are configuration and
 * never resource inputs: a rotated key must not show up as a change of every resource, and must not lie in its state.
 *
 * ```yaml
 * config:
 *   aegir:servers:
 *     main:
 *       connection: { host: aegir.example.com, user: aegir, hostKey: "SHA256:..." }
 * ```
 */
import { z } from "zod";
import { dayProblems } from "../naming/Day";
import { printable } from "../text/printable";
import { ConnectionArgs } from "../ssh/ConnectionArgs";
import { AegirError } from "./AegirError";

/** Where a server is, by what a person wrote of it; the `host` of a connection is read in the same way. */
export { readAddress } from "../ssh/address";

/** The configuration key, in its full namespaced form. */
export const SERVERS_KEY = "aegir:servers";

const Drush = z
  .strictObject({
    /** How Drush is called: its name or path, and options. */
    command: z
      .string()
      .regex(/^[\w@%+=:,./ -]+$/, "may hold words, paths and options only: no quotes, no shell characters")
      .default("drush"),
    /** The site alias of the front end; `@hm` works as well. */
    alias: z
      .string()
      .regex(/^@[\w.-]+$/, "is a Drush site alias such as @hostmaster")
      .default("@hostmaster"),
    /**
     * The system user that owns the front end (`aegir`, or `o1` on BOA), where that is not the login: root becomes it
     * through `su`, another login through `sudo`, which must be allowed to.
     */
    runAs: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is a system user, such as "aegir" or "o1"')
      .optional(),
  })
  .refine(({ runAs, command }) => runAs === undefined || !/^(\S*\/)?(sudo|su|runuser) /.test(command), {
    path: ["command"],
    message: "is Drush alone where runAs says who it runs as",
  })
  .prefault({});

/**
 * The instance whose main account this login is: its limited shell runs no Drush of the front end
 * (docs/aegir.md#limited-shell).
 */
export function instanceOf(login: string): string | undefined {
  return /^([a-z][a-z0-9]*)\.ftp$/.exec(login)?.[1];
}

const Accounts = z
  .strictObject({
    /** The Octopus instance whose clients' logins these are: the `o1` of `o1.foo`. */
    instance: z.string().regex(/^[a-z][a-z0-9]*$/, 'is the system user of the Octopus instance, such as "o1"'),
    /** The login that may read and delete password files (`o1.ftp`, or root); the server's `connection` if absent. */
    connection: ConnectionArgs.optional(),
    /**
     * Where the password files lie, as that login's SFTP shows it. If absent: `users` in the home of the instance's main
     * account, whether that is the login, and shown as `/` or not, or root looks into it.
     */
    directory: z.string().startsWith("/").optional(),
    /** The name under which holders of an account reach it; the connection's host if absent. */
    host: z.string().min(1).optional(),
  })
  .refine(({ instance, connection }) => [undefined, instance].includes(instanceOf(connection?.user ?? "")), {
    path: ["connection", "user"],
    message: "is the main account of another instance, which sees none of this one's password files",
  });

const Waits = z
  .strictObject({
    /** Longest time between two looks at the server while something is waited for, in seconds; looks begin earlier. */
    pollSeconds: z.number().positive().default(10),
    /** Minutes without any progress of a task or of its queue after which a wait fails. */
    taskMinutes: z.number().positive().default(15),
    /** Minutes after which a wait for a shell account fails. BOA's cron runs every three minutes, and may be paused. */
    accountMinutes: z.number().positive().default(15),
  })
  .prefault({});

export const ServerConfiguration = z
  .strictObject({
    /** The login that runs Drush. Absent on a hosted account, where shell accounts alone can be managed. */
    connection: ConnectionArgs.optional(),
    drush: Drush,
    accounts: Accounts.optional(),
    /** The server's `hosting_client_prefix`, so that previews derive internal names as the server will. */
    clientPrefix: z
      .string()
      .regex(
        /^[a-z0-9_]{0,15}$/,
        "must be of a-z, 0-9 and _, at most 15: with anything else Aegir renames a client at every save",
      )
      .default(""),
    waits: Waits,
    /** The last day (UTC) on which changes made by hand are undone however many they are. */
    undoDriftUntil: z
      .string("must be a day in UTC, for example 2026-12-31")
      .refine((day) => dayProblems(day).length === 0, "must be a day in UTC, for example 2026-12-31")
      .optional(),
    /**
     * Why this server is gone for good. Nothing connects to it any more: what is removed from the program is only
     * forgotten, and nothing new can be declared on it. The rest of the entry stays as it was.
     */
    decommissioned: z
      .string('must be the reason, for example "switched off on 2026-11-20, see OPS-123"')
      .regex(/\S/, "must say why")
      .max(200, "must be 200 characters or fewer")
      .optional(),
  })
  .refine((server) => server.connection ?? server.accounts?.connection, {
    message: "needs a connection: `connection` for Drush, or `accounts.connection` for shell accounts alone",
  });
export type ServerConfiguration = z.output<typeof ServerConfiguration>;

const Servers = z
  .record(
    z.string().regex(/^[a-z][a-z0-9-]*$/, "is a name of lower-case letters, digits and dashes"),
    ServerConfiguration,
  )
  .refine((servers) => Object.keys(servers).length > 0, { message: "names no server" });

export type Servers = Record<string, ServerConfiguration>;

const howToConfigure =
  `Set \`${SERVERS_KEY}\` in the stack's configuration (README, "A first stack"); destroy and refresh know the ` +
  "configuration only as of the last `pulumi up`, unless they are given --run-program";

/**
 * Reads the value of `aegir:servers`.
 * @throws AegirError `notConfigured`, listing every problem with its path; values are never repeated, since some are secret.
 */
export function parseServers(text: string | undefined): Servers {
  if (text === undefined) throw notConfigured(`the configuration has no \`${SERVERS_KEY}\``);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notConfigured(`\`${SERVERS_KEY}\` is not a map of servers`);
  }
  const parsed = Servers.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${[SERVERS_KEY, ...issue.path].join(".")}: ${issue.message}`);
  throw notConfigured(`the configuration of the servers is wrong: ${problems.join("; ")}`);
}

function notConfigured(what: string): AegirError {
  return new AegirError({
    code: "notConfigured",
    what,
    server: "not known",
    outcome: "notDone",
    next: howToConfigure,
  });
}

/** Why `server` does not select one of the configured servers, or undefined if it does. */
export function serverSelectionProblem(servers: Servers, server: string | undefined): string | undefined {
  const problem = selectionProblem(servers, server);
  return problem && `${problem}.`;
}

/** The same without the last full stop. */
function selectionProblem(servers: Servers, server: string | undefined): string | undefined {
  const names = Object.keys(servers);
  if (server === undefined) {
    return names.length === 1
      ? undefined
      : `This stack has several servers (${names.join(", ")}). Say which one: server: "${names[0]}"`;
  }
  return Object.hasOwn(servers, server)
    ? undefined
    : `No server "${printable(server)}" is configured. The stack has: ${names.join(", ")}. A server that is renamed is configured under both names for one \`pulumi up\``;
}

/** The name of the server that a resource means: the one it names, or the only one there is. */
export function selectServer(servers: Servers, server: string | undefined): string {
  const problem = selectionProblem(servers, server);
  if (problem) {
    const gone =
      server === undefined
        ? ""
        : ". One that is gone for good keeps its entry, with `decommissioned: <reason>`, until the state holds nothing of it";
    throw notConfigured(`${problem}${gone}`);
  }
  return server ?? Object.keys(servers)[0]!;
}
