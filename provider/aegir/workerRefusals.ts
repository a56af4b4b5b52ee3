/**
 * What a refusal of the worker means for a resource, in the words of its user. The worker knows its request alone; what was
 * declared, and what to write instead, is said here.
 */
import { WorkerRefusal } from "../worker/WorkerRefusal";
import type { WorkerErrorCode } from "../worker/errorCodes";
import { details } from "../worker/protocol";
import { AegirError, type AegirErrorCode } from "./AegirError";
import { otherClient } from "./ClientNumber";
import { otherUser } from "./UserNumber";

/** What a request was about, as it was declared. */
export interface RequestContext {
  /** Internal name. */
  client: string;
  /** The node that the client is known to be. */
  clientNid?: number | undefined;
  user?: string;
  /** Who the user is known to be. */
  uid?: number | undefined;
  /** The address that a user is to be made with. */
  mail?: string | undefined;
  /** What to do if Aegir would store another internal name: a sentence without a full stop. */
  ifAltered?: string;
}

type Meaning = { code: AegirErrorCode; what: string; next: string; detail?: Record<string, unknown> };

/** By the worker's code; undefined where the answer is not about what was declared. */
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
    if (details.missing.safeParse(detail).data?.what !== "user")
      return { ...noClient(client), detail: { client, user } };
    return {
      code: "missing",
      what: `there is no panel user ${user} to bind to ${client}`,
      next: `Make the user in the panel, or let this resource make it: createUser: { email: "..." }`,
      detail: { client, user },
    };
  },

  refused({ detail }, { client, user, mail, ifAltered }) {
    const other = details.otherMail.safeParse(detail).data;
    if (user !== undefined && other) {
      return {
        code: "refused",
        what: `the panel user ${user} has the address ${other.mail}, and createUser says ${mail}`,
        next: "Remove createUser if this is the person who is meant, or choose another user name",
        detail: { client, user, mail: other.mail },
      };
    }
    // What `check` accepts is altered only by a prefix that is not the configured one, or newer than the client.
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
      what: `the user ${user} cannot be made: another user has the address ${mail}`,
      next: "Bind that user by its name, or give another address",
      detail: { client, user },
    };
  },

  nameTaken(_, { client, user, mail }) {
    if (user !== undefined) return undefined;
    return {
      code: "refused",
      what: `no user has the address ${mail}, and one cannot be made: another user is already called ${client}`,
      next: "Give that user this address in the panel, or declare a ClientUserBinding for a user of another name instead of email",
    };
  },
};

/** What the refusal says about what was declared; undefined if `error` is none, or may be asked again, or speaks for itself. */
export function meaningOf(error: unknown, server: string, requested: RequestContext): AegirError | undefined {
  if (!(error instanceof WorkerRefusal)) return undefined;
  const meaning = meanings[error.code]?.(error, requested, server);
  return meaning === undefined || meaning instanceof AegirError
    ? meaning
    : new AegirError({ ...meaning, server, outcome: "notDone" });
}

/** A client that something refers to and that is not there. */
export function noClient(client: string): Pick<Meaning, "code" | "what" | "next"> & { code: "missing" } {
  return {
    code: "missing",
    what: `there is no client ${client}`,
    next: "Declare it as an AegirClient and link to its internalName output, or correct the name",
  };
}

/** True of the answer to `bind` that the user of this uid is gone, and nobody has taken the name. */
export function isDeletedUser(error: unknown): boolean {
  if (!(error instanceof WorkerRefusal) || error.code !== "changed") return false;
  const other = details.otherUser.safeParse(error.detail).data;
  return other?.name === null && other.uid === null;
}

/** Why the worker could not go on, if that is what its refusal says. */
export function internalReason({ code, detail }: WorkerRefusal): "bootstrap" | "database" | "exception" | undefined {
  return code === "internal" ? details.internal.safeParse(detail).data?.reason : undefined;
}

const AGAIN = "Run the same command again: it observes first and does only what is missing";

/** What every refusal is that says no more than its own words. */
const plain: Record<WorkerErrorCode, { code: AegirErrorCode; next: string }> = {
  missing: { code: "missing", next: AGAIN },
  refused: { code: "refused", next: "Remove what stands against it, then run the same command again" },
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

/** @param what what was being done: a clause, as `updating client:acme` */
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

/** Who holds the database lock, and what to do about it. Only its own user's connections are shown to a database user. */
function lockHolder({ connection, host, seconds }: Record<string, unknown>): { who: string; next: string } {
  const again = "run the same command again";
  if (typeof connection !== "number") return { who: "or did a moment ago", next: `It is free by now: ${again}` };
  if (typeof host === "string") {
    const since = typeof seconds === "number" ? ` for ${seconds} s` : "";
    return { who: `connection ${connection} from ${host}${since}`, next: `Wait for it, then ${again}` };
  }
  return {
    who: `connection ${connection}, which Aegir's own database user may not see`,
    next:
      "As an administrator of the database, look who it is: SELECT id, user, host, time, info FROM " +
      `information_schema.processlist WHERE id = ${connection}. Wait for it, or end it with KILL ${connection}, then ${again}`,
  };
}
