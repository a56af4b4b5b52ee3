/**
 * What a refusal of the worker means for a resource, in terms of its declaration. The worker knows only its request; these
 * messages say what was declared, and what to write instead.
 */
import type { WorkerErrorCode } from "../worker/errorCodes";
import { details } from "../worker/protocol";
import { WorkerRefusal } from "../worker/WorkerRefusal";
import { AegirError, type AegirErrorCode } from "./AegirError";
import { otherClient } from "./ClientNumber";
import { otherUser } from "./UserNumber";

/** What a request was about, as it was declared. */
export interface RequestContext {
  /** Internal name. */
  client: string;
  /** The client's recorded node. */
  clientNid?: number | undefined;
  user?: string;
  /** The user's recorded number. */
  uid?: number | undefined;
  /** The address of a user to create. */
  mail?: string | undefined;
  /** What to do if Aegir would store another internal name: a sentence without a full stop. */
  ifAltered?: string;
}

type Meaning = { code: AegirErrorCode; what: string; next: string; detail?: Record<string, unknown> };

/** By the worker's code; undefined if the answer is not about the declaration. */
const meanings: Partial<
  Record<
    WorkerErrorCode,
    (refusal: WorkerRefusal, requested: RequestContext, server: string) => Meaning | AegirError | undefined
  >
> = {
  changed({ detail }, { client, clientNid, user, uid }, server) {
    const newClient = details.otherClient.safeParse(detail).data;
    if (clientNid !== undefined && newClient) {
      return otherClient(server, { internalName: client, nid: clientNid }, newClient);
    }
    const newUser = details.otherUser.safeParse(detail).data;
    return user !== undefined && uid !== undefined && newUser
      ? otherUser(server, { client, user, uid }, newUser)
      : undefined;
  },

  missing({ detail }, { client, user }) {
    if (user === undefined) return undefined;
    if (details.missing.safeParse(detail).data?.what !== "user") {
      return { ...noClient(client), detail: { client, user } };
    }
    return {
      code: "missing",
      what: `there is no panel user ${user} to bind to ${client}`,
      next: `Create the user in the panel, or let this resource create it: createUser: { email: "..." }`,
      detail: { client, user },
    };
  },

  refused({ detail }, { client, user, mail, ifAltered }) {
    const other = details.otherMail.safeParse(detail).data;
    if (user !== undefined && other) {
      return {
        code: "refused",
        what: `the panel user ${user} has the address ${other.mail}, and createUser says ${mail}`,
        next: "Remove createUser if this is the right person, or choose another user name",
        detail: { client, user, mail: other.mail },
      };
    }
    // Aegir alters a name that `check` accepts only with a prefix that is not configured here, or newer than the client.
    const altered = details.altered.safeParse(detail).data;
    if (ifAltered === undefined || !altered) return undefined;
    return {
      code: "refused",
      what: `Aegir would store the internal name ${client} as ${altered.internalName}, because of its variable hosting_client_prefix`,
      next: ifAltered,
    };
  },

  mailTaken(_, { client, user, mail }) {
    if (user === undefined) return undefined;
    return {
      code: "refused",
      what: `the user ${user} cannot be created: another user has the address ${mail}`,
      next: "Bind that user by name, or write another address",
      detail: { client, user },
    };
  },

  nameTaken(_, { client, user, mail }) {
    if (user !== undefined) return undefined;
    return {
      code: "refused",
      what: `no user has the address ${mail}, and none can be created: another user already has the name ${client}`,
      next: "Give that user this address in the panel, or declare a ClientUserBinding for a user of another name instead of email",
    };
  },
};

/** The error in terms of the declaration; undefined if `error` is not a refusal, may be retried, or needs no explanation. */
export function meaningOf(error: unknown, server: string, requested: RequestContext): AegirError | undefined {
  if (!(error instanceof WorkerRefusal)) return undefined;
  const meaning = meanings[error.code]?.(error, requested, server);
  return meaning === undefined || meaning instanceof AegirError
    ? meaning
    : new AegirError({ ...meaning, server, outcome: "notDone" });
}

/** The error for a reference to a client that does not exist. */
export function noClient(client: string): Pick<Meaning, "code" | "what" | "next"> & { code: "missing" } {
  return {
    code: "missing",
    what: `there is no client ${client}`,
    next: "Declare it as an AegirClient and link to its internalName output, or correct the name",
  };
}

/** Whether `bind` was refused because the user of this uid is gone and no other user has the name. */
export function isDeletedUser(error: unknown): boolean {
  if (!(error instanceof WorkerRefusal) || error.code !== "changed") return false;
  const other = details.otherUser.safeParse(error.detail).data;
  return other?.name === null && other.uid === null;
}

/** Why the worker failed, for the refusal `internal`. */
export function internalReason({ code, detail }: WorkerRefusal): "bootstrap" | "database" | "exception" | undefined {
  return code === "internal" ? details.internal.safeParse(detail).data?.reason : undefined;
}

const AGAIN = "Run the same command again: it looks first and does what is missing";

/** The error for a refusal without an explanation of its own. */
const plain: Record<WorkerErrorCode, { code: AegirErrorCode; next: string }> = {
  missing: { code: "missing", next: AGAIN },
  refused: { code: "refused", next: "Remove the obstacle, then run the same command again" },
  exists: { code: "serverFailed", next: AGAIN },
  nameTaken: { code: "serverFailed", next: AGAIN },
  mailTaken: { code: "serverFailed", next: AGAIN },
  changed: { code: "serverFailed", next: AGAIN },
  busy: { code: "serverFailed", next: AGAIN },
  locked: { code: "serverFailed", next: AGAIN },
  deadlock: { code: "serverFailed", next: AGAIN },
  protocol: { code: "serverFailed", next: AGAIN },
  internal: { code: "serverFailed", next: AGAIN },
};

/** @param what the operation: a clause such as `updating client:acme` */
export function refusedWhile(what: string, refusal: WorkerRefusal, server: string): AegirError {
  const { code, next } = plain[refusal.code];
  const locked = refusal.code === "locked" ? lockHolder(refusal.detail) : undefined;
  return new AegirError({
    code,
    what: `${what}: ${refusal.reason}${locked ? `, ${locked.who}` : ""}`,
    server,
    outcome: "notDone",
    next: locked?.next ?? next,
    detail: { code: refusal.code, ...refusal.detail },
    cause: refusal,
  });
}

/** Who holds the database lock, and what to do about it. A database user sees only its own connections. */
function lockHolder({ connection, host, seconds }: Record<string, unknown>): { who: string; next: string } {
  const again = "run the same command again";
  if (typeof connection !== "number") return { who: "or did a moment ago", next: `It is free now: ${again}` };
  if (typeof host === "string") {
    const since = typeof seconds === "number" ? ` for ${seconds} s` : "";
    return { who: `connection ${connection} from ${host}${since}`, next: `Wait for it, then ${again}` };
  }
  return {
    who: `connection ${connection}, which Aegir's database user cannot see`,
    next:
      "As a database administrator, find out whose it is: SELECT id, user, host, time, info FROM " +
      `information_schema.processlist WHERE id = ${connection}. Wait for it, or end it with KILL ${connection}, then ${again}`,
  };
}
