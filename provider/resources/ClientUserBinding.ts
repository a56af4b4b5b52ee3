import * as pulumi from "@pulumi/pulumi";
import type { AegirServer } from "../aegir/AegirServer";
import { clientChange, partedClient, type ClientChange, type KnownClient } from "../aegir/ClientNumber";
import { serverFor } from "../aegir/servers";
import { otherUser, partedNames, type NameChange } from "../aegir/UserNumber";
import { settle } from "../aegir/Worker";
import { isDeletedUser, meaningOf } from "../aegir/workerRefusals";
import { mailKey, mailProblems, userNameKey, userNameProblems } from "../naming/PanelUser";
import type { UserFacts, VerbResult } from "../worker/protocol";
import { AegirResource, typeToken } from "./AegirResource";
import { say } from "./consequences";
import {
  clientNidOf,
  expectedClientNid,
  isDeclared,
  noteDeclared,
  notePartedClient,
  notePartedUser,
  partedUser,
} from "./declared";
import { noteLook, notCounted, refuseMassRepair, refuseUncountedRepair } from "./driftLimit";
import type { NotLookedAt } from "./looking";
import { ensuredMail } from "./AegirClient";
import { claim } from "./register";
import { InputRules, withoutNulls } from "./InputRules";
import {
  differing,
  recordingUnknown,
  isKnown,
  pick,
  STATE_VERSION,
  text,
  without,
  type CheckResult,
  type CreateResult,
  type DiffResult,
  type Lifecycle,
  type ReadResult,
} from "./Lifecycle";

/** How a panel user is made that does not exist yet: this name, the role "aegir client", this address. */
export interface CreateUser {
  email: pulumi.Input<string>;
  /**
   * Lets Aegir mail login and password to the new user.
   * @default false
   */
  welcomeMail?: pulumi.Input<boolean>;
}

export interface ClientUserBindingArgs {
  /** Internal name of the client; take it from `AegirClient.internalName`. A change replaces the binding. */
  client: pulumi.Input<string>;
  /** Name of the panel user. A change replaces the binding. */
  user: pulumi.Input<string>;
  /**
   * User id of the person who is meant. The binding is refused if the user of this name has another one. Needed only
   * where a name has passed to another person since this stack last bound it: a refresh sees that, and the update
   * refuses to guess. A change replaces the binding.
   */
  expectedUid?: pulumi.Input<number>;
  /**
   * Makes the user if there is none of this name. Without it a missing user is an error. Existing users are never
   * edited; one who is not bound yet and has another address is refused.
   */
  createUser?: pulumi.Input<CreateUser>;
  /** One of the configured servers; may be left out where there is only one. A change replaces the binding. */
  server?: pulumi.Input<string>;
}

interface Inputs {
  client: string;
  user: string;
  expectedUid?: number;
  createUser?: { email: string; welcomeMail?: boolean };
  server: string;
}

/** Outputs repeat the inputs, because delete and refresh see outputs only. */
interface Outputs extends Inputs {
  stateVersion: number;
  uid?: number;
  nameChange?: NameChange;
  /** Node id of the client; not in the states of earlier releases. */
  clientNid?: number;
  /** What a refresh found if the client's recorded internal name and node no longer belong together. */
  clientChange?: ClientChange;
  /** A refresh found that the access was taken away by hand. The record stays, because it has the person's uid. */
  unbound?: true;
  notLookedAt?: NotLookedAt;
  warnings: string[];
}

const replacing = ["client", "user", "server"] as const;
const changing = ["expectedUid", "createUser"] as const;
const inputKeys = [...replacing, ...changing];

/**
 * That a panel user may act for a client: one pair, added to whatever other pairs there are. It works from the user's
 * next page on, and gives nothing on the shell.
 *
 * Applying binds the user, making it first if `createUser` is given. Destroying removes this pair and nothing else; a
 * user is never edited, blocked or deleted. Id: `binding:<client>:<user>`.
 *
 * ```ts
 * new ClientUserBinding("binding:acme:alice", { client: acme.internalName, user: "alice" });
 * ```
 */
export class ClientUserBinding extends AegirResource {
  /** @internal the token by which policies recognise the class */
  static readonly __pulumiType = typeToken("ClientUserBinding");

  declare readonly client: pulumi.Output<string>;
  declare readonly user: pulumi.Output<string>;
  /** User id on the server. */
  declare readonly uid: pulumi.Output<number>;
  /** Why the binding may not mean what it says: the role is missing, the user is blocked, or sees everything anyway. */
  declare readonly warnings: pulumi.Output<string[]>;
  declare readonly server: pulumi.Output<string>;

  constructor(name: string, args: ClientUserBindingArgs, options?: pulumi.CustomResourceOptions) {
    super("ClientUserBinding", name, claimed(name, args), ["uid", "warnings", "server"], options);
  }

  /** Looks up a binding that this stack does not manage. `id` is `binding:<client>:<user>`. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): ClientUserBinding {
    return new ClientUserBinding(name, {} as ClientUserBindingArgs, { ...options, id });
  }
}

function claimed(name: string, args: ClientUserBindingArgs): Record<string, unknown> {
  if (args.client === undefined || args.user === undefined) return { ...args };
  const pair = claim(name, args.server, { client: args.client, user: args.user }, ({ client, user }) => [
    { identity: bindingKey(client, `${user}`), what: `the binding of ${user} to ${client}` },
  ]);
  return { ...args, user: pair.user };
}

const bindingId = (client: string, user: string): string => `binding:${client}:${user}`;

/** One pair, however its user is written: a changed case is create(new) and then delete(old) of the same pair. */
const bindingKey = (client: string, user: string): string => bindingId(client, userNameKey(user));

export const clientUserBinding: Lifecycle<Inputs, Outputs> = {
  check(_olds, news): CheckResult {
    const inputs = withoutNulls(news);
    const rules = new InputRules(inputs);
    const server = rules.drushServer();
    if (server) inputs.server = server.name;
    rules.text("client", rules.internalName(server));
    rules.text("user", userNameProblems);
    rules.optionalNumber("expectedUid", "a user id, for example 9");
    rules.nested("createUser", (user) => {
      user.text("email", mailProblems);
      user.optionalBoolean("welcomeMail");
    });
    const { client, user } = inputs;
    if (server && typeof client === "string" && typeof user === "string" && isKnown([client, user])) {
      noteDeclared(server.name, bindingKey(client, user));
    }
    return { inputs: { ...inputs }, failures: rules.failures };
  },

  diff(id, olds, news): DiffResult {
    const replaces: string[] = differing(replacing, olds, news, { user: text(userNameKey) });
    const { expectedUid } = news;
    if (expectedUid !== undefined && olds.uid !== undefined && expectedUid !== olds.uid) replaces.push("expectedUid");
    // A user that exists is never edited: a change of createUser is noted, and writes nothing.
    const changed = differing(changing, olds, news, { createUser: madeWith }).length > 0;
    const adopted = clientNidOf(news.server, news.client);
    if (adopted !== undefined && olds.clientNid !== undefined && adopted !== olds.clientNid && replaces.length === 0) {
      say(id, `follows the client ${news.client} from node ${olds.clientNid} to node ${adopted}.`);
      replaces.push("client");
    }
    const refused = (olds.nameChange ?? olds.clientChange) !== undefined && replaces.length === 0;
    if (refused) {
      const what = olds.nameChange
        ? partedNames(olds.user, olds.uid!, olds.nameChange)
        : `its client ${olds.client} ${partedClient(clientOf(olds)!, olds.clientChange!)}`;
      say(id, `${what}: the update will refuse to guess.`);
    }
    if (olds.nameChange) notePartedUser(olds.server, olds.user, olds.uid!, olds.nameChange);
    if (olds.clientChange) notePartedClient(olds.server, clientOf(olds)!);
    if (olds.unbound) say(id, `was taken away by hand: ${olds.user} can no longer act for ${olds.client}.`);
    return { changes: replaces.length > 0 || changed || refused || olds.unbound === true, replaces };
  },

  async create(inputs): Promise<CreateResult<Outputs>> {
    const id = bindingId(inputs.client, inputs.user);
    refuseMassRepair(serverFor(inputs.server), bindingKey(inputs.client, inputs.user));
    if (inputs.expectedUid === undefined) refuseParted(serverFor(inputs.server), inputs);
    const declared = { ...pick(inputs, inputKeys), stateVersion: STATE_VERSION, warnings: [] };
    const clientNid = expectedClientNid(inputs.server, inputs.client);
    const pair = await recordingUnknown(id, declared, () => bind(inputs, { uid: inputs.expectedUid, clientNid }));
    const outs = outputs(pair, inputs);
    for (const warning of outs.warnings) say(id, warning);
    return { id, outs };
  },

  async read(id, props): Promise<ReadResult<Outputs>> {
    const server = serverFor(props.server);
    const [, clientOfId = "", ...userOfId] = id.split(":");
    const client = props.client ?? clientOfId;
    const name = props.user ?? userOfId.join(":");
    const { users, clients } = await server.inventory();
    const named = users.find((candidate) => sameName(candidate.name, name));
    const known = props.uid === undefined ? named : users.find(({ uid }) => uid === props.uid);
    const live = { ...without(props, "nameChange", "clientChange"), client, user: name, server: server.name };
    const inputs = pick(live, inputKeys);
    const nameChange = named === known ? undefined : { name: known?.name ?? null, uid: named?.uid ?? null };
    const knownClient = clientOf(live);
    const otherName = knownClient && clientChange(knownClient, clients);
    if (nameChange) notePartedUser(server.name, name, props.uid!, nameChange);
    if (otherName) notePartedClient(server.name, knownClient);
    if (nameChange || otherName) {
      // Neither gone nor there: who is meant is for a person to say, and until then nothing is written.
      const changes = { ...(nameChange && { nameChange }), ...(otherName && { clientChange: otherName }) };
      return { id: bindingId(client, name), props: { ...(live as Outputs), ...changes }, inputs };
    }
    const bound = clients.find(
      ({ internalName, users }) => internalName === client && users.some(({ uid }) => uid === known?.uid),
    );
    noteLook(server, bindingKey(client, name), bound ? undefined : `${name} unbound from ${client}`);
    if (bound && known) {
      return { id: bindingId(client, name), props: outputs({ user: known, clientNid: bound.nid }, live), inputs };
    }
    // A record stays where the person was unbound or deleted: without its uid, whoever takes the name later would be bound.
    if (props.uid === undefined) return {};
    return { id: bindingId(client, name), props: { ...(live as Outputs), unbound: true }, inputs };
  },

  async update(_id, olds, news): Promise<{ outs: Outputs }> {
    if (olds.unbound) refuseUncountedRepair(serverFor(news.server), bindingKey(news.client, news.user));
    if (olds.notLookedAt) await refuseUnseenChange(olds);
    const clientNid = clientNidOf(news.server, news.client) ?? olds.clientNid;
    return { outs: outputs(await bind(news, { uid: news.expectedUid ?? olds.uid, clientNid }), news) };
  },

  async delete(id, props): Promise<void> {
    const server = serverFor(props.server);
    const { client, clientNid } = props;
    // A binding that was recorded without its answer has no uid.
    const person = props.uid === undefined ? { name: props.user } : { uid: props.uid };
    await settle(server.label, `unbinding ${props.user} from ${client}`, async () => {
      // By uid, because the person may have another name by now, and another person this name.
      const { result } = await server.worker.call("user", person);
      const [user] = result.users;
      // What is declared of it is declared of the name that it has now.
      const called = await calledNow(server, props);
      if (user && called !== undefined && isDeclared(server.name, bindingKey(called, user.name))) {
        say(id, "is still declared by this program: only this entry of the state is forgotten.");
        return;
      }
      if (user && called !== undefined && isDeclared(server.name, ensuredMail(called, user.mail))) {
        say(id, `is declared by the email of the client ${called} as well: only this entry of the state is forgotten.`);
        return;
      }
      await server.worker.call("unbind", { client, clientNid, uid: props.uid ?? user?.uid, user: props.user });
    });
  },
};

/** The client as the state knows it; undefined in the states of earlier releases, where only its name is known. */
function clientOf({ client, clientNid }: Partial<Outputs>): KnownClient | undefined {
  return client === undefined || clientNid === undefined ? undefined : { internalName: client, nid: clientNid };
}

/** What the recorded client is called now; undefined if it is gone. */
async function calledNow(server: AegirServer, { client, clientNid }: Outputs): Promise<string | undefined> {
  if (clientNid === undefined) return client;
  const { result } = await server.worker.call("client", { internalName: client });
  if (result.client?.nid === clientNid) return client;
  return (await server.inventory()).clients.find(({ nid }) => nid === clientNid)?.internalName;
}

/** A new binding has no number of its own yet, and would take the name for the person who has it now. */
function refuseParted(server: AegirServer, { client, user }: Inputs): void {
  const found = partedUser(server.name, user);
  if (found === undefined || found.change.uid === null) return;
  throw otherUser(server.label, { client, user, uid: found.uid }, found.change);
}

/** What no refresh has looked at may be one of many that somebody has unbound. */
async function refuseUnseenChange({ uid, client, server }: Outputs): Promise<void> {
  if (uid === undefined) return;
  const { result } = await serverFor(server).worker.call("user", { uid });
  if (result.users[0]?.clients.includes(client) === false) throw notCounted(serverFor(server));
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
  return settle(server.label, `binding ${inputs.user} to ${inputs.client}`, () => bindOnce(server, inputs, expected));
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

/** How a user would be made, compared as addresses are. */
function madeWith(createUser: unknown): unknown {
  if (typeof createUser !== "object" || createUser === null || !("email" in createUser)) return createUser;
  return { ...createUser, email: text(mailKey)(createUser.email) };
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

function outputs({ user, clientNid }: Pair, inputs: Partial<Inputs>): Outputs {
  return {
    ...(pick(inputs, inputKeys) as unknown as Outputs),
    stateVersion: STATE_VERSION,
    uid: user.uid,
    clientNid,
    warnings: warningsOf(user, inputs),
  };
}
