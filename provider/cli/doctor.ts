import { AegirError } from "../aegir/AegirError";
import { instanceOf } from "../aegir/ServerConfiguration";
import { parseUnpinned } from "../aegir/unpinnedHosts";
import { inspectServer, type NamedPinning, type ServerInspection } from "../inventory/ServerInspection";
import { printable } from "../text/printable";
import { type CommandContext, type CommandResult, defineCommand, UsageError } from "./Command";
import { CONNECTION_OPTIONS, connectionOf, type ConnectionOptions } from "./connectionOptions";
import { allWork, examineLogins, loginsReport } from "./doctorLogins";
import { type DoctorFacts, doctorReport } from "./doctorReport";
import { ExitCode } from "./ExitCode";
import { MANIFEST_USAGE } from "./manifestOptions";
import type { UncheckedServers } from "./serverFiles";
import { CHOOSE_SERVER, SERVER_OPTIONS, type ServerOptions, uncheckedServers } from "./serverOptions";

/** `aegir-access doctor`: what can be managed on a server. */
export const doctor = defineCommand({
  name: "doctor",
  summary: "checks a server: what can be managed there, and what prevents the rest",
  description: [
    "Logs in with the configured logins and changes nothing. Shows the logins, the versions, and what each of the four " +
      "resources can do, with the reason if it cannot. Scripts can use the exit code.",
    "If the host key of a server is not pinned, the connection ends after the key exchange, before any login. The output " +
      "then shows the fingerprint, how to compare it, and the lines to write.",
    "With --logins, also logs in over SFTP as each shell account that the manifest declares, once, with the password of its file: " +
      "works, expired, changed by its holder, refused. BOA blocks an address after a few rejected passwords, so the first refusal " +
      "ends it. Looks at FTPS as far as the TLS handshake on port 21.",
    "Credentials come from the same places as in a deployment: the environment (AEGIR_<SERVER>_PRIVATE_KEY, " +
      "AEGIR_PRIVATE_KEY, ..._PASSWORD), then an agent, then the configuration. Values that Pulumi has encrypted cannot be " +
      "read here.",
  ],
  operands: { usage: `[${MANIFEST_USAGE}], with --logins`, least: 0, most: 1 },
  options: {
    ...SERVER_OPTIONS,
    ...CONNECTION_OPTIONS,
    logins: {
      type: "boolean",
      help: "logs in once as each login that the manifest declares, with the password of its file",
    },
  },
  exitCodes: {
    [ExitCode.ok]: "everything in the configuration can be managed",
    [ExitCode.found]: "something cannot be managed, or a deployment would have to wait",
    [ExitCode.failed]: "connection, login or Drush failed on a server: nothing can be managed there",
    [ExitCode.notPinned]: "a host key is not pinned; the output shows its fingerprint, and no credentials were sent",
  },
  examples: [
    ["doctor --host aegir.example.com --user aegir", "first connection: prints the fingerprint to pin"],
    ["doctor --stack production", "every server of Pulumi.production.yaml"],
    ["doctor --stack production --logins", "also whether the logins in access.yaml let their holders in"],
    ["doctor --config servers.yaml --server main --json", "one server of a file, for a script"],
  ],
  async run({ values: { logins = false, ...values }, operands }, context) {
    const { directory, progress } = context;
    if (!logins && operands.length > 0) throw new UsageError(`Expected arguments: none. ${CHOOSE_SERVER}`);
    if (logins && values.host !== undefined) throw new UsageError("--logins needs a configured server, not --host.");
    const found = values.host === undefined ? uncheckedServers(values, directory) : serverOfOptions(values);
    const examined = await examineServers(found, progress);
    if (!logins || examined.exitCode >= ExitCode.failed) return examined;
    const { stack, cwd, config } = values;
    const tried = await examineLogins(operands[0], { stack, cwd, config }, context);
    return {
      exitCode: allWork(tried) ? examined.exitCode : ExitCode.found,
      facts: { ...examined.facts, logins: tried },
      text: (style) => [examined.text(style), loginsReport(tried, style)].join("\n\n"),
    };
  },
});

/** Looks at one server after the other, and changes nothing. */
export async function examineServers(
  found: UncheckedServers,
  progress: CommandContext["progress"],
): Promise<CommandResult & { facts: DoctorFacts }> {
  // A mistake in the configuration is found before any server is asked.
  const pinnings = Object.entries(found.servers).map(([name, value]) => pinningOf(name, value, found));
  const servers: ServerInspection[] = [];
  for (const pinning of pinnings) {
    if (pinning.configuration.decommissioned === undefined) progress(`looking at ${pinning.name} ...`);
    servers.push(await inspectServer(pinning));
  }
  const facts: DoctorFacts = { origin: found.origin, encrypted: found.encrypted, servers };
  const codes = servers.map(({ verdict }) => EXIT_CODES_OF_VERDICTS[verdict]);
  return { exitCode: Math.max(...codes) as ExitCode, facts, text: (style) => doctorReport(facts, pinnings, style) };
}

/** The worst of several servers counts. */
const EXIT_CODES_OF_VERDICTS = {
  ready: ExitCode.ok,
  limited: ExitCode.found,
  unusable: ExitCode.failed,
  notPinned: ExitCode.notPinned,
  decommissioned: ExitCode.ok,
} as const;

function serverOfOptions({ stack, config, ...options }: ServerOptions & ConnectionOptions): UncheckedServers {
  if (stack !== undefined || config !== undefined) {
    throw new UsageError("--host is for a server that is not configured. Use either --host, or --stack or --config.");
  }
  const connection = connectionOf(options);
  if (connection.user === undefined) throw new UsageError("--host needs --user, the login on that server.");
  // The main account of a BOA instance reads password files, and cannot run Drush.
  const instance = instanceOf(connection.user);
  const server = instance === undefined ? { connection } : { accounts: { instance, connection } };
  return { servers: { main: server }, origin: "the command line", encrypted: [] };
}

/** @throws UsageError for a mistake in the configuration */
export function pinningOf(
  name: string,
  value: unknown,
  { origin, encrypted }: Pick<UncheckedServers, "origin" | "encrypted">,
): NamedPinning {
  try {
    return { name, ...parseUnpinned(name, value) };
  } catch (error) {
    if (!(error instanceof AegirError)) throw error;
    const secret = encrypted.length > 0 ? ` Encrypted, and so not read: ${encrypted.join(", ")}.` : "";
    throw new UsageError(`${printable(origin)}: ${error.what}.${secret}`);
  }
}
