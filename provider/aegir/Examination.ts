/**
 * What a server is like and what can be managed there, looked at without changing anything: `aegir-access doctor`. The
 * fields are what its `--json` prints.
 */
import { printable } from "../text/printable";
import type { SshConnection } from "../ssh/SshConnection";
import { OneLineError } from "../text/OneLineError";
import type { ClientReference } from "../worker/protocol";
import type { AegirServer } from "./AegirServer";
import { duration } from "../text/duration";
import type { ConnectionPath } from "./unpinnedHosts";
import { octopusInstance } from "./octopusInstance";
import type { CronObstacles } from "./PasswordFiles";

export interface Examination {
  /** Its name in the configuration. */
  server: string;
  /** `ready`: all that the configuration asks for can be done. `limited`: there are findings. `unusable`: nothing can. */
  verdict: "ready" | "limited" | "unusable";
  hostKeys: HostKeyFacts[];
  /** Null where no connection runs Drush (a hosted account). */
  drush: DrushFacts | null;
  /** Null where no accounts are configured. */
  accounts: AccountsFacts | null;
  resources: Record<(typeof RESOURCES)[number], Ability>;
  findings: Finding[];
}

export const RESOURCES = ["AegirClient", "SiteOwnership", "ClientUserBinding", "ShellAccount"] as const;

/** A host key that was shown, and is the pinned one. */
export interface HostKeyFacts {
  /** Where the configuration pins it. */
  path: ConnectionPath;
  /** `user@host:port` */
  label: string;
  fingerprint: string;
  type: string;
  /** What the server's greeting says it is, for example `OpenSSH_9.2p1`. */
  software: string;
  /** The ways to log in that it accepts, for example `publickey`. */
  methods: string[];
}

/** What the worker says of itself and of its server; all but `login` null if none came up. */
export interface DrushFacts {
  /** `user@host:port` */
  login: string;
  /** The system user that the worker ran as, and its HOME. */
  user: string | null;
  home: string | null;
  flavour: "Aegir" | "BOA" | null;
  /** The Octopus instance that it belongs to. */
  instance: string | null;
  versions: { protocol: number; hosting: string; drupal: string; drush: string; php: string } | null;
  defaultClient: ClientReference | null;
  adminClient: ClientReference | null;
  /** The server's own, and the configured one. */
  clientPrefix: { server: string; configured: string } | null;
  /** What a click in the panel would do. Never done by this package: users are made, and told, where a resource says so. */
  registersUsers: boolean | null;
  sendsWelcomeMail: boolean | null;
  queue: QueueState | null;
}

export interface QueueState {
  queued: number;
  processing: number;
  /** Null if it never ran. */
  lastRunSecondsAgo: number | null;
  obstacles: string[];
  disks: { path: string; percent: number }[];
}

/** What the login sees that reads password files; null if it could not look. */
export interface AccountsFacts {
  /** `user@host:port` */
  login: string;
  instance: string;
  home: string | null;
  directory: string | null;
  /** How many password files there are. */
  files: number | null;
  /** Whether sshd lets a login in with its password. */
  sshAcceptsPasswords: boolean | null;
  cron: CronObstacles | null;
}

export interface Ability {
  able: boolean;
  /** Why not; null if it is able. */
  why: string | null;
}

/** Something to look at. */
export interface Finding {
  what: string;
  /** What to do, with a full stop; empty where `what` says it. */
  next: string;
}

/** A queue with tasks that has not run for so long stands still; BOA's runs every minute. */
const STALE_QUEUE_SECONDS = 15 * 60;

/** Where a disk is worth a warning; BOA's cron stops above 90 %. */
const FILLING_PERCENT = 85;

/** Never throws for what a server does; what it does not let be seen is a finding. */
export async function examine(server: AegirServer): Promise<Examination> {
  const findings: Finding[] = [];
  /** What a look found, or null and a finding. */
  const look = async <T>(looking: Promise<T>): Promise<T | null> => {
    try {
      return await looking;
    } catch (error) {
      if (!(error instanceof OneLineError)) throw error;
      if (!findings.some(({ what }) => what === error.message)) findings.push({ what: error.message, next: "" });
      return null;
    }
  };
  const { connection, "accounts.connection": accountsConnection } = server.connections;
  const hostKeys = [
    ...(connection ? ((await look(shownBy("connection", connection))) ?? []) : []),
    ...(accountsConnection ? ((await look(shownBy("accounts.connection", accountsConnection))) ?? []) : []),
  ];
  const reached = (path: ConnectionPath) => hostKeys.some((key) => key.path === path);
  const drush = connection ? await drushFacts(server, connection.label, reached("connection"), look) : null;
  const { accounts: configured } = server.configuration;
  const accountsReached = reached(configured?.connection ? "accounts.connection" : "connection");
  const accounts = configured ? await accountsFacts(server, configured.instance, accountsReached, look) : null;

  const resources = abilities(drush, accounts);
  findings.push(...drushFindings(drush, configured?.instance), ...accountsFindings(accounts));
  const able = Object.values(resources).some((ability) => ability.able);
  const verdict = !able ? "unusable" : findings.length > 0 ? "limited" : "ready";
  return { server: server.name, verdict, hostKeys, drush, accounts, resources, findings };
}

type Look = <T>(looking: Promise<T>) => Promise<T | null>;

async function shownBy(path: "connection" | "accounts.connection", connection: SshConnection): Promise<HostKeyFacts[]> {
  const peers = await connection.peers();
  return peers.map((peer, index) => ({ path: index < peers.length - 1 ? `${path}.proxy` : path, ...peer }));
}

async function drushFacts(server: AegirServer, login: string, reached: boolean, look: Look): Promise<DrushFacts> {
  const facts = reached ? await look(server.worker.server()) : null;
  const asked = facts ? await look(server.worker.call("tasks", { nids: [] })) : null;
  const instance = facts && octopusInstance(facts);
  const queue = asked?.result.queue;
  return {
    login,
    user: facts?.user ?? null,
    home: facts?.home ?? null,
    flavour: facts ? (instance === null ? "Aegir" : "BOA") : null,
    instance,
    versions: facts && {
      protocol: facts.protocol,
      hosting: facts.hosting,
      drupal: facts.drupal,
      drush: facts.drush,
      php: facts.php,
    },
    defaultClient: facts?.defaultClient ?? null,
    adminClient: facts?.adminClient ?? null,
    clientPrefix: facts && { server: facts.clientPrefix, configured: server.configuration.clientPrefix },
    registersUsers: facts?.registersUsers ?? null,
    sendsWelcomeMail: facts?.sendsWelcomeMail ?? null,
    queue:
      asked && queue
        ? {
            queued: queue.queued,
            processing: queue.processing,
            lastRunSecondsAgo: queue.lastRun === null ? null : Math.max(asked.now - queue.lastRun, 0),
            obstacles: queue.obstacles,
            disks: queue.disks,
          }
        : null,
  };
}

async function accountsFacts(
  server: AegirServer,
  instance: string,
  reached: boolean,
  look: Look,
): Promise<AccountsFacts> {
  const { passwordFiles } = server;
  const nothing = {
    login: passwordFiles.label,
    instance,
    home: null,
    directory: null,
    files: null,
    sshAcceptsPasswords: null,
    cron: null,
  };
  if (!reached) return nothing;
  const home = await look(passwordFiles.home());
  const directory = home === null ? null : await look(passwordFiles.directory());
  const logins = directory === null ? null : await look(passwordFiles.logins());
  const cron = logins === null ? null : await look(passwordFiles.cronObstacles());
  const sshAcceptsPasswords = await look(passwordFiles.sshAcceptsPasswords());
  return { ...nothing, home, directory, files: logins?.length ?? null, sshAcceptsPasswords, cron };
}

function abilities(drush: DrushFacts | null, accounts: AccountsFacts | null): Examination["resources"] {
  const can = (able: boolean, why: string): Ability => ({ able, why: able ? null : why });
  const throughDrush = can(
    drush !== null && drush.versions !== null,
    drush === null
      ? "a hosted account: BOA refuses the front end to it, so clients, owners and users are changed in the panel"
      : "no worker came up",
  );
  const shellAccount =
    accounts !== null
      ? can(accounts.files !== null, "its password files cannot be read")
      : can(false, drush?.flavour === "Aegir" ? "shell accounts exist on BOA only" : "no `accounts` are configured");
  return {
    AegirClient: throughDrush,
    SiteOwnership: throughDrush,
    ClientUserBinding: throughDrush,
    ShellAccount: shellAccount,
  };
}

function drushFindings(drush: DrushFacts | null, configuredInstance: string | undefined): Finding[] {
  if (!drush?.versions) return [];
  const { flavour, instance, defaultClient, adminClient, clientPrefix, queue } = drush;
  const findings: Finding[] = [];
  if (flavour === "BOA" && configuredInstance === undefined) {
    findings.push({
      what: `This is instance ${instance} of BOA, and no \`accounts\` are configured: its shell accounts cannot be managed`,
      next: `To manage them too, write accounts: { instance: "${instance}", connection: ... } with ${instance}.ftp or root.`,
    });
  }
  if (flavour === "BOA" && configuredInstance !== undefined && configuredInstance !== instance) {
    findings.push({
      what: `Drush runs the front end of instance ${instance}, and accounts are those of ${configuredInstance}`,
      next: "Configure the two as two servers, or the right instance.",
    });
  }
  if (flavour === "Aegir" && configuredInstance !== undefined) {
    findings.push({
      what: `This Aegir is no instance of BOA (${drush.home}), and \`accounts\` are configured`,
      next: "Remove `accounts`, or let Drush run as the user of the instance.",
    });
  }
  if (defaultClient === null) {
    findings.push({
      what: "hosting_default_client names no client: a SiteOwnership that is destroyed has nobody to hand the site to",
      next: "Set the default client in the panel (Hosting > Settings), or onDestroy on each SiteOwnership.",
    });
  }
  if (adminClient === null || adminClient.nid !== 1) {
    findings.push({
      what: `hosting_admin_client is ${adminClient ? `${adminClient.internalName} (nid ${adminClient.nid})` : "no client"}, where Aegir's grants take nid 1 for it`,
      next: "What administrators see may be incomplete; this package changes none of it.",
    });
  }
  if (clientPrefix && clientPrefix.server !== clientPrefix.configured) {
    findings.push({
      what: `The server's client prefix is ${shown(clientPrefix.server)}, configured is ${shown(clientPrefix.configured)}: previews derive other internal names than the server`,
      next: `Write clientPrefix: ${shown(clientPrefix.server)}.`,
    });
  }
  for (const { path, percent } of queue?.disks ?? []) {
    // Above that, it is an obstacle on BOA.
    if (percent < FILLING_PERCENT || (flavour === "BOA" && percent > 90)) continue;
    findings.push({
      what: `The disk of ${printable(path)} is ${percent} % full`,
      next:
        flavour === "BOA"
          ? "Above 90 % BOA runs no tasks and no account cron: free some of it, old backups for example."
          : "Free some of it, old backups for example.",
    });
  }
  for (const obstacle of queue?.obstacles ?? []) {
    findings.push({ what: `The task queue is held up: ${printable(obstacle)}`, next: "A SiteOwnership waits for it." });
  }
  if (queue && queue.queued > 0 && (queue.lastRunSecondsAgo ?? Infinity) > STALE_QUEUE_SECONDS) {
    const when = queue.lastRunSecondsAgo === null ? "never ran" : `ran ${duration(queue.lastRunSecondsAgo)} ago`;
    findings.push({
      what: `${queue.queued} tasks are queued, and the queue ${when}`,
      next: "See whether the cron of Aegir's user runs; a SiteOwnership waits for it.",
    });
  }
  return findings;
}

function accountsFindings(accounts: AccountsFacts | null): Finding[] {
  const findings = (accounts?.cron?.seen ?? []).map((obstacle) => ({
    what: `BOA's account cron is held up: ${obstacle}`,
    next: "A ShellAccount waits for it; only root can remove a lock that a crashed run has left.",
  }));
  if (accounts?.sshAcceptsPasswords === false) {
    findings.push({
      what: "sshd accepts no passwords here, so those of the shell accounts may work for FTPS, and not for SSH or SFTP",
      next: "Put public keys into the accounts, or accept passwords again: BOA refuses them while /root/.ssh.auth.keys.only.cnf is there.",
    });
  }
  return findings;
}

function shown(text: string): string {
  return `"${printable(text, 60)}"`;
}
