/** Written by `npm run schema` from the schema in ServerConfiguration.ts: the value of `aegir:servers`. */

/** The Aegir servers of this stack, by name. */
export type Servers = Record<string, Server>;

export interface Server {
  /** The login that runs Drush. Absent on a hosted account, where only shell accounts can be managed. */
  connection?: ServerConnection;
  /** How Drush is run on the server. */
  drush?: ServerDrush;
  /** The shell accounts of a BOA server. */
  accounts?: ServerAccounts;
  /** The server's `hosting_client_prefix`, so that previews derive internal names as the server will. */
  clientPrefix?: string;
  /** How long a deployment waits. */
  waits?: ServerWaits;
  /** The last day (UTC) on which any number of changes made by hand is undone. */
  undoDriftUntil?: string;
  /** Why this server is gone for good. Nothing connects to it: a resource that is removed from the program is only dropped from the state, and no new one can be declared. The rest of the entry stays as it was. */
  decommissioned?: string;
}

export interface ServerConnection {
  /** Name or address. */
  host: string;
  /** The port of SSH. The default is `22`. */
  port?: number;
  /** The login. */
  user: string;
  /** The password of the login. Prefer a key. */
  password?: string;
  /** The text of the private key, not a path. */
  privateKey?: string;
  /** The passphrase of the private key. */
  privateKeyPassword?: string;
  /** The socket of the SSH agent. The default is SSH_AUTH_SOCK of the environment. */
  agentSocketPath?: string;
  /** The one key of the agent to offer: its fingerprint, or the line of its .pub file (as OpenSSH's IdentityFile names it). */
  identity?: string;
  /** How many failures to reach the server are tolerated, as in @pulumi/command: 0 means one attempt, -1 as many as fit into a minute. Rejected credentials and host keys are never tried again. The default is `4`. */
  dialErrorLimit?: number;
  /** Seconds that one attempt, from name resolution to login, may take. The default is `20`. */
  perDialTimeout?: number;
  /** The keys that the server may show, each as a fingerprint (SHA256:...), a public key line (ssh-ed25519 AAAA...) or a known_hosts line (host ssh-ed25519 AAAA...). Several are an array, or lines. */
  hostKey: string | string[];
  /** A bastion, through which the server is reached. */
  proxy?: ServerProxy;
}

export interface ServerProxy {
  /** Name or address of the bastion. */
  host: string;
  /** The port of SSH. The default is `22`. */
  port?: number;
  /** The login. */
  user: string;
  /** The password of the login. Prefer a key. */
  password?: string;
  /** The text of the private key, not a path. */
  privateKey?: string;
  /** The passphrase of the private key. */
  privateKeyPassword?: string;
  /** The socket of the SSH agent. The default is SSH_AUTH_SOCK of the environment. */
  agentSocketPath?: string;
  /** The one key of the agent to offer: its fingerprint, or the line of its .pub file (as OpenSSH's IdentityFile names it). */
  identity?: string;
  /** How many failures to reach the server are tolerated, as in @pulumi/command: 0 means one attempt, -1 as many as fit into a minute. Rejected credentials and host keys are never tried again. The default is `4`. */
  dialErrorLimit?: number;
  /** Seconds that one attempt, from name resolution to login, may take. The default is `20`. */
  perDialTimeout?: number;
  /** The keys that the server may show, each as a fingerprint (SHA256:...), a public key line (ssh-ed25519 AAAA...) or a known_hosts line (host ssh-ed25519 AAAA...). Several are an array, or lines. */
  hostKey: string | string[];
}

export interface ServerDrush {
  /** The Drush command: its name or path, and options. The default is `drush`. */
  command?: string;
  /** The site alias of the front end. `@hm` works as well. The default is `@hostmaster`. */
  alias?: string;
  /** The system user that owns the front end (`aegir`, or `o1` on BOA), if that is not the login. Root becomes it through `su`, another login through `sudo`, which must allow it. */
  runAs?: string;
}

export interface ServerAccounts {
  /** The Octopus instance whose clients have these logins: the `o1` of `o1.foo`. */
  instance: string;
  /** The login that may read and delete password files: `o1.ftp`, or root. The default is the server's `connection`. */
  connection?: ServerConnection;
  /** The directory of the password files, as that login's SFTP shows it. The default is `users` in the home of the instance's main account. */
  directory?: string;
  /** Days that the password of a shell account lasts on this server. The default is `90`. */
  passwordDays?: number;
  /** How many passwords a deployment rotates at most because of their age. The rest waits for the next one. Rotations that failed the last time are counted apart. The default is `5`. */
  rotationsPerRun?: number;
  /** The host name for the users of shell accounts. The default is the host of the connection. */
  host?: string;
}

export interface ServerWaits {
  /** Longest interval between two checks of a wait, in seconds. The first checks come earlier. The default is `10`. */
  pollSeconds?: number;
  /** Minutes without progress of a task or its queue after which a wait fails. The default is `15`. */
  taskMinutes?: number;
  /** Minutes after which a wait for a shell account fails. BOA's cron runs every three minutes, and may be paused. The default is `15`. */
  accountMinutes?: number;
}
