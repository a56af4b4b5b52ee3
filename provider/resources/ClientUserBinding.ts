import * as pulumi from "@pulumi/pulumi";
import { AegirError } from "../aegir/AegirError";
import type { AegirServer } from "../aegir/AegirServer";
import { serverFor } from "../aegir/servers";
import { settle } from "../aegir/Worker";
import { WorkerRefusal } from "../ssh/WorkerSession";
import { internalNameProblems } from "../naming/InternalName";
import { mailKey, mailProblems, userNameKey, userNameProblems } from "../naming/PanelUser";
import type { UserFacts } from "../worker/protocol";
import { AegirResource, typeToken } from "./AegirResource";
import { say } from "./consequences";
import { isDeclared, noteDeclared } from "./declared";
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
  /** Makes the user if there is none of this name. Without it a missing user is an error. Existing users are never edited. */
  createUser?: pulumi.Input<CreateUser>;
  /** One of the configured servers; may be left out where there is only one. A change replaces the binding. */
  server?: pulumi.Input<string>;
}

interface Inputs {
  client: string;
  user: string;
  createUser?: { email: string; welcomeMail?: boolean };
  server: string;
}

/** Outputs repeat the inputs, because delete and refresh see outputs only. */
interface Outputs extends Inputs {
  stateVersion: number;
  uid?: number;
  warnings: string[];
}

const replacing = ["client", "user", "server"] as const;
const changing = ["createUser"] as const;
const inputKeys = [...replacing, ...changing];

/**
 * That a panel user may act for a client: one pair, added to whatever other pairs there are. It works from the user's
 * next page on (contract section 4), and gives nothing on the shell.
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
    { identity: `binding ${bindingKey(client, `${user}`)}`, what: `the binding of ${user} to ${client}` },
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
    rules.text("client", (value) => internalNameProblems(value));
    rules.text("user", userNameProblems);
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

  diff(_id, olds, news): DiffResult {
    const replaces = differing(replacing, olds, news, { user: text(userNameKey) });
    // A user that exists is never edited: a change of createUser is noted, and writes nothing.
    return {
      changes: replaces.length + differing(changing, olds, news, { createUser: madeWith }).length > 0,
      replaces,
    };
  },

  async create(inputs): Promise<CreateResult<Outputs>> {
    const id = bindingId(inputs.client, inputs.user);
    const declared = { ...pick(inputs, inputKeys), stateVersion: STATE_VERSION, warnings: [] };
    const user = await recordingUnknown(id, declared, () => bind(inputs));
    const outs = outputs(user, inputs);
    for (const warning of outs.warnings) say(id, warning);
    return { id, outs };
  },

  async read(id, props): Promise<ReadResult<Outputs>> {
    const server = serverFor(props.server);
    const [, clientOfId = "", ...userOfId] = id.split(":");
    const client = props.client ?? clientOfId;
    const name = props.user ?? userOfId.join(":");
    const user = (await server.inventory()).users.find((candidate) =>
      props.uid === undefined ? sameName(candidate.name, name) : candidate.uid === props.uid,
    );
    if (!user?.clients.includes(client)) return {};
    // A person who was renamed in the panel is bound all the same, and shown under the new name.
    const live = { ...props, client, user: sameName(user.name, name) ? name : user.name, server: server.name };
    return { id: bindingId(client, name), props: outputs(user, live), inputs: pick(live, inputKeys) };
  },

  async update(_id, _olds, news): Promise<{ outs: Outputs }> {
    return { outs: outputs(await bind(news), news) };
  },

  async delete(id, props): Promise<void> {
    const server = serverFor(props.server);
    if (isDeclared(server.name, bindingKey(props.client, props.user))) {
      say(id, "is still declared by this program: only this entry of the state is forgotten.");
      return;
    }
    const { client } = props;
    // A binding that was recorded without its answer has no uid.
    const person = props.uid === undefined ? { name: props.user } : { uid: props.uid };
    await settle(server.label, `unbinding ${props.user} from ${client}`, async () => {
      // By uid, because the person may have another name by now, and another person this name.
      const { result } = await server.worker.call("user", person);
      const [user] = result.users;
      if (user && isDeclared(server.name, ensuredMail(client, user.mail))) {
        say(id, `is declared by the email of the client ${client} as well: only this entry of the state is forgotten.`);
        return;
      }
      await server.worker.call("unbind", { client, uid: props.uid ?? user?.uid, user: props.user });
    });
  },
};

/** Observed and written in one transaction by the worker, and so repeatable. */
function bind(inputs: Inputs): Promise<UserFacts> {
  const server = serverFor(inputs.server);
  return settle(server.label, `binding ${inputs.user} to ${inputs.client}`, () => bindOnce(server, inputs));
}

async function bindOnce(server: AegirServer, inputs: Inputs): Promise<UserFacts> {
  const { client, user, createUser } = inputs;
  try {
    const { result } = await server.worker.call("bind", {
      client,
      user,
      createUser: createUser ? { mail: createUser.email, welcomeMail: createUser.welcomeMail ?? false } : null,
    });
    return result.user;
  } catch (error) {
    if (!(error instanceof WorkerRefusal)) throw error;
    const problem = (situation: "missing" | "refused", what: string, next: string): AegirError =>
      new AegirError({ situation, what, server: server.label, outcome: "notDone", next, detail: { client, user } });
    if (error.code === "missing" && error.detail["what"] === "user") {
      throw problem(
        "missing",
        `there is no panel user ${user} to bind to ${client}`,
        `Make the user in the panel, or let this resource make it: createUser: { email: "..." }`,
      );
    }
    if (error.code === "missing") {
      throw problem(
        "missing",
        `there is no client ${client}`,
        "Declare it as an AegirClient and link to its internalName output",
      );
    }
    if (error.code === "mailTaken") {
      throw problem(
        "refused",
        `the user ${user} cannot be made: another user has the address ${createUser?.email}`,
        "Bind that user by its name, or give another address",
      );
    }
    throw error;
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

function warningsOf(user: UserFacts): string[] {
  const warnings: string[] = [];
  if (!user.active) warnings.push(`the user ${user.name} is blocked and cannot log in to the panel.`);
  if (user.administrator) warnings.push(`the user ${user.name} is an administrator and sees every site in any case.`);
  else if (!user.roles.includes("aegir client")) {
    warnings.push(
      `the user ${user.name} lacks the role "aegir client", so the binding shows sites but permits little.`,
    );
  }
  return warnings;
}

function outputs(user: UserFacts, inputs: Partial<Inputs>): Outputs {
  return {
    ...(pick(inputs, inputKeys) as unknown as Outputs),
    stateVersion: STATE_VERSION,
    uid: user.uid,
    warnings: warningsOf(user),
  };
}
