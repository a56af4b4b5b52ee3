import type { AegirServer } from "../aegir/AegirServer";
import { type ClientChange, clientChange, type KnownClient, partedClient } from "../aegir/ClientNumber";
import { retryUntilCertain } from "../aegir/retryUntilCertain";
import { serverFor } from "../aegir/servers";
import { type NameChange, otherUser, partedNames } from "../aegir/UserNumber";
import { isDeletedUser, meaningOf } from "../aegir/workerRefusals";
import { mailKey, mailProblems, userNameKey, userNameProblems } from "../naming/PanelUser";
import type { UserFacts } from "../worker/facts";
import type { VerbResult } from "../worker/protocol";
import { checkProperties } from "./checkProperties";
import { noteLook, refuseMassRepair, refuseUncounted, refuseUncountedRepair } from "./driftLimit";
import { clientNidOf, expectedClientNid, notePartedClient, notePartedUser, partedUser } from "./knownNumbers";
import type { NotLookedAt } from "./looking";
import { recordingUnknown } from "./PartialFailure";
import {
  type ArgsOf,
  boolean,
  changedProperties,
  declaredOf,
  type InputsOf,
  internalName,
  object,
  optional,
  positiveInteger,
  required,
  serverName,
  string,
} from "./properties";
import { report } from "./report";
import { output, type OutputsOf, resourceClass, type StateOf } from "./resourceClass";
import {
  type CheckResult,
  type CreateResult,
  type DiffResult,
  type ReadResult,
  type ResourceHandlers,
  STATE_VERSION,
} from "./ResourceHandlers";
import { ensuredMail, isDeclared, noteDeclared, registerIdentities } from "./uniqueIdentities";
import { isKnown, without } from "./values";

/** How a missing panel user is created: with the declared name, the role "aegir client" and this address. */
const createUser = {
  /** Address of the new user. */
  email: required(string(mailProblems), { compared: mailKey }),
  /**
   * Lets Aegir mail the login and the password to the new user.
   * @default false
   */
  welcomeMail: optional(boolean()),
};

const properties = {
  /** Internal name of the client. Take it from `AegirClient.internalName`. A change replaces the binding. */
  client: required(internalName(), { replaces: true }),
  /** Name of the panel user. A change replaces the binding. */
  user: required(string(userNameProblems), { replaces: true, compared: userNameKey }),
  /**
   * User id of the person who is meant. The binding is refused if the user of this name has another one. Needed only if
   * the name has passed to another person since this stack last bound it. A refresh notices that, and the update asks
   * for this property. A change replaces the binding.
   */
  expectedUid: optional(positiveInteger("a user id, for example 9")),
  /**
   * Creates the user if there is none of this name. Without it, a missing user is an error. Existing users are never
   * edited. One who is not bound yet and has another address is refused.
   */
  createUser: optional(object(createUser)),
  /** The configured server. Optional if there is only one. A change replaces the binding. */
  server: serverName,
};

const outputs = {
  /** User id on the server. */
  uid: output<number>(),
  /** Why the binding may give more or less access than it says: the user has no role, is blocked, or is an administrator. */
  warnings: output<string[]>(),
};

export type CreateUser = { [Name in keyof ArgsOf<typeof createUser>]: ArgsOf<typeof createUser>[Name] };
export type ClientUserBindingArgs = { [Name in keyof ArgsOf<typeof properties>]: ArgsOf<typeof properties>[Name] };
type Inputs = InputsOf<typeof properties>;

/** What the state holds. It repeats the inputs, because a delete and a refresh see outputs only. */
interface Recorded extends Inputs, Omit<StateOf<typeof outputs>, "uid"> {
  /** Absent of a binding that was recorded without its answer. */
  uid?: number;
  stateVersion: number;
  nameChange?: NameChange;
  /** Node id of the client; not in the states of earlier releases. */
  clientNid?: number;
  /** What a refresh found if the client's recorded internal name and node no longer belong together. */
  clientChange?: ClientChange;
  /** A refresh found that the access was taken away by hand. The record stays, because it has the person's uid. */
  unbound?: true;
  notLookedAt?: NotLookedAt;
}

/**
 * Lets a panel user act for a client. One resource is one pair of user and client, besides any other pairs. It takes
 * effect with the user's next page, and gives no access to the shell.
 *
 * A deployment binds the user, and creates it first if `createUser` is given. A destroy removes this pair and nothing
 * else: a user is never edited, blocked or deleted. Id: `binding:<client>:<user>`.
 *
 * ```ts
 * new ClientUserBinding("binding:acme:alice", { client: acme.internalName, user: "alice" });
 * ```
 */
export class ClientUserBinding extends resourceClass<
  ClientUserBindingArgs,
  OutputsOf<typeof properties, typeof outputs>
>("ClientUserBinding", properties, outputs, registered) {}

function registered(name: string, args: ClientUserBindingArgs): object {
  if (args.client === undefined || args.user === undefined) return args;
  const pair = registerIdentities(name, args.server, { client: args.client, user: args.user }, ({ client, user }) => [
    { identity: bindingKey(client, `${user}`), what: `the binding of ${user} to ${client}` },
  ]);
  return { ...args, user: pair.user };
}

const bindingId = (client: string, user: string): string => `binding:${client}:${user}`;

/** One pair, however its user is written: a changed case is create(new) and then delete(old) of the same pair. */
const bindingKey = (client: string, user: string): string => bindingId(client, userNameKey(user));

export const clientUserBinding: ResourceHandlers<Inputs, Recorded> = {
  check(_olds, news): CheckResult {
    const { inputs, server, failures } = checkProperties(properties, news);
    const { client, user } = inputs;
    if (server && typeof client === "string" && typeof user === "string" && isKnown([client, user])) {
      noteDeclared(server.name, bindingKey(client, user));
    }
    return { inputs, failures };
  },

  diff(id, olds, news): DiffResult {
    // A user that exists is never edited: another address is noted, and writes nothing. One for a user who is bound changes nothing.
    const isMade = olds.uid !== undefined && (olds.createUser === undefined || news.createUser === undefined);
    const compared = isMade ? without(properties, "createUser") : properties;
    const { replaces, changed } = changedProperties(compared, olds, news);
    const { expectedUid } = news;
    if (expectedUid !== undefined && olds.uid !== undefined && expectedUid !== olds.uid) replaces.push("expectedUid");
    const adopted = clientNidOf(news.server, news.client);
    if (adopted !== undefined && olds.clientNid !== undefined && adopted !== olds.clientNid && replaces.length === 0) {
      report(id, `follows the client ${news.client} from node ${olds.clientNid} to node ${adopted}.`);
      replaces.push("client");
    }
    const refused = (olds.nameChange ?? olds.clientChange) !== undefined && replaces.length === 0;
    if (refused) {
      const what = olds.nameChange
        ? partedNames(olds.user, olds.uid!, olds.nameChange)
        : `its client ${olds.client} ${partedClient(clientOf(olds)!, olds.clientChange!)}`;
      report(id, `${what}: the update will refuse to guess.`);
    }
    if (olds.nameChange) notePartedUser(olds.server, olds.user, olds.uid!, olds.nameChange);
    if (olds.clientChange) notePartedClient(olds.server, clientOf(olds)!);
    if (olds.unbound) report(id, `was taken away by hand: ${olds.user} can no longer act for ${olds.client}.`);
    return { changes: replaces.length + changed.length > 0 || refused || olds.unbound === true, replaces };
  },

  async create(inputs): Promise<CreateResult<Recorded>> {
    const id = bindingId(inputs.client, inputs.user);
    refuseMassRepair(serverFor(inputs.server), bindingKey(inputs.client, inputs.user));
    if (inputs.expectedUid === undefined) refuseParted(serverFor(inputs.server), inputs);
    const declared = { ...declaredOf(properties, inputs), stateVersion: STATE_VERSION, warnings: [] };
    const clientNid = expectedClientNid(inputs.server, inputs.client);
    const pair = await recordingUnknown(id, declared, () => bind(inputs, { uid: inputs.expectedUid, clientNid }));
    const outs = recordOf(pair, inputs);
    for (const warning of outs.warnings) report(id, warning);
    return { id, outs };
  },

  async read(id, props): Promise<ReadResult<Recorded>> {
    const server = serverFor(props.server);
    const [, clientOfId = "", ...userOfId] = id.split(":");
    const client = props.client ?? clientOfId;
    const name = props.user ?? userOfId.join(":");
    const { users, clients } = await server.inventory();
    const named = users.find((candidate) => sameName(candidate.name, name));
    const known = props.uid === undefined ? named : users.find(({ uid }) => uid === props.uid);
    const live = { ...without(props, "nameChange", "clientChange"), client, user: name, server: server.name };
    const inputs = declaredOf(properties, live);
    const nameChange = named === known ? undefined : { name: known?.name ?? null, uid: named?.uid ?? null };
    const knownClient = clientOf(live);
    const otherName = knownClient && clientChange(knownClient, clients);
    if (nameChange) notePartedUser(server.name, name, props.uid!, nameChange);
    if (otherName) notePartedClient(server.name, knownClient);
    if (nameChange || otherName) {
      // Neither gone nor there. A person has to say who is meant, and until then nothing is written.
      const changes = { ...(nameChange && { nameChange }), ...(otherName && { clientChange: otherName }) };
      return { id: bindingId(client, name), props: { ...(live as Recorded), ...changes }, inputs };
    }
    const bound = clients.find(
      ({ internalName, users }) => internalName === client && users.some(({ uid }) => uid === known?.uid),
    );
    noteLook(server, bindingKey(client, name), bound ? undefined : `${name} unbound from ${client}`);
    if (bound && known) {
      return { id: bindingId(client, name), props: recordOf({ user: known, clientNid: bound.nid }, live), inputs };
    }
    // A record stays where the person was unbound or deleted: without its uid, whoever takes the name later would be bound.
    if (props.uid === undefined) return {};
    return { id: bindingId(client, name), props: { ...(live as Recorded), unbound: true }, inputs };
  },

  async update(_id, olds, news): Promise<{ outs: Recorded }> {
    if (olds.unbound) refuseUncountedRepair(serverFor(news.server), bindingKey(news.client, news.user));
    if (olds.notLookedAt) await refuseUnseenChange(olds);
    const clientNid = clientNidOf(news.server, news.client) ?? olds.clientNid;
    return { outs: recordOf(await bind(news, { uid: news.expectedUid ?? olds.uid, clientNid }), news) };
  },

  async delete(id, props): Promise<void> {
    const server = serverFor(props.server);
    const { client, clientNid } = props;
    // A binding that was recorded without its answer has no uid.
    const person = props.uid === undefined ? { name: props.user } : { uid: props.uid };
    await retryUntilCertain(server.label, `unbinding ${props.user} from ${client}`, async () => {
      // By uid, because the person may have another name by now, and another person this name.
      const { result } = await server.worker.call("user", person);
      const [user] = result.users;
      // What is declared of it is declared of the name that it has now.
      const called = await calledNow(server, props);
      if (user && called !== undefined && isDeclared(server.name, bindingKey(called, user.name))) {
        report(id, "is still declared by this program: only this entry of the state is forgotten.");
        return;
      }
      if (user && called !== undefined && isDeclared(server.name, ensuredMail(called, user.mail))) {
        report(
          id,
          `is declared by the email of the client ${called} as well: only this entry of the state is forgotten.`,
        );
        return;
      }
      await server.worker.call("unbind", { client, clientNid, uid: props.uid ?? user?.uid, user: props.user });
    });
  },
};

/** The client as the state knows it; undefined in the states of earlier releases, where only its name is known. */
function clientOf({ client, clientNid }: Partial<Recorded>): KnownClient | undefined {
  return client === undefined || clientNid === undefined ? undefined : { internalName: client, nid: clientNid };
}

/** What the recorded client is called now; undefined if it is gone. */
async function calledNow(server: AegirServer, { client, clientNid }: Recorded): Promise<string | undefined> {
  if (clientNid === undefined) return client;
  const { result } = await server.worker.call("clientReference", { internalName: client });
  if (result.client?.nid === clientNid) return client;
  return (await server.internalNameOf(clientNid)) ?? undefined;
}

/** A new binding has no number of its own yet, and would take the name for the person who has it now. */
function refuseParted(server: AegirServer, { client, user }: Inputs): void {
  const found = partedUser(server.name, user);
  if (found === undefined || found.change.uid === null) return;
  throw otherUser(server.label, { client, user, uid: found.uid }, found.change);
}

/** What no refresh has looked at may be one of many that somebody has unbound. */
async function refuseUnseenChange({ uid, client, server }: Recorded): Promise<void> {
  if (uid === undefined) return;
  const { result } = await serverFor(server).worker.call("user", { uid });
  if (result.users[0]?.clients.includes(client) === false) refuseUncounted(serverFor(server));
}

/** Who is meant, by number; undefined where the name alone says it. */
interface Expected {
  uid: number | undefined;
  clientNid: number | undefined;
}

/** A user and the client that it is bound to. */
type Pair = Pick<VerbResult<"bind">, "user" | "clientNid">;

/** Observed and written in one transaction by the worker, and so repeatable. */
function bind(inputs: Inputs, expected: Expected): Promise<Pair> {
  const server = serverFor(inputs.server);
  return retryUntilCertain(server.label, `binding ${inputs.user} to ${inputs.client}`, () =>
    bindOnce(server, inputs, expected),
  );
}

async function bindOnce(server: AegirServer, inputs: Inputs, { uid, clientNid }: Expected): Promise<Pair> {
  const { client, user, createUser } = inputs;
  try {
    const { result } = await server.worker.call("bind", {
      client,
      clientNid,
      user,
      uid,
      createUser: createUser ? { mail: createUser.email, welcomeMail: createUser.welcomeMail ?? false } : null,
    });
    return result;
  } catch (error) {
    if (isDeletedUser(error) && uid !== undefined && inputs.expectedUid === undefined) {
      // Its name is nobody's: the user is missing like any other, or made again.
      return bindOnce(server, inputs, { uid: undefined, clientNid });
    }
    throw meaningOf(error, server.label, { client, clientNid, user, uid, mail: createUser?.email }) ?? error;
  }
}

/** MySQL compares user names without case, and so does Drupal's login. */
function sameName(left: string, right: string): boolean {
  return userNameKey(left) === userNameKey(right);
}

function warningsOf(user: UserFacts, { createUser }: Partial<Inputs>): string[] {
  const warnings: string[] = [];
  if (createUser && mailKey(user.mail) !== mailKey(createUser.email)) {
    warnings.push(`the user ${user.name} has the address ${user.mail}, not ${createUser.email} as createUser says.`);
  }
  if (!user.active) warnings.push(`the user ${user.name} is blocked and cannot log in to the panel.`);
  if (user.administrator) warnings.push(`the user ${user.name} is an administrator and sees every site in any case.`);
  else if (!user.roles.includes("aegir client")) {
    warnings.push(
      `the user ${user.name} lacks the role "aegir client", so the binding shows sites but permits little.`,
    );
  }
  return warnings;
}

function recordOf({ user, clientNid }: Pair, inputs: Partial<Inputs>): Recorded {
  return {
    ...declaredOf(properties, inputs),
    stateVersion: STATE_VERSION,
    uid: user.uid,
    clientNid,
    warnings: warningsOf(user, inputs),
  };
}
