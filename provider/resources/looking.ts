/**
 * What the handlers of all four types have in common where a server cannot be looked at.
 *
 * A refresh that fails at one resource ends the whole deployment, and with it every revocation on every other server
 * (Pulumi 3.248, with --continue-on-error as well). So a read that could not look keeps what is recorded and marks it.
 * `diff` sees a mark as a change, and `update` looks again: it clears the mark or fails, so that a run which has not
 * seen everything is red and names what it has not seen.
 */
import { AegirError } from "../aegir/AegirError";
import { dependsOnConfiguration } from "../aegir/dependsOnConfiguration";
import { configurationOf } from "../aegir/servers";
import type { ResourceType } from "../dynamic/shim";
import { OneLineError } from "../text/OneLineError";
import { printable } from "../text/printable";
import { PartialFailure } from "./PartialFailure";
import { report } from "./report";
import type { ResourceHandlers } from "./ResourceHandlers";

/** The mark, an output. */
export interface NotLookedAt {
  /** The error, printable. */
  why: string;
  /** How many refreshes in a row could not look. It makes each of them a change, which `--expect-no-changes` sees. */
  refreshes: number;
}

/** What is looked at here of the inputs and outputs of any of the four types. */
interface Recorded {
  stateVersion?: number;
  server?: string;
  notLookedAt?: NotLookedAt;
  internalName?: string;
  name?: string;
  site?: string;
  client?: string;
  user?: string;
  uid?: number;
  username?: string;
}

/** Longest reason that is kept in the state. */
const MAXIMUM_REASON = 1000;

const STALE =
  " If the configuration has changed since the last `pulumi up`: the next `pulumi up` uses the new one, `pulumi refresh` " +
  "and `pulumi destroy` only with --run-program.";

/** The handlers as Pulumi gets them. */
export function looking(type: ResourceType, inner: ResourceHandlers<never, unknown>): ResourceHandlers<never, unknown> {
  const handlers = inner as unknown as ResourceHandlers<Recorded, Recorded>;
  return {
    async check(olds, news) {
      const checked = await handlers.check(olds, news);
      const inputs: Recorded = checked.inputs;
      const reason = decommissioned(inputs.server);
      if (reason !== undefined) {
        report(
          declaredAs(type, inputs),
          `is declared on the server ${inputs.server}, which is decommissioned (${reason}): nothing is done there. Remove it from the program.`,
        );
      }
      return checked;
    },

    async diff(id, olds, news) {
      const { notLookedAt, ...recorded } = olds;
      const diff = await handlers.diff(id, recorded, news);
      if (!notLookedAt || decommissioned(recorded.server) !== undefined) return diff;
      report(id, "was not looked at by the last refresh: the update looks again, and fails if it cannot.");
      return { ...diff, changes: true };
    },

    create: (inputs) => handlers.create(inputs),

    async read(id, props) {
      const { notLookedAt, ...recorded } = props;
      // A lookup (`get`) has nothing recorded that could be kept.
      if (recorded.stateVersion === undefined) return handlers.read(id, props);
      const reason = decommissioned(recorded.server);
      if (reason !== undefined) {
        report(
          id,
          `was not looked at: the server ${recorded.server} is decommissioned (${reason}). The state keeps it.`,
        );
        return { id, props: recorded };
      }
      try {
        return await handlers.read(id, recorded);
      } catch (error) {
        if (!couldNotLook(error)) throw error;
        const mark = { why: printable(error.message, MAXIMUM_REASON), refreshes: (notLookedAt?.refreshes ?? 0) + 1 };
        report(id, `could not be looked at: ${withRecord(error, type, recorded)}${stale(error)}`);
        // Without `inputs` the recorded ones stay.
        return { id, props: { ...recorded, notLookedAt: mark } };
      }
    },

    async update(id, olds, news) {
      const { notLookedAt, ...recorded } = olds;
      try {
        // How a binding is known to be unseen.
        const seen = type === "ClientUserBinding" ? olds : recorded;
        return await handlers.update(id, seen, news);
      } catch (error) {
        if (!notLookedAt || !couldNotLook(error)) throw error;
        throw new NotSeen(withRecord(error, type, recorded), error);
      }
    },

    async delete(id, props) {
      const { notLookedAt, ...recorded } = props;
      const reason = decommissioned(recorded.server);
      if (reason !== undefined) {
        report(
          id,
          `is forgotten without a connection: the server ${recorded.server} is decommissioned (${reason}). Should it run again, this may still hold there: ${inWords(type, recorded)}.`,
        );
        return;
      }
      try {
        await handlers.delete(id, recorded);
      } catch (error) {
        if (!couldNotLook(error)) throw error;
        const message = notLookedAt ? withRecord(error, type, recorded) : error.sentences;
        throw new NotSeen(`${message}${stale(error)}`, error);
      }
    },
  } satisfies ResourceHandlers<Recorded, Recorded>;
}

/** A server could not be looked at: the error that says why, and what it means for one resource. */
class NotSeen extends OneLineError {
  readonly code: string;

  constructor(message: string, cause: OneLineError) {
    super(message, { cause });
    this.name = cause.name;
    this.code = cause.code;
  }
}

/** True of what kept us from an answer; false of an answer, and of a mistake of ours. */
function couldNotLook(error: unknown): error is OneLineError {
  if (error instanceof PartialFailure) return false;
  if (error instanceof AegirError) return ["notConfigured", "serverFailed", "waitExpired"].includes(error.code);
  return error instanceof OneLineError;
}

/** Why the server is given up; undefined if it is not. */
function decommissioned(server: string | undefined): string | undefined {
  return configurationOf(server)?.decommissioned;
}

/** Where the configuration may be older than what a person has written: a sentence, or nothing. */
function stale(error: OneLineError): string {
  return dependsOnConfiguration(error) && !error.message.includes("--run-program") ? STALE : "";
}

function withRecord(error: OneLineError, type: ResourceType, recorded: Recorded): string {
  return `${error.sentences} Last seen: ${inWords(type, recorded)}.`;
}

/** What is recorded, as a clause. */
function inWords(type: ResourceType, { internalName, name, site, client, user, uid, username }: Recorded): string {
  switch (type) {
    case "AegirClient":
      return `the client ${internalName} is called ${name}`;
    case "SiteOwnership":
      return `${site} belongs to ${client || "nobody"}`;
    case "ClientUserBinding":
      return `${user}${uid === undefined ? "" : ` (uid ${uid})`} may act for ${client}`;
    case "ShellAccount":
      return `${username} is the login of ${client}`;
  }
}

/** How the inputs of a resource are called before it has an id. */
function declaredAs(type: ResourceType, { internalName, site, client, user }: Recorded): string {
  switch (type) {
    case "AegirClient":
      return `client:${internalName}`;
    case "SiteOwnership":
      return `site:${site}`;
    case "ClientUserBinding":
      return `binding:${client}:${user}`;
    case "ShellAccount":
      return `account:${client}`;
  }
}
