import { stringify } from "yaml";
import { AegirError } from "../aegir/AegirError";
import { AegirServer } from "../aegir/AegirServer";
import { duration } from "../text/duration";
import { examine, type Examination } from "../aegir/Examination";
import { firstContact, parseUnpinned, type Pinning, type UnpinnedConnection } from "../aegir/firstContact";
import { instanceOf, readAddress, SERVERS_KEY } from "../aegir/ServerConfiguration";
import { wrap } from "../text/wrap";
import { printable } from "../text/printable";
import { OneLineError } from "../text/OneLineError";
import { ExitCode } from "./ExitCode";
import { givenServers, SERVER_OPTIONS, type GivenServers } from "./givenServers";
import type { Style } from "../text/Style";
import { defineVerb, UsageError } from "./Verb";

/** A server that lacks a pin: what its connections showed. `problem`: why they could not be asked, else null. */
interface NotPinned {
  server: string;
  verdict: "notPinned";
  /** Paths of the connections without a hostKey. */
  missing: string[];
  shown: UnpinnedConnection[];
  problem: string | null;
}

/** A server that the configuration gives up; nothing is sent to it. */
interface Decommissioned {
  server: string;
  verdict: "decommissioned";
  /** Why, as the configuration says. */
  reason: string;
}

/** What `--json` prints. */
interface DoctorFacts {
  /** The file that was read, or "the command line". */
  origin: string;
  /** Paths of values that Pulumi has encrypted, and that could not be read here. */
  encrypted: string[];
  servers: (Examination | NotPinned | Decommissioned)[];
}

const WIDTH = 100;
/** Characters of what may quote a server. */
const LONGEST = 4000;

export const doctor = defineVerb({
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
    const given = values.host === undefined ? givenServers(values, directory) : byOptions(values);
    // All of the configuration is understood before any of the servers is asked.
    const pinnings = Object.entries(given.servers).map(([name, value]) => [name, pinning(name, value, given)] as const);
    const servers: DoctorFacts["servers"] = [];
    for (const [name, pinned] of pinnings) {
      const { decommissioned: reason } = pinned.configuration;
      if (reason !== undefined) {
        servers.push({ server: name, verdict: "decommissioned", reason });
        continue;
      }
      progress(`looking at ${name} ...`);
      servers.push(pinned.unpinned.length > 0 ? await lookAtKeys(name, pinned) : await lookAt(name, pinned));
    }
    const facts: DoctorFacts = { origin: given.origin, encrypted: given.encrypted, servers };
    const codes = servers.map(({ verdict }) => EXIT_CODE[verdict]);
    return { exitCode: Math.max(...codes) as ExitCode, facts, text: (style) => text(facts, pinnings, style) };
  },
});

/** The worst of several servers counts. */
const EXIT_CODE = {
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

function byOptions({ host, port, user, "host-key": hostKey, stack, config }: ConnectionOptions): GivenServers {
  if (stack !== undefined || config !== undefined) {
    throw new UsageError("--host is for a server that is not configured. Use either --host, or --stack or --config.");
  }
  const address = readAddress(host ?? "");
  const login = user ?? (typeof address === "string" ? undefined : address.user);
  if (login === undefined) throw new UsageError("--host needs --user, the login on that server.");
  const connection = { host, ...(port !== undefined && { port: Number(port) }), user: login, hostKey };
  // The name of BOA's main account says which way in this is.
  const instance = instanceOf(login);
  const server = instance === undefined ? { connection } : { accounts: { instance, connection } };
  return { servers: { main: server }, origin: "the command line", encrypted: [] };
}

function pinning(name: string, value: unknown, { origin, encrypted }: GivenServers): Pinning {
  try {
    return parseUnpinned(name, value);
  } catch (error) {
    if (!(error instanceof AegirError)) throw error;
    const secret = encrypted.length > 0 ? ` Encrypted, and so not read: ${encrypted.join(", ")}.` : "";
    throw new UsageError(`${printable(origin)}: ${error.what}.${secret}`);
  }
}

async function lookAtKeys(server: string, pinned: Pinning): Promise<NotPinned> {
  const notPinned = { server, verdict: "notPinned", missing: pinned.unpinned } as const;
  try {
    return { ...notPinned, shown: await firstContact(server, pinned), problem: null };
  } catch (error) {
    if (!(error instanceof OneLineError)) throw error;
    return { ...notPinned, shown: [], problem: error.message };
  }
}

async function lookAt(name: string, { configuration }: Pinning): Promise<Examination> {
  // What would be waited for in a deployment is what a look is to find.
  const server = new AegirServer(name, { ...configuration, waits: { ...configuration.waits, taskMinutes: 0 } });
  try {
    return await examine(server);
  } finally {
    await server.end();
  }
}

function text(
  { origin, encrypted, servers }: DoctorFacts,
  pinnings: (readonly [string, Pinning])[],
  style: Style,
): string {
  const parts = servers.map((server) => {
    if (server.verdict === "decommissioned") {
      return `${style.bold(server.server)}: decommissioned (${printable(server.reason)}); nothing was sent`;
    }
    return server.verdict === "notPinned"
      ? notPinnedText(server, pinnings.find(([name]) => name === server.server)![1], style)
      : examinationText(server, style);
  });
  if (encrypted.length > 0) {
    parts.push(
      paragraph(
        `Encrypted by Pulumi in ${printable(origin)}, and so not used here: ${encrypted.join(", ")}. The environment and an agent come first in any case.`,
      ),
    );
  }
  return parts.join("\n\n");
}

function notPinnedText(
  { server, missing, shown, problem }: NotPinned,
  { configuration }: Pinning,
  style: Style,
): string {
  const title = `${style.bold(server)}: ${style.red(`no hostKey for ${missing.join(", ")}; nothing was sent`)}`;
  if (problem !== null) return `${title}\n\n${paragraph(problem)}`;
  const keys = shown.map(({ path, label, fingerprint, type: shownType }) => {
    const type = printable(shownType, 40);
    const file = `/etc/ssh/ssh_host_${type.replace(/^ssh-|-sha2-nistp\d+$/g, "")}_key.pub`;
    return [
      `  ${path} (${label}) shows the ${type} key`,
      `    ${style.bold(fingerprint)}`,
      `  Compare it with what that machine itself says, on its console or over a connection that you trust already:`,
      `    ssh-keygen -lf ${file}`,
      "  If it is the same, and only then, write it into the configuration:",
      ...lines(server, path, configuration, fingerprint).map((line) => `    ${line}`),
    ].join("\n");
  });
  const behind = missing.filter((path) => !shown.some((key) => key.path === path));
  if (behind.length > 0) keys.push(`  ${behind.join(", ")}: can be looked at once the bastion before it is pinned.`);
  return [title, ...keys].join("\n\n");
}

/** The part of a stack's configuration that pins this key. */
function lines(server: string, path: string, configuration: Pinning["configuration"], hostKey: string): string[] {
  const keys = path.split(".");
  let found: unknown = configuration;
  for (const key of keys) found = (found as Record<string, unknown>)[key];
  const { host, port, user } = found as { host: string; port: number; user: string };
  const connection = { host, ...(port !== 22 && { port }), user, hostKey };
  const nested = keys.reduceRight<object>((inner, key) => ({ [key]: inner }), connection);
  const instance = keys[0] === "accounts" ? configuration.accounts?.instance : undefined;
  const value =
    instance === undefined ? nested : { accounts: { instance, ...(nested as { accounts: object }).accounts } };
  return stringify({ config: { [SERVERS_KEY]: { [server]: value } } })
    .trimEnd()
    .split("\n");
}

function examinationText(examination: Examination, style: Style): string {
  const { server, verdict, resources, findings } = examination;
  const colour = { ready: style.green, limited: style.yellow, unusable: style.red }[verdict];
  const said = {
    ready: "ready",
    limited: findings.length === 1 ? "one thing to look at" : `${findings.length} things to look at`,
    unusable: "nothing can be managed here",
  }[verdict];
  const abilities = Object.entries(resources).map(([type, { able, why }]) => {
    const [first, ...more] = wrap(able ? "yes" : `no: ${why}`, WIDTH - 21);
    const said = able ? style.green("yes") : `${style.red("no")}${first!.slice(2)}`;
    return [`  ${type.padEnd(19)}${said}`, ...more.map((line) => `${" ".repeat(21)}${line}`)].join("\n");
  });
  return [
    `${style.bold(server)}: ${colour(said)}`,
    table(rows(examination)),
    `  ${style.bold("Can be managed")}\n${abilities.join("\n")}`,
    ...findings.map(({ what, next }) => paragraph(`${what}${next && `. ${next}`}`, style.yellow("! "))),
  ].join("\n\n");
}

function rows({ hostKeys, drush, accounts }: Examination): [string, string][] {
  const rows: [string, string][] = hostKeys.map(({ path, label, fingerprint, type, software }) => [
    `Host key${path === "connection" ? "" : ` (${path})`}`,
    `${fingerprint} (${type}), pinned; ${label} is ${software}`,
  ]);
  if (drush?.versions) {
    const { versions, flavour, instance, defaultClient, adminClient, clientPrefix, queue } = drush;
    const client = (reference: typeof defaultClient) =>
      reference ? `${reference.internalName} ("${printable(reference.name, 60)}", nid ${reference.nid})` : "none";
    rows.push(
      ["Server", flavour === "BOA" ? `BOA, instance ${instance}` : "Aegir"],
      [
        "Versions",
        `worker protocol ${versions.protocol}, hosting ${printable(versions.hosting, 60)}, Drupal ${versions.drupal}, Drush ${versions.drush}, PHP ${versions.php}`,
      ],
      ["Drush login", `${drush.login}, runs as ${drush.user} with HOME ${drush.home}`],
      ["Default owner", client(defaultClient)],
      ["Admin client", client(adminClient)],
    );
    if (clientPrefix) {
      const { server, configured } = clientPrefix;
      rows.push([
        "Client prefix",
        `${server === "" ? "none" : printable(server, 60)}${server === configured ? ", as configured" : `; configured is "${configured}"`}`,
      ]);
    }
    const onOff = (on: boolean | null) => (on ? "on" : "off");
    rows.push([
      "Panel settings",
      `user registration ${onOff(drush.registersUsers)}, welcome mail ${onOff(drush.sendsWelcomeMail)}; neither is used: what resources declare is made`,
    ]);
    if (queue) {
      const last = queue.lastRunSecondsAgo === null ? "never ran" : `last run ${duration(queue.lastRunSecondsAgo)} ago`;
      if (queue.disks.length > 0) {
        rows.push(["Disks", queue.disks.map(({ path, percent }) => `${path} ${percent} % full`).join(", ")]);
      }
      rows.push(["Task queue", `${queue.queued} queued, ${queue.processing} running, ${last}`]);
    }
  }
  if (accounts && accounts.files !== null) {
    const { cron } = accounts;
    rows.push([
      "Password files",
      `${accounts.login} with home ${accounts.home} sees ${accounts.files} in ${accounts.directory}`,
    ]);
    if (cron) {
      const seen = cron.seen.length > 0 ? cron.seen.join(", ") : "none seen";
      rows.push([
        "Locks",
        `${seen}${cron.unseen.length > 0 ? `; this login cannot see ${cron.unseen.join(", ")}` : ""}`,
      ]);
    }
  }
  return rows;
}

function table(rows: [string, string][]): string {
  const first = Math.max(0, ...rows.map(([name]) => name.length)) + 2;
  return rows
    .flatMap(([name, value]) =>
      wrap(printable(value, LONGEST), WIDTH - 2 - first).map(
        (line, index) => `  ${(index === 0 ? name : "").padEnd(first)}${line}`,
      ),
    )
    .join("\n");
}

/** A paragraph at the margin of the tables, after a mark. */
function paragraph(words: string, mark = ""): string {
  return wrap(printable(words, LONGEST), WIDTH - 4)
    .map((line, index) => `  ${index === 0 ? mark : mark && "  "}${line}`)
    .join("\n");
}
