import * as pulumi from "@pulumi/pulumi";
import type { AegirServer } from "../aegir/AegirServer";
import { loginAddress } from "../aegir/loginAddress";
import type { Password } from "../aegir/PasswordFiles";
import { authorizedKeysProblem } from "../aegir/ServerConfiguration";
import { configurationOf, serverFor } from "../aegir/servers";
import { type AuthorizedKey, authorizedKeyProblems, keySet } from "../naming/AuthorizedKey";
import { internalNameProblems } from "../naming/InternalName";
import { everyDaysProblems, windowProblems } from "../naming/RotationByAge";
import { reducedName, shellAccountName } from "../naming/ShellAccountName";
import { checkProperties } from "./checkProperties";
import { addedKeys, linesMeanwhile, LoginKeys, reportKeys } from "./loginKeys";
import { afterOwnerships } from "./loginOrder";
import { refuseShared, siteWatch } from "./loginSites";
import { PartialFailure } from "./PartialFailure";
import { byAge, isDue, isOldEnough, isRelabelled, replacePassword, reviewRotation } from "./passwordRotation";
import {
  type ArgsOf,
  boolean,
  changedProperties,
  declaredOf,
  type InputsOf,
  listOfStrings,
  object,
  optional,
  positiveInteger,
  required,
  serverName,
  string,
  stringOr,
} from "./properties";
import { report } from "./report";
import { output, type OutputsOf, resourceClass, secretOutput, type StateOf } from "./resourceClass";
import {
  type CheckResult,
  type CreateResult,
  type DiffResult,
  type ReadResult,
  type ResourceHandlers,
  STATE_VERSION,
} from "./ResourceHandlers";
import { isDeclared, noteDeclared, registerIdentities } from "./uniqueIdentities";
import { isKnown, pick, without } from "./values";

const rotationByAge = {
  /** The age in days at which the password is rotated. It must be below the 90 days that a password lasts on BOA. */
  everyDays: required(positiveInteger("a number of days, for example 80")),
  /** The time of day (UTC) in which a rotation may begin, for example `02:00-05:00`. Absent: any time. */
  window: optional(string(windowProblems)),
  /** Another string rotates the password as well, whatever its age. */
  label: optional(string()),
};

const properties = {
  /**
   * Internal name of the client whose login this is. Take it from `AegirClient.internalName`. BOA creates the login only
   * after a site of the client is verified, so this resource waits for each `SiteOwnership` that the program declares
   * before it with the same `client`. A change replaces the resource.
   */
  client: required(
    string((value) => internalNameProblems(value)),
    { replaces: true },
  ),
  /**
   * When the password is rotated. A string, such as a date or a ticket, rotates it once for each new value; an age, such
   * as `{ everyDays: 80 }`, rotates it whenever it reaches that age. BOA then deletes the account with its home and SSH
   * keys, and creates a new one.
   */
  rotation: optional(
    stringOr(object(rotationByAge), (value) =>
      value.length <= 100 ? [] : [`rotation has ${value.length} characters; it is a short mark, at most 100.`],
    ),
  ),
  /**
   * Public keys of the people who may log in with their own, each the line of a .pub file. Keys that this stack wrote
   * earlier and that are not among them are removed first, and then refused by the server, or the deployment fails. Keys
   * of other stacks and those that were added by hand are left alone. A rotation puts all of them back. Needs root as `accounts.connection`.
   */
  authorizedKeys: optional(listOfStrings(authorizedKeyProblems), { compared: keySet }),
  /**
   * Whether the password is a secret output in the state. With false, read it from its file on the server.
   * @default true
   */
  passwordInState: optional(boolean()),
  /** The configured server. Optional if there is only one. A change replaces the resource. */
  server: serverName,
};

const outputs = {
  /** The login, for example `o1.foo`. */
  username: output<string>(),
  /** The machine to log in to. */
  host: output<string>(),
  /** SSH and SFTP: the port of the connection to the password files. */
  sshPort: output<number>(),
  /** FTPS with explicit TLS. */
  ftpsPort: output<number>(),
  /** False if the server accepts only keys over SSH and SFTP. The password may still work for FTPS. */
  sshAcceptsPasswords: output<boolean>(),
  /**
   * The password that BOA generated, as a secret; null with `passwordInState: false`. The user
   * can change it with `passwd`, and this output is then out of date.
   */
  password: secretOutput<string | null>(),
  /** Differs for each password, and reveals none. */
  fingerprint: output<string>(),
  /** Since when the login has its password, for example `2026-12-01T09:30:00Z`; null if that is not known. */
  passwordSetAt: output<string | null>(),
  /** From when on the password is refused, and logins with a key as well; null if it never is, or that is not known. */
  passwordExpiresAt: output<string | null>(),
  /** Whether its user has changed the password since BOA made it. Only root on the server can see that: null otherwise. */
  passwordChangedByHolder: output<boolean | null>(),
};

export type ShellAccountArgs = { [Name in keyof ArgsOf<typeof properties>]: ArgsOf<typeof properties>[Name] };

interface Inputs extends InputsOf<typeof properties> {
  /**
   * The project and the stack that declare it, whose name is on the lines of their keys: several may have keys in one login.
   * Not an argument, and another name is not a change.
   */
  stack?: string;
}

/** What the state holds. It repeats the inputs, because a delete and a refresh see outputs only. */
interface Recorded extends Inputs, StateOf<typeof outputs> {
  stateVersion: number;
  /** Of the password that this stack last saw in a deployment, if a refresh found another one since. */
  deployed?: string;
  /** The last rotation by age failed before anything was done. */
  rotationFailed?: true;
}

/**
 * The SSH, SFTP and FTPS login of a client on BOA, such as `o1.foo`, with a password that BOA generates. It shows the
 * directories of the client's sites, and nothing else.
 *
 * BOA creates a login for every client with an active site, declared or not. If it is declared, its password is an output
 * and can be rotated. A deployment waits until the login exists. A destroy only forgets it, because the login works as
 * long as the client owns a site. Id: `account:<login>`.
 *
 * ```ts
 * const login = new ShellAccount("account:acme", { client: acme.internalName, rotation: "2026-07" });
 * ```
 */
export class ShellAccount extends resourceClass<ShellAccountArgs, OutputsOf<typeof properties, typeof outputs>>(
  "ShellAccount",
  properties,
  outputs,
  registered,
) {}

function registered(name: string, args: ShellAccountArgs): object {
  if (args.client === undefined) return args;
  const client = registerIdentities(name, args.server, args.client, (value) => {
    const reduced = reducedName(`${value}`);
    return [{ identity: `account ${reduced}`, what: `the shell login of ${value} (letters and digits: ${reduced})` }];
  });
  const stack = `${pulumi.getProject()}/${pulumi.getStack()}`;
  return { ...args, client: afterOwnerships(args.client, client), stack };
}

const accountId = (login: string): string => `account:${login}`;

export const shellAccount: ResourceHandlers<Inputs, Recorded> = {
  check(_olds, news): CheckResult {
    const { inputs, server, failures } = checkProperties(properties, news, "accounts");
    const accounts = server?.configuration.accounts;
    if (server && !accounts) {
      failures.push({
        property: "server",
        reason: `Server "${server.name}" has no shell accounts: they exist only on BOA. Configure accounts: { instance: "o1" } there, or remove this resource.`,
      });
    }
    const keysProblem = server && inputs.authorizedKeys !== undefined && authorizedKeysProblem(server.configuration);
    if (keysProblem) {
      failures.push({
        property: "authorizedKeys",
        reason: `Server "${server.name}" cannot manage the keys of logins: ${keysProblem.what}. ${keysProblem.next}.`,
      });
    }
    const rotation = byAge(inputs.rotation);
    if (accounts && Number.isSafeInteger(rotation?.everyDays)) {
      const reasons = everyDaysProblems(rotation!.everyDays, accounts.passwordDays);
      failures.push(...reasons.map((reason) => ({ property: "rotation", reason })));
    }
    if (server && accounts && typeof inputs.client === "string" && isKnown(inputs.client)) {
      noteDeclared(server.name, accountId(shellAccountName(accounts.instance, inputs.client)));
    }
    return { inputs, failures };
  },

  diff(id, olds, news): DiffResult {
    const { replaces, changed } = changedProperties(properties, olds, news);
    const instance = configurationOf(news.server)?.accounts?.instance;
    const meant = instance !== undefined && isKnown(news.client) ? shellAccountName(instance, news.client) : undefined;
    if (replaces.length === 0 && meant !== undefined && olds.username !== undefined && olds.username !== meant) {
      // The configuration names another instance, where the client has another login.
      replaces.push("client");
      report(
        id,
        `is replaced by ${meant}, as the configuration has another instance; ${olds.username} is only forgotten.`,
      );
    } else if (replaces.length > 0) {
      report(
        id,
        `is replaced by the login of ${isKnown(news.client) ? news.client : "another client"}; ${olds.username} works as long as its client owns a site.`,
      );
    }
    if (replaces.length === 0 && changed.includes("authorizedKeys") && isKnown(news.authorizedKeys)) {
      reportKeys(id, olds.authorizedKeys, news.authorizedKeys);
    }
    const rotates = replaces.length === 0 && reviewRotation(id, olds, news);
    // A password that a refresh found is recorded, so that a later rotation replaces that one.
    const found = olds.deployed !== undefined;
    return { changes: replaces.length + changed.length > 0 || rotates || found, replaces };
  },

  async create(inputs): Promise<CreateResult<Recorded>> {
    const server = serverFor(inputs.server);
    const login = server.loginOf(inputs.client);
    const watch = siteWatch(server, inputs.client);
    // A lost state left keys there that are not declared any more.
    const keys = new LoginKeys(server, login, inputs, undefined);
    const going = await keys.revoke();
    // A login whose sites have left is still there for a while; BOA is about to remove it.
    await watch();
    if (typeof inputs.rotation === "string" && (await server.passwordFiles.read(login))) {
      report(
        accountId(login),
        `exists already; its password is adopted as it is, and rotation "${inputs.rotation}" is noted, not carried out.`,
      );
    }
    const password = await server.passwordFiles.appears(login, undefined, watch);
    const outs = await recordOf(server, login, password, inputs);
    if (outs.sshAcceptsPasswords === false) {
      report(
        accountId(login),
        `has a password, but ${outs.host} accepts keys only over SSH and SFTP: the password may work for FTPS.`,
      );
    }
    await settled(accountId(login), outs, going, () => keys.grant(going));
    if (isOldEnough(inputs.rotation, outs)) {
      report(accountId(login), "exists already; its password is adopted as it is, and the next deployment rotates it.");
    }
    return { id: accountId(login), outs };
  },

  async read(id, props): Promise<ReadResult<Recorded>> {
    const server = serverFor(props.server);
    const login = props.username ?? id.slice("account:".length);
    const password = await server.passwordFiles.readWhenWritten(login);
    if (!password) return {};
    // Without a recorded client (a lookup) the login's own letters are the best name there is for it.
    const client = props.client ?? login.slice(login.indexOf(".") + 1);
    const authorizedKeys = await new LoginKeys(server, login, undefined, props).read();
    const live = { ...props, client, server: server.name, ...(authorizedKeys && { authorizedKeys }) };
    const deployed = props.deployed ?? props.fingerprint;
    return {
      id: accountId(login),
      props: {
        ...(await recordOf(server, login, password, live)),
        ...(deployed !== undefined && deployed !== password.fingerprint && { deployed }),
        ...pick(props, ["rotationFailed"]),
      },
      inputs: { ...inputsOf(live) },
    };
  },

  async update(id, olds, news): Promise<{ outs: Recorded }> {
    const server = serverFor(news.server);
    const login = olds.username;
    const isToRotate = isRelabelled(olds, news) || isDue(id, olds, news);
    const keys = new LoginKeys(server, login, news, olds);
    const going = await (isToRotate ? keys.revokeBeforeRotation(id) : keys.revoke());
    if (addedKeys(olds.authorizedKeys, news.authorizedKeys).length > 0) await refuseShared(server, news.client);
    const watch = siteWatch(server, news.client);
    const old = isToRotate ? await replacePassword(id, server, olds, news, watch) : undefined;
    // The old password is gone with its file: recorded so, the next up waits on instead of rotating once more.
    const unknown = { password: null, passwordSetAt: null, passwordExpiresAt: null, passwordChangedByHolder: null };
    const rotated = { ...without(olds, "rotationFailed"), ...inputsOf(news), ...unknown };
    const record = async () => ({
      ...(await recordOf(server, login, await server.passwordFiles.appears(login, old, watch), news)),
      ...(old === undefined && pick(olds, ["rotationFailed"])),
    });
    const outs = await (old === undefined ? record() : settled(id, rotated, going, record));
    await settled(id, outs, going, () => keys.grant(going));
    return { outs };
  },

  async delete(id, props): Promise<void> {
    const server = serverFor(props.server);
    if (isDeclared(server.name, id)) return;
    const keys = new LoginKeys(server, props.username, undefined, props);
    await keys.grant(await keys.revoke());
    report(
      id,
      `is forgotten, not removed: ${props.username} can log in as long as the client ${props.client} owns a site.`,
    );
  },
};

function inputsOf({ stack, ...values }: Partial<Inputs>): Inputs {
  return { ...declaredOf(properties, values), ...(stack !== undefined && { stack }) };
}

/**
 * Runs a step of a change that has begun. If it fails, the resource is recorded as half done, with every key that may be
 * there: the next `up` repeats what is missing, and asks again whether the keys that went are refused.
 */
async function settled<T>(id: string, outs: Recorded, going: AuthorizedKey[], step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new PartialFailure(id, { ...outs, ...linesMeanwhile(outs.authorizedKeys, going) }, error);
  }
}

async function recordOf(
  server: AegirServer,
  username: string,
  found: Password,
  inputs: Partial<Inputs>,
): Promise<Recorded> {
  const kept = inputs.passwordInState ?? true;
  return {
    ...inputsOf(inputs),
    stateVersion: STATE_VERSION,
    username,
    ...loginAddress(server.configuration),
    sshAcceptsPasswords: await server.passwordFiles.sshAcceptsPasswords(),
    // Null, because Pulumi takes an output that is absent for one that no preview can know.
    password: kept ? found.password : null,
    fingerprint: found.fingerprint,
    ...(await server.passwordFiles.ageOf(username, found)),
  };
}
