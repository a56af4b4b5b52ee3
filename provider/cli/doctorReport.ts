import { stringify } from "yaml";
import type { Examination } from "../aegir/Examination";
import { SERVERS_KEY } from "../aegir/ServerConfiguration";
import type { Pinning, UnpinnedConnection } from "../aegir/unpinnedHosts";
import type { NamedPinning, NotPinned, ServerInspection } from "../inventory/ServerInspection";
import { duration } from "../text/duration";
import { printable } from "../text/printable";
import type { Style } from "../text/Style";
import { twoColumns } from "../text/twoColumns";
import { wrap } from "../text/wrap";

/** What `doctor --json` prints. */
export interface DoctorFacts {
  /** The file that was read, or "the command line". */
  origin: string;
  /** Paths of values that Pulumi has encrypted, and that could not be read here. */
  encrypted: string[];
  servers: ServerInspection[];
}

const WIDTH = 100;
/** Characters of a message or a value that may quote a server. */
const LONGEST = 4000;

/** What `doctor` prints for people. */
export function doctorReport(
  { origin, encrypted, servers }: DoctorFacts,
  pinnings: readonly NamedPinning[],
  style: Style,
): string {
  const parts = servers.map((server) => {
    if (server.verdict === "decommissioned") {
      return `${style.bold(server.server)}: decommissioned (${printable(server.reason)}); nothing was sent`;
    }
    return server.verdict === "notPinned"
      ? notPinnedText(
          server,
          pinnings.find(({ name }) => name === server.server)!,
          style,
        )
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
  const keys = shown.map((key) =>
    [
      hostKeyText(key, style),
      "  If it is the same, and only then, write it into the configuration:",
      ...pinningLines(server, key.path, configuration, key.fingerprint).map((line) => `    ${line}`),
    ].join("\n"),
  );
  const behind = missing.filter((path) => !shown.some((key) => key.path === path));
  if (behind.length > 0) keys.push(`  ${behind.join(", ")}: can be looked at once the bastion before it is pinned.`);
  return [title, ...keys].join("\n\n");
}

/** The key that a server showed, and how to compare it. */
export function hostKeyText(shown: UnpinnedConnection, style: Style): string {
  const type = printable(shown.type, 40);
  const file = `/etc/ssh/ssh_host_${type.replace(/^ssh-|-sha2-nistp\d+$/g, "")}_key.pub`;
  return [
    `  ${shown.path} (${shown.label}) shows the ${type} key`,
    `    ${style.bold(shown.fingerprint)}`,
    `  Compare it with what that machine itself says, on its console or over a connection that you trust already:`,
    `    ssh-keygen -lf ${file}`,
  ].join("\n");
}

/** The part of a stack's configuration that pins this key. */
function pinningLines(
  server: string,
  path: string,
  configuration: Pinning["configuration"],
  hostKey: string,
): string[] {
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
    if (accounts.ending.length > 0) {
      const ends = accounts.ending.map(({ login, lastDay, daysLeft }) =>
        daysLeft < 0 ? `${login} ended on ${lastDay}` : `${login} works until ${lastDay}`,
      );
      rows.push(["Passwords that end", `${ends.join(", ")}; unless its user has changed it`]);
    }
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
  const shown = rows.map(([name, value]) => [name, printable(value, LONGEST)] as const);
  return twoColumns(shown, WIDTH - 2)
    .map((line) => `  ${line}`)
    .join("\n");
}

/** A paragraph at the margin of the tables, after a mark. */
function paragraph(words: string, mark = ""): string {
  return wrap(printable(words, LONGEST), WIDTH - 4)
    .map((line, index) => `  ${index === 0 ? mark : mark && "  "}${line}`)
    .join("\n");
}
