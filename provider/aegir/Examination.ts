/** What a server is like and what can be managed there. The fields are what `aegir-access doctor --json` prints. */
import type { ClientReference } from "../worker/facts";
import type { CronObstacles } from "./PasswordFiles";
import type { ConnectionPath } from "./unpinnedHosts";

export interface Examination {
  /** Its name in the configuration. */
  server: string;
  /** `ready`: everything configured can be managed. `limited`: there are findings. `unusable`: nothing can. */
  verdict: "ready" | "limited" | "unusable";
  hostKeys: HostKeyFacts[];
  /** Null where no connection runs Drush (a hosted account). */
  drush: DrushFacts | null;
  /** Null where no accounts are configured. */
  accounts: AccountsFacts | null;
  resources: Record<"AegirClient" | "SiteOwnership" | "ClientUserBinding" | "ShellAccount", Ability>;
  findings: Finding[];
}

/** A host key that the server showed and that is pinned. */
export interface HostKeyFacts {
  /** Where the configuration pins it. */
  path: ConnectionPath;
  /** `user@host:port` */
  label: string;
  fingerprint: string;
  type: string;
  /** The software that the server's greeting names, for example `OpenSSH_9.2p1`. */
  software: string;
  /** The ways to log in that it accepts, for example `publickey`. */
  methods: string[];
}

/** The worker's facts about itself and its server; all but `login` null if no worker started. */
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
  /** What the panel would do. This package never does it by itself: a resource declares users and their mail. */
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

/** What the login sees that reads password files; null if it could not check. */
export interface AccountsFacts {
  /** `user@host:port` */
  login: string;
  instance: string;
  home: string | null;
  directory: string | null;
  /** How many password files there are. */
  files: number | null;
  /** The passwords that have ended or end soon, by login, each with its last day (UTC). */
  ending: { login: string; lastDay: string; daysLeft: number }[];
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
  /** What to do, with a full stop; empty if `what` contains it. */
  next: string;
}
