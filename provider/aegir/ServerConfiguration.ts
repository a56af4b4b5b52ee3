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
import { PASSWORD_DAYS } from "../naming/RotationByAge";
import { ConnectionArgs } from "../ssh/ConnectionArgs";
import { printable } from "../text/printable";
import { AegirError } from "./AegirError";

/** Reads an address as people write it, like the `host` of a connection. */
export { readAddress } from "../ssh/address";

/** The configuration key, in its full namespaced form. */
export const SERVERS_KEY = "aegir:servers";

const Drush = z
  .strictObject({
    command: z
      .string()
      .regex(/^[\w@%+=:,./ -]+$/, "must be words, paths and options only, without quotes or shell characters")
      .default("drush")
      .meta({ description: "The Drush command: its name or path, and options." }),
    alias: z
      .string()
      .regex(/^@[\w.-]+$/, "must be a Drush site alias such as @hostmaster")
      .default("@hostmaster")
      .meta({ description: "The site alias of the front end. `@hm` works as well." }),
    runAs: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be a system user, such as "aegir" or "o1"')
      .optional()
      .meta({
        description:
          "The system user that owns the front end (`aegir`, or `o1` on BOA), if that is not the login. Root becomes it " +
          "through `su`, another login through `sudo`, which must allow it.",
      }),
  })
  .refine(({ runAs, command }) => runAs === undefined || !/^(\S*\/)?(sudo|su|runuser) /.test(command), {
    path: ["command"],
    message: "must be Drush alone if runAs names the user that it runs as",
  })
  .meta({ title: "Drush" })
  .prefault({})
  .meta({ description: "How Drush is run on the server." });

/**
 * The instance whose main account this login is: its limited shell does not run Drush on the front end
 * (docs/aegir.md#limited-shell).
 */
export function instanceOf(login: string): string | undefined {
  return /^([a-z][a-z0-9]*)\.ftp$/.exec(login)?.[1];
}

const Accounts = z
  .strictObject({
    instance: z
      .string()
      .regex(/^[a-z][a-z0-9]*$/, 'must be the system user of the Octopus instance, such as "o1"')
      .meta({ description: "The Octopus instance whose clients have these logins: the `o1` of `o1.foo`." }),
    connection: ConnectionArgs.optional().meta({
      description:
        "The login that may read and delete password files: `o1.ftp`, or root. The default is the server's `connection`.",
    }),
    directory: z
      .string()
      .startsWith("/")
      .optional()
      .meta({
        description:
          "The directory of the password files, as that login's SFTP shows it. The default is `users` in the home of the " +
          "instance's main account.",
      }),
    passwordDays: z.number().int().min(1).max(9999).default(PASSWORD_DAYS).meta({
      description: "Days that the password of a shell account lasts on this server.",
    }),
    rotationsPerRun: z
      .number()
      .int()
      .min(1)
      .default(5)
      .meta({
        description:
          "How many passwords a deployment rotates at most because of their age. The rest waits for the next one. Rotations " +
          "that failed the last time are counted apart.",
      }),
    host: z.string().min(1).optional().meta({
      description: "The host name for the users of shell accounts. The default is the host of the connection.",
    }),
  })
  .refine(({ instance, connection }) => [undefined, instance].includes(instanceOf(connection?.user ?? "")), {
    path: ["connection", "user"],
    message: "is the main account of another instance, which cannot see the password files of this one",
  })
  .meta({ title: "Accounts" });

const Waits = z
  .strictObject({
    pollSeconds: z.number().positive().default(10).meta({
      description: "Longest interval between two checks of a wait, in seconds. The first checks come earlier.",
    }),
    taskMinutes: z.number().positive().default(15).meta({
      description: "Minutes without progress of a task or its queue after which a wait fails.",
    }),
    accountMinutes: z.number().positive().default(15).meta({
      description:
        "Minutes after which a wait for a shell account fails. BOA's cron runs every three minutes, and may be paused.",
    }),
  })
  .meta({ title: "Waits" })
  .prefault({})
  .meta({ description: "How long a deployment waits." });

export const ServerConfiguration = z
  .strictObject({
    connection: ConnectionArgs.optional().meta({
      description: "The login that runs Drush. Absent on a hosted account, where only shell accounts can be managed.",
    }),
    drush: Drush,
    accounts: Accounts.optional().meta({ description: "The shell accounts of a BOA server." }),
    clientPrefix: z
      .string()
      .regex(
        /^[a-z0-9_]{0,15}$/,
        "must be at most 15 characters of a-z, 0-9 and _: with others, Aegir renames a client at every save",
      )
      .default("")
      .meta({
        description: "The server's `hosting_client_prefix`, so that previews derive internal names as the server will.",
      }),
    waits: Waits,
    undoDriftUntil: z
      .string("must be a day in UTC, for example 2026-12-31")
      .refine((day) => dayProblems(day).length === 0, "must be a day in UTC, for example 2026-12-31")
      .optional()
      .meta({ description: "The last day (UTC) on which any number of changes made by hand is undone." }),
    decommissioned: z
      .string('must be the reason, for example "switched off on 2026-11-20, see OPS-123"')
      .regex(/\S/, "must say why")
      .max(200, "must be 200 characters or fewer")
      .optional()
      .meta({
        description:
          "Why this server is gone for good. Nothing connects to it: a resource that is removed from the program is only " +
          "dropped from the state, and no new one can be declared. The rest of the entry stays as it was.",
      }),
  })
  .refine((server) => server.connection ?? server.accounts?.connection, {
    message: "needs a connection: `connection` for Drush, or `accounts.connection` for shell accounts alone",
  })
  .meta({ title: "Server" });
export type ServerConfiguration = z.output<typeof ServerConfiguration>;

export const ServersSchema = z
  .record(
    z.string().regex(/^[a-z][a-z0-9-]*$/, "must be a name of lower-case letters, digits and dashes"),
    ServerConfiguration,
  )
  .refine((servers) => Object.keys(servers).length > 0, { message: "must name at least one server" })
  .meta({ description: "The Aegir servers of this stack, by name." });

export type ServerConfigurations = Record<string, ServerConfiguration>;

const howToConfigure =
  `Set \`${SERVERS_KEY}\` in the stack's configuration (see docs/servers.md of this package); destroy and refresh use the ` +
  "configuration of the last `pulumi up`, unless they run with --run-program";

/** What of a server's configuration says as whom it is reached; it may be unchecked. */
interface ServerUsers {
  accounts?: { connection?: { user?: string } | undefined } | undefined;
  connection?: { user?: string } | undefined;
}

/**
 * Why the keys of shell accounts cannot be managed with this configuration: clauses without a full stop; undefined if they
 * can. The main account could put a key there only by logging in as the client's login, with a password that anybody who
 * knows it may change (docs/aegir.md#account-keys).
 */
export function authorizedKeysProblem({
  accounts,
  connection,
}: ServerUsers): { what: string; next: string } | undefined {
  const user = (accounts?.connection ?? connection)?.user;
  if (accounts === undefined || user === undefined || user === "root") return undefined;
  return {
    what: `its accounts are reached as ${user}, and only root may write to the homes of the logins`,
    next: "Configure root as the user of accounts.connection, or remove the keys: on a hosted account, the people of a client add their own keys to the login",
  };
}

/**
 * Reads the value of `aegir:servers`.
 * @throws AegirError `notConfigured`, listing every problem with its path; never with values, since some are secret.
 */
export function parseServers(text: string | undefined): ServerConfigurations {
  if (text === undefined) throw notConfigured(`the configuration has no \`${SERVERS_KEY}\``);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notConfigured(`\`${SERVERS_KEY}\` is not a map of servers`);
  }
  const parsed = ServersSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${[SERVERS_KEY, ...issue.path].join(".")}: ${issue.message}`);
  throw notConfigured(`the configuration of the servers is invalid: ${problems.join("; ")}`);
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

/** Why `server` does not select a configured server; undefined if it does. */
export function serverSelectionProblem(servers: ServerConfigurations, server: string | undefined): string | undefined {
  const problem = selectionProblem(servers, server);
  return problem && `${problem}.`;
}

/** The same without the last full stop. */
function selectionProblem(servers: ServerConfigurations, server: string | undefined): string | undefined {
  const names = Object.keys(servers);
  if (server === undefined) {
    return names.length === 1
      ? undefined
      : `This stack has several servers (${names.join(", ")}). Choose one: server: "${names[0]}"`;
  }
  return Object.hasOwn(servers, server)
    ? undefined
    : `No server "${printable(server)}" is configured. The stack has: ${names.join(", ")}. To rename a server, configure it under both names for one \`pulumi up\``;
}

/** The name of a resource's server: the one that it names, or the only one. */
export function selectServer(servers: ServerConfigurations, server: string | undefined): string {
  const problem = selectionProblem(servers, server);
  if (problem) {
    const gone =
      server === undefined
        ? ""
        : ". Keep the entry of a server that is gone for good, with `decommissioned: <reason>`, until the state has no resource on it";
    throw notConfigured(`${problem}${gone}`);
  }
  return server ?? Object.keys(servers)[0]!;
}
