/** How `init` reaches a server that is not configured yet: from its options and, on a terminal, from answers. */
import { instanceOf, readAddress } from "../aegir/ServerConfiguration";
import { scanUnpinnedHosts } from "../aegir/unpinnedHosts";
import { type CommandOptions, type Terminal, UsageError } from "./Command";
import { CONNECTION_OPTIONS, connectionOf } from "./connectionOptions";
import { pinningOf } from "./doctor";
import { hostKeyText } from "./doctorReport";

export const WAY_IN_OPTIONS = {
  ...CONNECTION_OPTIONS,
  user: { ...CONNECTION_OPTIONS.user, help: "the login on that server: aegir, root, or one with sudo rights" },
  instance: {
    type: "string",
    value: "NAME",
    help: "the instance of a BOA server, for example o1; Drush runs as this user",
  },
  "run-as": {
    type: "string",
    value: "USER",
    help: "the system user that owns a plain Aegir, if that is not the login; Drush runs as this user",
  },
} as const satisfies CommandOptions;

export type WayInOptions = Partial<Record<keyof typeof WAY_IN_OPTIONS, string | undefined>>;

/** The options that are missing to configure a server, as a command line names them. */
export function missingWayIn(options: WayInOptions): string[] {
  const { host, user, hostKey } = connectionOf(options);
  return Object.entries({ "--host": host, "--user": user, "--host-key": hostKey }).flatMap(([name, value]) =>
    value === undefined ? [name] : [],
  );
}

/**
 * The entry of a server in the configuration, with a host key that was given or that a person has confirmed.
 * @param name the server's name in the configuration
 */
export async function pinnedServer(
  name: string,
  options: WayInOptions,
  terminal: Terminal | undefined,
): Promise<object | "not confirmed"> {
  const way = terminal === undefined ? options : await askWayIn(options, terminal);
  if (way["host-key"] !== undefined || terminal === undefined) return serverOf(way);
  const hostKey = await confirmedHostKey(name, serverOf(way), terminal);
  return hostKey === undefined ? "not confirmed" : serverOf({ ...way, "host-key": hostKey });
}

/** Shows the host key and how to compare it. Nothing has been sent to the server when this returns. */
async function confirmedHostKey(name: string, server: object, terminal: Terminal): Promise<string | undefined> {
  const pinning = pinningOf(name, server, { origin: "the answers", encrypted: [] });
  const shown = (await scanUnpinnedHosts(name, pinning)).find(({ path }) => path === "connection")!;
  terminal.print(`\n${hostKeyText(shown, terminal.style)}\n`);
  const answer = await terminal.ask("  Are the two the same? Type yes to pin this key");
  return answer.toLowerCase() === "yes" ? shown.fingerprint : undefined;
}

/** Asks for what the options leave open, except the host key. */
async function askWayIn(options: WayInOptions, terminal: Terminal): Promise<WayInOptions> {
  const host =
    options.host ??
    (await terminal.ask("Host name or address of the Aegir server", undefined, (answer) => {
      if (answer === "") return "The server needs a name or an address, for example aegir.example.com.";
      const address = readAddress(answer);
      return typeof address === "string" ? `The address ${address}.` : undefined;
    }));
  const known = { ...options, host };
  if (connectionOf(known).user !== undefined) return known;
  const instance =
    options.instance ??
    (options["run-as"] === undefined
      ? await terminal.ask("Instance, if it is a BOA server, for example o1 (empty for a plain Aegir)")
      : "");
  const user = await terminal.ask("SSH login there", instance === "" ? "aegir" : "root");
  if (instance !== "") return { ...known, user, instance };
  const runAs =
    options["run-as"] ?? (user === "aegir" ? user : await terminal.ask("System user that owns Aegir", "aegir"));
  return { ...known, user, "run-as": runAs };
}

/**
 * The entry of the server in the configuration; not checked yet, and with secrets nowhere in it.
 * @throws UsageError for a login that cannot run Drush
 */
function serverOf({ instance, "run-as": runAs, ...options }: WayInOptions): object {
  const given = { connection: connectionOf(options) };
  const { configuration } = pinningOf("main", given, { origin: "the server's options", encrypted: [] });
  const { host, port, user } = configuration.connection!;
  const place = { host, ...(port !== 22 && { port }) };
  const pin = { hostKey: given.connection.hostKey };
  const connection = { ...place, user, ...pin };
  const main = instanceOf(user);
  if (main !== undefined) {
    throw new UsageError(
      `The main account ${user} of a BOA instance cannot run Drush, so it cannot read who may reach which site. On a server of your ` +
        `own, give root or a login with sudo rights, and --instance ${main}. For a hosted account, see docs/hosted-boa.md of the package.`,
    );
  }
  if (instance === undefined) {
    return { connection, ...(runAs !== undefined && runAs !== user && { drush: { runAs } }) };
  }
  if (runAs !== undefined) throw new UsageError("--run-as is for a plain Aegir. On BOA, Drush runs as the --instance.");
  return {
    connection,
    drush: { command: "drush8", ...(user !== instance && { runAs: instance }) },
    // Root reads the password files as well; another login leaves them to the main account of the instance.
    accounts: { instance, ...(user !== "root" && { connection: { ...place, user: `${instance}.ftp`, ...pin } }) },
  };
}
