/**
 * The messages between this package and the PHP worker inside Drush. PROTOCOL.md specifies them for people; this file
 * defines what the TypeScript side accepts, and every answer is checked against it before use.
 *
 * A verb is either a read (facts, no lock, no transaction) or a write (one database lock, one transaction, everything
 * it needs to decide re-read inside it). The worker does not decide whether an owner may be replaced
 * or a client adopted: the caller observes, decides, and sends a write that names what it expects to find.
 */
import { z } from "zod";
import { WORKER_ERROR_CODES } from "./errorCodes";
import {
  CertificateLeft,
  ClientFacts,
  ClientReference,
  Inventory,
  list,
  nid,
  QueueFacts,
  ServerFacts,
  serverTime,
  SiteFacts,
  TaskFacts,
  uid,
  UserFacts,
} from "./facts";

/** Raised whenever a verb or a fact changes its meaning; a worker with another number is refused. */
export const PROTOCOL_VERSION = 1;

/**
 * The Drush arguments that start a worker. Constant: no quote that BOA's shell wrapper would strip, no data. The first
 * line of standard input carries the worker's source as base64, every further line one request.
 */
export const WORKER_ARGUMENTS = `--user=1 php-eval "eval(base64_decode(fgets(STDIN)));"`;

/** The panel user that a request creates: role `aegir client`, author of nothing. */
const newUser = z.object({ name: z.string(), mail: z.string(), welcomeMail: z.boolean() });

/**
 * Whether the welcome mail was handed to the server's mailer; absent unless it was requested and the user was created.
 * It is sent after the commit, so its failure undoes nothing.
 */
const mailed = z.boolean().optional();

/** The result for the user that a write ensures; `bound`: by this request. */
const EnsuredUser = z.object({ uid, name: z.string(), created: z.boolean(), bound: z.boolean(), mailed });
export type EnsuredUser = z.infer<typeof EnsuredUser>;

/** Every verb with the shape of its arguments and of its result; PROTOCOL.md has the details of its errors. */
export const verbs = {
  /** Must be the first request. `marker` begins every answer line of the session. */
  hello: {
    write: false,
    args: z.object({ protocol: z.number().int(), marker: z.string() }),
    result: ServerFacts,
  },
  /** Everything in one answer: the reads of a refresh, `dump`, `audit`. */
  inventory: { write: false, args: z.object({}), result: Inventory },
  client: {
    write: false,
    args: z.object({ internalName: z.string(), name: z.string().optional() }),
    result: z.object({
      client: ClientFacts.nullable(),
      /** Internal names of other clients whose title is `name`, without regard to case; empty without `name`. */
      sameName: list(z.string()),
      /**
       * Internal names of other clients whose shell account would have the same name
       * (docs/aegir.md#shell-account-names).
       */
      sameShellName: list(z.string()),
    }),
  },
  /** Who the client is, however many sites it owns. */
  clientReference: {
    write: false,
    args: z.object({ internalName: z.string() }),
    result: z.object({ client: ClientReference.nullable() }),
  },
  site: {
    write: false,
    args: z.object({ site: z.string() }),
    result: z.object({
      /** Live sites with this domain as title; more than one is a damaged server. */
      sites: list(SiteFacts),
      /** How many deleted sites (status -2) carry the same title. */
      deleted: z.number().int(),
      /** The main domain of a live site that has this domain as an alias. */
      aliasOf: z.string().nullable(),
    }),
  },
  /** Users by uid, by name (at most one) or by mail (several are possible). */
  user: {
    write: false,
    args: z.object({ uid: uid.optional(), name: z.string().optional(), mail: z.string().optional() }),
    result: z.object({ users: list(UserFacts) }),
  },
  /** Tasks by nid; one that is gone is missing from the answer. */
  tasks: {
    write: false,
    args: z.object({ nids: z.array(nid) }),
    result: z.object({ tasks: list(TaskFacts), queue: QueueFacts }),
  },
  /**
   * Makes the client node (author uid 1, registration and mail of the server suppressed) and, with `user`, binds the
   * user with that mail, or makes one if none has it. Errors: `exists` (the internal name is taken; detail `client`: by
   * whom), `refused` (Aegir would store another internal name), and those of `ensureUser`.
   */
  createClient: {
    write: true,
    args: z.object({ internalName: z.string(), name: z.string(), user: newUser.nullable() }),
    result: z.object({ client: ClientFacts, user: EnsuredUser.nullable() }),
  },
  /**
   * Errors: `missing`; `changed` (the title is not `from`; or the client of that internal name is not `nid`, see `bind`),
   * `refused` (the sanitiser would alter the internal name).
   */
  renameClient: {
    write: true,
    args: z.object({ internalName: z.string(), nid: nid.optional(), from: z.string(), to: z.string() }),
    result: z.object({ client: ClientFacts }),
  },
  /**
   * Errors: `missing`; `changed` (the client is not `nid`, see `bind`); `refused` with `sites`, `users`, `platforms` or `role` ("default", "admin") in its
   * detail: live sites always refuse, bindings and platform rows unless they are to be dropped, a platform's last row
   * unless the default client is to get it.
   */
  deleteClient: {
    write: true,
    args: z.object({
      internalName: z.string(),
      nid: nid.optional(),
      dropBindings: z.boolean(),
      dropPlatforms: z.boolean(),
      replaceLast: z.boolean().optional(),
    }),
    result: z.object({ deleted: z.boolean() }),
  },
  /**
   * Nothing is written if a bound user has this mail. Errors: `missing` (the client); `nameTaken` (a user is to be made
   * and another user has its name); `refused` (several users have the mail, or Drupal accepts no such user).
   */
  ensureUser: {
    write: true,
    args: z.object({ client: z.string(), user: newUser }),
    result: z.object({ user: EnsuredUser }),
  },
  /**
   * Hands the site to the client named by `to` (null: the default owner) if it is still owned by `from`, and queues a
   * verify unless one is queued already, in the same transaction; then re-acquires the grants of the site's tasks. The
   * record of its SSL certificate moves along from `from`, or from a client that is gone, unless a live site of another client uses it.
   * Errors: `missing` (the site or the client), `changed` (another owner; detail `found`: its nid, `owner`: its reference
   * or null; or the client `to` is not `toNid`, see `bind`), `busy` (a task of the site is running; detail `task`), `refused` (the hostmaster site).
   */
  setOwner: {
    write: true,
    args: z.object({ nid, from: z.number().int(), to: z.string().nullable(), toNid: nid.optional() }),
    result: z.object({ site: SiteFacts, task: TaskFacts, certificateLeft: CertificateLeft.nullable() }),
  },
  /** Queues a verify unless one is queued already. Errors: `missing`. */
  queueVerify: {
    write: true,
    args: z.object({ nid }),
    result: z.object({ task: TaskFacts }),
  },
  /**
   * Binds the user of that name; with `createUser` makes it first if it does not exist. Errors: `missing` (detail
   * `what`: "client" or "user"), `mailTaken` (a user is to be made and another user has its mail), `changed` (the user of
   * that name is not the one with `uid`; detail `uid`: of the user who has the name, `name`: of the user with the uid,
   * each null if there is none; or the client of that internal name is not the one with `clientNid`; detail `nid`: of the
   * client that has the internal name, `internalName`: of the client with the nid, null where there is none, and `missing`
   * if there is neither), `refused` (the user is not bound yet and has another mail than `createUser`; detail `mail`).
   */
  bind: {
    write: true,
    args: z.object({
      client: z.string(),
      clientNid: nid.optional(),
      user: z.string(),
      uid: uid.optional(),
      createUser: z.object({ mail: z.string(), welcomeMail: z.boolean() }).nullable(),
    }),
    result: z.object({ clientNid: nid, user: UserFacts, created: z.boolean(), bound: z.boolean(), mailed }),
  },
  /**
   * Removes one pair, whose user is meant by uid, whether there still is such a user or not, or by name; and whose client is
   * meant by nid, likewise, or by internal name. A pair that is not there is a success. Errors: `refused` (uid 1 and the
   * admin client).
   */
  unbind: {
    write: true,
    args: z.object({
      client: z.string(),
      clientNid: nid.optional(),
      uid: uid.optional(),
      user: z.string().optional(),
    }),
    result: z.object({ unbound: z.boolean() }),
  },
} as const satisfies Record<string, { write: boolean; args: z.ZodType; result: z.ZodType }>;

export type Verb = keyof typeof verbs;
export type VerbArguments<V extends Verb> = z.input<(typeof verbs)[V]["args"]>;
export type VerbResult<V extends Verb> = z.output<(typeof verbs)[V]["result"]>;

/** The details of refusals that callers branch on (PROTOCOL.md). Callers ignore a detail of another form. */
export const details = {
  /** `changed`, if the client is another one. */
  otherClient: z.object({ internalName: z.string().nullable(), nid: nid.nullable() }),
  /** `changed`, if the user is another one. */
  otherUser: z.object({ name: z.string().nullable(), uid: uid.nullable() }),
  /** `missing`. */
  missing: z.object({ what: z.enum(["client", "user", "site"]) }),
  /** `refused`, if a user has another address. */
  otherMail: z.object({ mail: z.string() }),
  /** `refused`, if Aegir would store another internal name. */
  altered: z.object({ internalName: z.string() }),
  /** `busy`. */
  busy: z.object({ task: TaskFacts }),
  /** `internal`. */
  internal: z.object({ reason: z.enum(["bootstrap", "database", "exception"]) }),
} as const satisfies Record<string, z.ZodType>;

/** One answer line, after its marker and length. `now` is the server's clock. `fatal`: the worker ends after it. */
export const Answer = z.discriminatedUnion("ok", [
  z.object({ id: z.number().int(), now: serverTime, ok: z.literal(true), result: z.unknown() }),
  z.object({
    id: z.number().int(),
    now: serverTime,
    ok: z.literal(false),
    error: z.object({
      code: z.enum(WORKER_ERROR_CODES),
      message: z.string(),
      detail: z.record(z.string(), z.unknown()).default({}),
      fatal: z.boolean().default(false),
    }),
  }),
]);
export type Answer = z.infer<typeof Answer>;

/** One request line, without its line feed. */
export interface Request {
  id: number;
  verb: Verb;
  args: unknown;
}
