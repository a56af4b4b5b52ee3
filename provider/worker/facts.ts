/**
 * What the worker says of servers, clients, sites, tasks and users ("Facts" in PROTOCOL.md): the shapes to which its answers
 * are held.
 */
import { z } from "zod";

/**
 * A list in an answer, read up to its first wrong item: an answer may hold millions of them, and a problem of each would be
 * a hundred times as large as it.
 */
export function list<Item extends z.ZodType>(item: Item) {
  return z.array(z.unknown()).transform((items, context) => {
    const read: z.output<Item>[] = [];
    for (const [index, each] of items.entries()) {
      const parsed = item.safeParse(each);
      if (!parsed.success) {
        const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
        context.addIssue({ code: "custom", path: [index, ...path], message });
        return z.NEVER;
      }
      read.push(parsed.data);
    }
    return read;
  });
}

export const nid = z.number().int().positive();
export const uid = z.number().int().positive();
/** Seconds since the epoch, by the server's clock; up to the last one whose year has four digits. */
export const serverTime = z.number().int().nonnegative().max(253_402_300_799);

/** `hosting_site.status` (docs/aegir.md#status-values). */
export const SiteStatus = { deleted: -2, disabled: -1, queued: 0, enabled: 1 } as const;
/** `hosting_task.task_status` (docs/aegir.md#status-values). */
export const TaskStatus = { processing: -1, queued: 0, success: 1, error: 2, warning: 3 } as const;

/** A client as others refer to it. */
export const ClientReference = z.object({ nid, internalName: z.string(), name: z.string() });
export type ClientReference = z.infer<typeof ClientReference>;

/** A panel user. `administrator`: uid 1, a role with `administer sites` or one that bypasses node access. */
export const UserFacts = z.object({
  uid,
  name: z.string(),
  mail: z.string(),
  active: z.boolean(),
  created: serverTime.nullable(),
  /** Null for a user who has never logged in; see docs/aegir.md#last-use for what counts. */
  lastLogin: serverTime.nullable(),
  /** Also set by administrators, and then says nothing of a user who has never logged in. */
  lastAccess: serverTime.nullable(),
  roles: list(z.string()),
  administrator: z.boolean(),
  /** Internal names of the clients that this user is bound to, sorted. */
  clients: list(z.string()),
});
export type UserFacts = z.infer<typeof UserFacts>;

/** One client node with its `hosting_client` row. */
export const ClientFacts = ClientReference.extend({
  /** Users bound to it; orphan rows (a deleted user, uid 0) are not listed. */
  users: list(z.object({ uid, name: z.string(), mail: z.string(), active: z.boolean() })),
  /** Live sites (status is not -2) that it owns, sorted by domain. */
  sites: list(z.string()),
  /** Platforms with an access row for this client; `clients` counts all rows of that platform. */
  platforms: list(z.object({ nid, title: z.string(), clients: z.number().int() })),
  isDefault: z.boolean(),
  isAdmin: z.boolean(),
});
export type ClientFacts = z.infer<typeof ClientFacts>;

/** A log line of a task, kept for messages; `type` as in `hosting_task_log` (`error`, `failed`, `warning`, ...). */
export const TaskLogLine = z.object({ type: z.string(), message: z.string() });

export const TaskFacts = z.object({
  nid,
  /** The node that the task is about (`hosting_task.rid`). */
  rid: nid,
  type: z.string(),
  status: z.union([z.literal(-1), z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  /** When its process started; null for a task that never ran, a cancelled one included. */
  executed: serverTime.nullable(),
  /** In an answer to `tasks`: how many queued or running tasks of the instance come before this one. Null unless queued. */
  ahead: z.number().int().nonnegative().nullable(),
  /** The last few lines of types error, failed and warning; empty unless the status is 2 or 3. */
  log: list(TaskLogLine),
});
export type TaskFacts = z.infer<typeof TaskFacts>;

/** The health of the task queue, so that a wait can say why nothing moves (docs/aegir.md#queue). */
export const QueueFacts = z.object({
  queued: z.number().int().nonnegative(),
  processing: z.number().int().nonnegative(),
  /** `hosting_queue_tasks_last_run`, null if it never ran. */
  lastRun: serverTime.nullable(),
  /** What stops the queue, in words, empty when nothing that can be seen from Drupal does. */
  obstacles: list(z.string()),
  /** How full the file systems are that Aegir needs and that Drupal's user can see, each once. */
  disks: list(z.object({ path: z.string(), percent: z.number().int() })),
});
export type QueueFacts = z.infer<typeof QueueFacts>;

export const SiteFacts = z.object({
  nid,
  site: z.string(),
  status: z.union([z.literal(-1), z.literal(0), z.literal(1)]),
  /** Raw `hosting_site.client`: 0, or the nid of something that is not a client, is possible; then `owner` is null. */
  ownerNid: z.number().int(),
  owner: ClientReference.nullable(),
  /** The front end's own site, which is never given to a client. */
  hostmaster: z.boolean(),
  /** Queued and running tasks about this site, oldest first. */
  tasks: list(TaskFacts),
  /** The newest verify task whatever its status, null if there is none: shows whether a recorded owner is applied. */
  lastVerify: TaskFacts.nullable(),
  /** Directories below `clients/` that hold a link of this domain, sorted: who reaches its files now. */
  links: list(z.string()),
});
export type SiteFacts = z.infer<typeof SiteFacts>;

/** The answer to `hello`, which every inventory repeats. */
export const ServerFacts = z.object({
  protocol: z.number().int(),
  php: z.string(),
  drush: z.string(),
  drupal: z.string(),
  /** Version or schema number of the hosting module, as far as it is known. */
  hosting: z.string(),
  /** Absolute path of the directory that holds the client directories. */
  clientsDirectory: z.string(),
  /** `hosting_default_client`; null if the variable does not name a client. */
  defaultClient: ClientReference.nullable(),
  /** `hosting_admin_client`. */
  adminClient: ClientReference.nullable(),
  /** What the two variables hold, whether that is a client or not. */
  defaultClientNid: z.number().int(),
  adminClientNid: z.number().int(),
  /** `hosting_client_prefix`. */
  clientPrefix: z.string(),
  /** `hosting_client_register_user` and `hosting_client_send_welcome`: what the panel would do. */
  registersUsers: z.boolean(),
  sendsWelcomeMail: z.boolean(),
  /** The system user that the worker runs as, and its HOME, where Drush looks for aliases. */
  user: z.string(),
  home: z.string(),
});
export type ServerFacts = z.infer<typeof ServerFacts>;

/** A platform that is not deleted, and the clients that it admits. */
export const PlatformFacts = z.object({
  nid,
  title: z.string(),
  /** `hosting_platform.status`: 1 enabled, 0 queued, -1 locked. */
  status: z.number().int(),
  /** Nids of its access rows, which may name clients that are gone; without any it is open to every client. */
  clients: list(z.number().int()),
});
export type PlatformFacts = z.infer<typeof PlatformFacts>;

/** A row of `hosting_client_user` whose user or client (null then) is gone, or whose user is the anonymous one. */
export const OrphanBinding = z.object({
  uid: z.number().int(),
  user: z.string().nullable(),
  clientNid: z.number().int(),
  client: z.string().nullable(),
});
export type OrphanBinding = z.infer<typeof OrphanBinding>;

/**
 * A client or a site without the row of its current revision; such a site is visible to every user
 * (docs/aegir.md#sites-without-owner).
 */
export const DamagedNode = z.object({ nid, type: z.enum(["client", "site"]), title: z.string() });
export type DamagedNode = z.infer<typeof DamagedNode>;

export const Inventory = z.object({
  server: ServerFacts,
  clients: list(ClientFacts),
  sites: list(SiteFacts),
  users: list(UserFacts),
  platforms: list(PlatformFacts),
  orphanBindings: list(OrphanBinding),
  damaged: list(DamagedNode),
  queue: QueueFacts,
});
export type Inventory = z.infer<typeof Inventory>;

/** The record of a site's SSL certificate that did not move with the site (docs/aegir.md#ssl-certificates). */
export const CertificateLeft = z.object({
  /** Its name, which is the name of its directory as well. */
  name: z.string(),
  /** The client that the record names; null if that is no client. */
  owner: ClientReference.nullable(),
  /** How many live sites that do not belong to the site's new owner use it. */
  otherSites: z.number().int().nonnegative(),
});
export type CertificateLeft = z.infer<typeof CertificateLeft>;
