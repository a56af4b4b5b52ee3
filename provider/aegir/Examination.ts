/** What a server is like and what can be managed there. The fields are what `aegir-access doctor --json` prints. */
import type { ClientReference } from "../worker/protocol";
import type { CronObstacles } from "./PasswordFiles";
import type { ConnectionPath } from "./unpinnedHosts";

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
  resources: Record<"AegirClient" | "SiteOwnership" | "ClientUserBinding" | "ShellAccount", Ability>;
  findings: Finding[];
}

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
