/** What a server's tables hold of the names that a suite may touch: read and arranged past the worker. */
export interface Backstage {
  state(): Promise<State>;
  /** Rows of `node_access` about a node, sorted by gid. */
  grants(nid: number): Promise<Grant[]>;
  /** Makes a queued task a running one, as the start of its process does. */
  startTask(nid: number): Promise<void>;
  /** Ends a task, as its process or a person (`executed: false`: a cancelled one) does, with log lines. */
  finishTask(
    nid: number,
    end: { status: 1 | 2 | 3; executed: boolean; log: { type: string; message: string }[] },
  ): Promise<void>;
  removeTask(nid: number): Promise<void>;
  removeUser(name: string): Promise<void>;
  /** A deleted site with no task, made like another: status -2 in its second revision, live in its first. Answers its nid. */
  addDeletedSite(site: { title: string; client: number; like: number }): Promise<number>;
  removeSite(nid: number): Promise<void>;
  /** Gives a site an alias, or takes it. */
  addAlias(nid: number, alias: string): Promise<void>;
  removeAlias(nid: number, alias: string): Promise<void>;
  /** A platform that may be touched, open to all clients; null if there is none. */
  platform(): Promise<number | null>;
  /** Restricts the platform to these clients and nobody else; none: opens it. */
  restrict(platform: number, clients: number[]): Promise<void>;
  /** Takes the worker's database lock, until it is released. */
  holdLock(): Promise<void>;
  releaseLock(): Promise<void>;
  /** Frees what it holds itself. */
  end(): Promise<void>;
}

/** Only what has the prefix in its name, and what belongs to it; every list sorted. */
export interface State {
  clients: { nid: number; uname: string; title: string; author: number; users: string[] }[];
  users: { name: string; mail: string; status: number; roles: string[] }[];
  sites: {
    nid: number;
    title: string;
    client: number;
    status: number;
    verified: number;
    platform: number;
    changed: number;
  }[];
  tasks: { nid: number; type: string; rid: number; status: number }[];
}

export interface Grant {
  realm: string;
  gid: number;
  view: number;
  update: number;
}
