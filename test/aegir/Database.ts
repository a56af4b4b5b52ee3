/**
 * The front end's tables (contract 1.1), in memory: rows with keys, unique keys that refuse as MySQL refuses, and
 * transactions with savepoints. A reader of another connection sees committed rows only, because nothing here waits
 * inside a transaction.
 */

/** What PDO throws: the number is MySQL's, for example 1062 (duplicate key) or 1048 (column cannot be null). */
export class DatabaseError extends Error {
  constructor(
    readonly number: number,
    message: string,
  ) {
    super(`PDOException: SQLSTATE[23000]: ${number} ${message}`);
    this.name = "DatabaseError";
  }
}

/** Two texts that MySQL's utf8_general_ci takes for equal have the same form: no case, no accents, no trailing space. */
export function collated(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trimEnd();
}

/** The same but for case: what the worker takes for one person or one domain. */
export function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Throws what MySQL throws for a text that a utf8 column of that length cannot hold: 1406 or 1366. */
export function requireStorable(column: string, text: string, length: number): void {
  if ([...text].length > length) throw new DatabaseError(1406, `Data too long for column '${column}'`);
  if (/[\u{10000}-\u{10ffff}]/u.test(text))
    throw new DatabaseError(1366, `Incorrect string value for column '${column}'`);
}

type Key = string | number;

export interface UniqueKey<Row> {
  name: string;
  of: (row: Row) => Key;
}

/** Rows are never changed in place, so what a caller holds is what it read: a stale object is really stale. */
export class Table<Row extends object> {
  private readonly rows = new Map<Key, Readonly<Row>>();
  private readonly index = new Map<unknown, Map<Key, Readonly<Row>>>();

  constructor(
    readonly name: string,
    private readonly primary: (row: Row) => Key,
    private readonly unique: readonly UniqueKey<Row>[],
    /** The column that `having` looks rows up by. */
    private readonly indexed: keyof Row | undefined,
    private readonly journal: (undo: () => void) => void,
  ) {}

  get(key: Key): Readonly<Row> | undefined {
    return this.rows.get(key);
  }

  all(where: (row: Readonly<Row>) => boolean = () => true): Readonly<Row>[] {
    return [...this.rows.values()].filter(where);
  }

  /** The rows with this value in the indexed column. */
  having(value: unknown): Readonly<Row>[] {
    return [...(this.index.get(value)?.values() ?? [])];
  }

  /** Throws 1062 for a key that is there. */
  insert(row: Row): void {
    const key = this.primary(row);
    if (this.rows.has(key)) throw new DatabaseError(1062, `Duplicate entry '${key}' for key '${this.name}.PRIMARY'`);
    this.checkUnique(row, key);
    this.put(key, { ...row });
  }

  /** Changes the matching rows; answers how many really differ, as MySQL's affected rows do. Keys stay as they are. */
  update(where: (row: Readonly<Row>) => boolean, change: Partial<Row>): number {
    let affected = 0;
    for (const row of this.all(where)) {
      const changed = { ...row, ...change };
      if (JSON.stringify(changed) === JSON.stringify(row)) continue;
      const key = this.primary(row);
      this.checkUnique(changed, key);
      this.put(key, changed);
      affected++;
    }
    return affected;
  }

  delete(where: (row: Readonly<Row>) => boolean): number {
    const doomed = this.all(where);
    for (const row of doomed) this.put(this.primary(row), undefined);
    return doomed.length;
  }

  private checkUnique(row: Row, key: Key): void {
    for (const { name, of } of this.unique) {
      const value = of(row);
      const taken = this.all((other) => of(other) === value && this.primary(other) !== key);
      if (taken.length > 0) throw new DatabaseError(1062, `Duplicate entry '${value}' for key '${this.name}.${name}'`);
    }
  }

  private put(key: Key, row: Readonly<Row> | undefined): void {
    const before = this.rows.get(key);
    this.place(key, row);
    this.journal(() => this.place(key, before));
  }

  private place(key: Key, row: Readonly<Row> | undefined): void {
    if (this.indexed !== undefined) {
      const before = this.rows.get(key);
      if (before !== undefined) this.index.get(before[this.indexed])?.delete(key);
      if (row !== undefined) {
        const value = row[this.indexed];
        this.index.set(value, (this.index.get(value) ?? new Map<Key, Readonly<Row>>()).set(key, row));
      }
    }
    if (row === undefined) this.rows.delete(key);
    else this.rows.set(key, row);
  }
}

export interface NodeRow {
  nid: number;
  /** The current revision. The rows of older ones stay in the tables that are keyed by vid. */
  vid: number;
  type: "client" | "site" | "task" | "platform" | "server";
  title: string;
  uid: number;
  status: number;
  created: number;
  changed: number;
}

export interface SiteRow {
  vid: number;
  nid: number;
  client: number;
  platform: number;
  profile: string;
  language: string;
  verified: number;
  status: number;
}

export interface TaskRow {
  vid: number;
  nid: number;
  task_type: string;
  rid: number;
  task_status: number;
  executed: number | null;
  delta: number;
}

export interface NodeAccessRow {
  nid: number;
  realm: string;
  gid: number;
  grant_view: 0 | 1;
  grant_update: 0 | 1;
}

export class Database {
  private journal: (() => void)[] = [];
  private depth = 0;
  private readonly counters = new Map<string, number>();
  private readonly observers: (() => void)[] = [];

  readonly node = this.table<NodeRow>("node", (row) => row.nid);
  readonly hosting_client = this.table<{ vid: number; nid: number; uname: string }>(
    "hosting_client",
    (row) => row.vid,
    [{ name: "uname_unq", of: (row) => collated(row.uname) }],
  );
  readonly hosting_client_user = this.table<{ user: number; client: number; contact_type: string }>(
    "hosting_client_user",
    (row) => `${row.user}-${row.client}`,
  );
  readonly hosting_platform = this.table<{ vid: number; nid: number; publish_path: string; status: number }>(
    "hosting_platform",
    (row) => row.vid,
  );
  readonly hosting_platform_client_access = this.table<{ pid: number; cid: number }>(
    "hosting_platform_client_access",
    // The real table has no key at all; nothing writes a pair twice.
    (row) => `${row.pid}-${row.cid}`,
  );
  readonly hosting_site = this.table<SiteRow>("hosting_site", (row) => row.vid);
  readonly hosting_site_alias = this.table<{ vid: number; nid: number; alias: string; automatic: number }>(
    "hosting_site_alias",
    (row) => `${row.vid}-${row.alias}`,
    [],
    "vid",
  );
  readonly hosting_task = this.table<TaskRow>("hosting_task", (row) => row.vid, [], "rid");
  readonly hosting_task_log = this.table<{
    lid: number;
    vid: number;
    nid: number;
    type: string;
    message: string;
    timestamp: number;
  }>("hosting_task_log", (row) => row.lid, [], "vid");
  readonly hosting_context = this.table<{ nid: number; name: string }>("hosting_context", (row) => row.nid, [
    { name: "name", of: (row) => row.name },
  ]);
  readonly node_access = this.table<NodeAccessRow>(
    "node_access",
    (row) => `${row.nid}-${row.realm}-${row.gid}`,
    [],
    "nid",
  );
  readonly users = this.table<{ uid: number; name: string; mail: string; status: number }>("users", (row) => row.uid, [
    { name: "name", of: (row) => collated(row.name) },
  ]);
  readonly role = this.table<{ rid: number; name: string }>("role", (row) => row.rid);
  readonly users_roles = this.table<{ uid: number; rid: number }>("users_roles", (row) => `${row.uid}-${row.rid}`);
  readonly variable = this.table<{ name: string; value: string | number | boolean }>("variable", (row) => row.name);

  /** The next value of an auto-increment column. A rolled back transaction uses its values up, as in MySQL. */
  next(counter: "nid" | "vid" | "uid" | "rid" | "lid"): number {
    const value = (this.counters.get(counter) ?? 0) + 1;
    this.counters.set(counter, value);
    return value;
  }

  /** One transaction, or a savepoint in the one that is open: what `work` wrote is undone when it throws. */
  transaction<Result>(work: () => Result): Result {
    const savepoint = this.journal.length;
    let result: Result;
    this.depth++;
    try {
      result = work();
    } catch (error) {
      while (this.journal.length > savepoint) this.journal.pop()?.();
      throw error;
    } finally {
      this.depth--;
    }
    if (this.depth === 0) this.commit();
    return result;
  }

  /** How many rows the open transaction has changed so far. */
  get pendingChanges(): number {
    return this.journal.length;
  }

  /** Calls `observer` after every commit that changed a row. */
  onCommit(observer: () => void): void {
    this.observers.push(observer);
  }

  private commit(): void {
    const changed = this.journal.length > 0;
    this.journal = [];
    if (changed) for (const observer of this.observers) observer();
  }

  private table<Row extends object>(
    name: string,
    primary: (row: Row) => Key,
    unique: readonly UniqueKey<Row>[] = [],
    indexed?: keyof Row,
  ): Table<Row> {
    return new Table(name, primary, unique, indexed, (undo) => {
      this.journal.push(undo);
      // A statement outside of a transaction commits itself.
      if (this.depth === 0) this.commit();
    });
  }
}
