import { AegirError } from "../aegir/AegirError";
import { parseUnpinned } from "../aegir/unpinnedHosts";
import { instanceOf, readAddress } from "../aegir/ServerConfiguration";
import { inspectServer, type NamedPinning, type ServerInspection } from "../inventory/ServerInspection";
import { printable } from "../text/printable";
import { defineCommand, UsageError } from "./Command";
import { doctorReport, type DoctorFacts } from "./doctorReport";
import { ExitCode } from "./ExitCode";
import type { UncheckedServers } from "./serverFiles";
import { SERVER_OPTIONS, uncheckedServers } from "./serverOptions";

/** `aegir-access doctor`: what can be managed on a server. */
export const doctor = defineCommand({
  name: "doctor",
  summary: "checks a server: what can be managed there, and what prevents the rest",
  description: [
    "Logs in with the configured logins and changes nothing. Shows the logins, the versions, and what each of the four " +
      "resources can do, with the reason if it cannot. Scripts can use the exit code.",
    "If the host key of a server is not pinned, the connection ends after the key exchange, before any login. The output " +
      "then shows the fingerprint, how to compare it, and the lines to write.",
    "Credentials come from the same places as in a deployment: the environment (AEGIR_<SERVER>_PRIVATE_KEY, " +
      "AEGIR_PRIVATE_KEY, ..._PASSWORD), then an agent, then the configuration. Values that Pulumi has encrypted cannot be " +
      "read here.",
  ],
  options: {
    ...SERVER_OPTIONS,
    host: {
      type: "string",
      value: "HOST",
      help: "a server that is not configured yet; LOGIN@HOST:PORT works too",
    },
    port: { type: "string", value: "PORT", help: "the port of that server (default: 22)" },
    user: {
      type: "string",
      value: "LOGIN",
      help: "the login on that server, for example aegir, or o1.ftp for a hosted account",
    },
    "host-key": {
      type: "string",
      value: "KEY",
      help: "the pinned key of that server: SHA256:..., or a line of a known_hosts file",
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
    ["doctor --config servers.yaml --server main --json", "one server of a file, for a script"],
  ],
  async run({ values }, { directory, progress }) {
    const found = values.host === undefined ? uncheckedServers(values, directory) : serverOfOptions(values);
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
  },
});

/** The worst of several servers counts. */
const EXIT_CODES_OF_VERDICTS = {
  ready: ExitCode.ok,
  limited: ExitCode.found,
  unusable: ExitCode.failed,
  notPinned: ExitCode.notPinned,
  decommissioned: ExitCode.ok,
} as const;

interface ConnectionOptions {
  host?: string | undefined;
  port?: string | undefined;
  user?: string | undefined;
  "host-key"?: string | undefined;
  stack?: string | undefined;
  config?: string | undefined;
}

function serverOfOptions({
  host,
  port,
  user,
  "host-key": hostKey,
  stack,
  config,
}: ConnectionOptions): UncheckedServers {
  if (stack !== undefined || config !== undefined) {
    throw new UsageError("--host is for a server that is not configured. Use either --host, or --stack or --config.");
  }
  const address = readAddress(host ?? "");
  const login = user ?? (typeof address === "string" ? undefined : address.user);
  if (login === undefined) throw new UsageError("--host needs --user, the login on that server.");
  const connection = { host, ...(port !== undefined && { port: Number(port) }), user: login, hostKey };
  // The main account of a BOA instance reads password files, and cannot run Drush.
  const instance = instanceOf(login);
  const server = instance === undefined ? { connection } : { accounts: { instance, connection } };
  return { servers: { main: server }, origin: "the command line", encrypted: [] };
}

function pinningOf(name: string, value: unknown, { origin, encrypted }: UncheckedServers): NamedPinning {
  try {
    return { name, ...parseUnpinned(name, value) };
  } catch (error) {
    if (!(error instanceof AegirError)) throw error;
    const secret = encrypted.length > 0 ? ` Encrypted, and so not read: ${encrypted.join(", ")}.` : "";
    throw new UsageError(`${printable(origin)}: ${error.what}.${secret}`);
  }
}
