type Awaitable<T> = T | Promise<T>;

/** What a server's tables hold of the names that a suite may touch: read and arranged past the worker. */
export interface ServerFixture {
  state(): Awaitable<State>;
  /**
   * SHA-256 of all that the server holds of clients, sites, users, bindings, tasks, grants, platform rows and links, of
   * the variables of the client feature, and of logins where it knows them; `others`: without what may be touched.
   */
  digest(of: "everything" | "others"): Awaitable<string>;
  /** Rows of `node_access` about a node, sorted by gid. */
  grants(nid: number): Awaitable<Grant[]>;
  /** Makes a queued task a running one, as the start of its process does. */
  startTask(nid: number): Awaitable<void>;
  /** Ends a task, as its process or a person (`executed: false`: a cancelled one) does, with log lines. */
  finishTask(
    nid: number,
    end: { status: 1 | 2 | 3; executed: boolean; log: { type: string; message: string }[] },
  ): Awaitable<void>;
  removeTask(nid: number): Awaitable<void>;
  /** A task of the site that has begun and that no process will end: a login-reset, which no queue adds by itself. */
  addRunningTask(site: number): Awaitable<number>;
  /** A client with nobody bound, its internal name stored as it is given, as Aegir 2 did. Answers its nid. */
  addClient(client: { uname: string; title: string }): Awaitable<number>;
  renameClient(nid: number, title: string): Awaitable<void>;
  /** As `node_delete` does it: what it owns keeps a nid that is nobody's. */
  removeClient(nid: number): Awaitable<void>;
  /** Takes the empty client directories that verifies have made, and that nothing but BOA's cron removes. */
  removeDirectories(): Awaitable<void>;
  /** An active user with the role of clients. Answers its uid. */
  addUser(user: { name: string; mail: string }): Awaitable<number>;
  /** Stores when the user was created, logged in and made a request, in seconds since the epoch; 0 for never. */
  setTimes(name: string, times: { created: number; login: number; access: number }): Awaitable<void>;
  /** As `user_delete` does it: bindings stay behind. */
  removeUser(name: string): Awaitable<void>;
  /** Writes one row of `hosting_client_user`, for whatever uid, or takes it. */
  bind(client: number, uid: number): Awaitable<void>;
  unbind(client: number, uid: number): Awaitable<void>;
  /** As the site form does it, with a verify: takes any nid, as Aegir does. */
  setOwner(site: number, client: number): Awaitable<void>;
  /** A deleted site with no task, made like another: status -2 in its second revision, live in its first. Answers its nid. */
  addDeletedSite(site: { title: string; client: number; like: number }): Awaitable<number>;
  removeSite(nid: number): Awaitable<void>;
  /** Gives a site an alias, or takes it. */
  addAlias(nid: number, alias: string): Awaitable<void>;
  removeAlias(nid: number, alias: string): Awaitable<void>;
  /** A certificate of that client, used by these sites in all their revisions. Answers its cid. */
  addCertificate(certificate: { name: string; client: number; sites: number[] }): Awaitable<number>;
  /** Takes a certificate, also from the sites that use it. */
  removeCertificate(cid: number): Awaitable<void>;
  /** A platform that may be touched, open to all clients; null if there is none. */
  platform(): Awaitable<number | null>;
  /** Restricts the platform to these clients and nobody else; none: opens it. */
  restrict(platform: number, clients: number[]): Awaitable<void>;
  /** The clients with an access row of the platform. */
  allowed(platform: number): Awaitable<number[]>;
  /** The server's variable `hosting_client_prefix`; asked for on throwaway servers alone. */
  setClientPrefix(prefix: string): Awaitable<void>;
  /** Takes the worker's database lock, until it is released. */
  holdLock(): Awaitable<void>;
  releaseLock(): Awaitable<void>;
  /** Until the server's clock has moved on by a second. */
  passSecond(): Awaitable<void>;
  /** Frees what it holds itself. */
  end(): Awaitable<void>;
}

/** What is asked of a server; `end` is not. */
export const operations = [
  ...["state", "digest", "grants", "startTask", "finishTask", "removeTask", "addRunningTask"],
  ...[
    "addClient",
    "renameClient",
    "removeClient",
    "removeDirectories",
    "addUser",
    "setTimes",
    "removeUser",
    "bind",
    "unbind",
  ],
  ...["setOwner", "addDeletedSite", "removeSite", "addAlias", "removeAlias", "platform", "restrict", "allowed"],
  ...["addCertificate", "removeCertificate", "setClientPrefix", "holdLock", "releaseLock", "passSecond"],
] as Exclude<keyof ServerFixture, "end">[];

/** Only what has the prefix in its name, and what belongs to it; every list sorted. */
export interface State {
  /** `bindings`: the uids of all rows, those of users who are gone included; `users`: the names of those who are there. */
  clients: { nid: number; uname: string; title: string; author: number; users: string[]; bindings: number[] }[];
  users: { name: string; mail: string; status: number; roles: string[] }[];
  sites: {
    nid: number;
    title: string;
    client: number;
    status: number;
    verified: number;
    platform: number;
    changed: number;
    /** The client directories on disk that link it; of a deleted site none are looked for. */
    links: string[];
  }[];
  tasks: { nid: number; type: string; rid: number; status: number }[];
  /** Null where the module hosting_ssl is not installed. */
  certificates: { cid: number; name: string; client: number }[] | null;
  /** The client that `hosting_default_client` names; its uname is what its directory is called. */
  defaultClient: { nid: number; uname: string };
}

export interface Grant {
  realm: string;
  gid: number;
  view: number;
  update: number;
}
