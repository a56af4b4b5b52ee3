import type { AegirServer } from "../aegir/AegirServer";
import { type ClientChange, clientChange, partedClient } from "../aegir/ClientNumber";
import { boundUser, type WantedUser } from "../aegir/Clients";
import { retryUntilCertain } from "../aegir/retryUntilCertain";
import { serverFor } from "../aegir/servers";
import { decideClient } from "../decisions/client";
import { clientNameKey, clientNameProblems } from "../naming/ClientName";
import { deriveInternalName, internalNameProblems } from "../naming/InternalName";
import { mailKey, mailProblems } from "../naming/PanelUser";
import { reducedName, shellAccountName } from "../naming/ShellAccountName";
import { canonicalName, rawName } from "../naming/SpelledName";
import { quoted } from "../text/quoted";
import type { ClientFacts } from "../worker/facts";
import type { VerbResult } from "../worker/protocol";
import { checkProperties } from "./checkProperties";
import { clientRefused } from "./clientRefused";
import { deleteClient } from "./deleteClient";
import { isRefresh, noteClientNid, noteRead } from "./knownNumbers";
import { PartialFailure, recordingUnknown } from "./PartialFailure";
import {
  type ArgsOf,
  boolean,
  changedProperties,
  choice,
  choiceOrClient,
  declaredOf,
  filledIn,
  type InputsOf,
  object,
  optional,
  required,
  serverName,
  string,
} from "./properties";
import { report } from "./report";
import { output, type OutputsOf, resourceClass, type StateOf } from "./resourceClass";
import {
  type CheckFailure,
  type CheckResult,
  type CreateResult,
  type DiffResult,
  type ReadResult,
  type ResourceHandlers,
  STATE_VERSION,
} from "./ResourceHandlers";
import type { SelectedServer } from "./selectServer";
import { clientId, ensuredMail, isDeclared, noteDeclared, registerIdentities } from "./uniqueIdentities";
import { isKnown } from "./values";

/** What happens to the sites, bindings and platform rows that a client still has when it is destroyed. Those that the stack declares have left it by then. */
const onDestroy = {
  /**
   * Live sites that this stack does not declare: `refuse` and list them, or hand each over to the `default-owner` or to
   * `client:<internalName>`, have it verified, and wait for that.
   * @default "refuse"
   */
  sites: optional(choiceOrClient("refuse", "default-owner")),
  /**
   * Bindings that this stack does not declare: `refuse`, or `drop` them. The users themselves are never deleted.
   * @default "refuse"
   */
  bindings: optional(choice("refuse", "drop")),
  /**
   * Platforms that list this client as allowed: `refuse`, or `drop` those rows. A platform's last row is never
   * dropped, because a platform without rows is open to every client: `drop` refuses, and with `default-owner` the
   * server's default owner takes the client's place there.
   * @default "refuse"
   */
  platforms: optional(choice("refuse", "drop", "default-owner")),
};

const properties = {
  /** The name that the panel shows (the title of the client's node): 1 to 100 characters, not only digits. */
  name: required(string(clientNameProblems), { compared: rawName }),
  /**
   * The machine name, `[a-z0-9_]{1,16}`. The shell login and the directory are named after it. A change replaces the client.
   * @default derived from `name` the way Aegir does it, with the server's configured `clientPrefix`. It does not
   * change by itself when `name` changes
   */
  internalName: filledIn(
    string((value, { clientPrefix, shellLogins }) => internalNameProblems(value, clientPrefix, shellLogins)),
    { replaces: true },
  ),
  /**
   * Binds the panel user with this address. If there is none, creates one that is named like the client's internal name
   * and has the role "aegir client". A client itself has no address in Aegir 3.
   */
  email: optional(string(mailProblems), { compared: mailKey }),
  /**
   * Lets Aegir mail the login and the password to a user that is created for `email`.
   * @default false
   */
  welcomeMail: optional(boolean()),
  /**
   * What to do if a client with this internal name exists under another name: `fail` and show both names, or `adopt` it,
   * which renames it to the declared name. A client with the same name is always adopted.
   * @default "fail"
   */
  onExisting: optional(choice("fail", "adopt")),
  /** What happens to the sites, bindings and platform rows that the client still has when it is destroyed. */
  onDestroy: optional(object(onDestroy)),
  /**
   * When the client is destroyed, wait until BOA has removed the client's shell login, which takes two runs of its cron.
   * @default false
   */
  waitForLogin: optional(boolean()),
  /** The configured server. Optional if there is only one. A change replaces the client. */
  server: serverName,
};

const outputs = {
  /** Node id on the server. */
  nid: output<number>(),
  /** Name of the bound panel user with the address `email`; null without `email`. */
  panelUser: output<string | null>(),
};

export type AegirClientOnDestroy = { [Name in keyof ArgsOf<typeof onDestroy>]: ArgsOf<typeof onDestroy>[Name] };
export type AegirClientArgs = { [Name in keyof ArgsOf<typeof properties>]: ArgsOf<typeof properties>[Name] };
type Inputs = InputsOf<typeof properties>;

/** What the state holds. It repeats the inputs, because a delete and a refresh see outputs only. */
interface Recorded extends Inputs, StateOf<typeof outputs> {
  stateVersion: number;
  /** What a refresh found, if the recorded internal name and node no longer belong together. */
  nameChange?: ClientChange;
}

/**
 * A client: the owner of sites. Users who are bound to it can manage its sites in the panel, and on BOA it has a shell
 * login.
 *
 * A deployment creates or adopts the client, and with `email` binds a user. A destroy deletes the client's node after
 * its sites have left it. It refuses, and lists them, while the client has sites, bindings or platform rows that are not
 * declared. Id: `client:<internalName>`.
 *
 * ```ts
 * const acme = new AegirClient("client:acme", { name: "Acme Corp", internalName: "acme" });
 * new SiteOwnership("site:www.acme.example", { site: "www.acme.example", client: acme.internalName });
 * ```
 */
export class AegirClient extends resourceClass<AegirClientArgs, OutputsOf<typeof properties, typeof outputs>>(
  "AegirClient",
  properties,
  outputs,
  registered,
) {}

function registered(name: string, args: AegirClientArgs): object {
  if (args.name === undefined) return args;
  // Two clients whose names lead to the same login can be found only here, before a server is asked.
  const names = { title: args.name, given: args.internalName };
  const named = registerIdentities(name, args.server, names, ({ title, given }) => {
    const internalName = given ?? deriveInternalName(rawName(`${title}`));
    const login = reducedName(`${internalName}`);
    return [
      { identity: clientId(`${internalName}`), what: `the client ${internalName}` },
      { identity: `name ${clientNameKey(`${title}`)}`, what: `a client named ${title}` },
      { identity: `login ${login}`, what: `clients whose shell login would be the same (${login})` },
    ];
  });
  return { ...args, name: named.title };
}

export const aegirClient: ResourceHandlers<Inputs, Recorded> = {
  check(olds, news): CheckResult {
    const { inputs, server, failures } = checkProperties(properties, news);
    if (inputs.welcomeMail === true && inputs.email === undefined) {
      failures.push({
        property: "welcomeMail",
        reason: "welcomeMail needs an email: without one no user is made. Add email, or remove welcomeMail.",
      });
    }
    if (inputs.waitForLogin === true && server && !server.configuration.accounts) {
      failures.push({
        property: "waitForLogin",
        reason: `Server "${server.name}" has no shell accounts configured. Remove waitForLogin.`,
      });
    }
    if (inputs.internalName === undefined) failures.push(...deriveInto(inputs, olds, server));
    if (server && typeof inputs.internalName === "string" && isKnown(inputs.internalName)) {
      noteDeclared(server.name, clientId(inputs.internalName));
      if (typeof inputs.email === "string") noteDeclared(server.name, ensuredMail(inputs.internalName, inputs.email));
    }
    return { inputs, failures };
  },

  diff(id, olds, news): DiffResult {
    const { replaces, changed } = changedProperties(properties, olds, news);
    const { nameChange } = olds;
    if (nameChange && replaces.length === 0) {
      const adopted = news.onExisting === "adopt" && nameChange.nid !== null;
      const end = adopted ? "the update adopts that one." : "the update will refuse to guess.";
      report(id, `${partedClient(olds, nameChange)}: ${end}`);
      return { changes: true, replaces };
    }
    if (olds.nid !== undefined && replaces.length === 0) noteClientNid(olds.server, olds.internalName, olds.nid);
    if (replaces.includes("server")) {
      report(
        id,
        `leaves server ${olds.server} for ${isKnown(news.server) ? news.server : "another"}: a client there, and the deletion of this one here, with its panel users' bindings and its login.`,
      );
    } else if (replaces.includes("internalName")) {
      report(
        id,
        `becomes ${isKnown(news.internalName) ? clientId(news.internalName) : "another client"}: a new client node, and on BOA a new login with a new password and an empty home; the old login goes when its last site has left. Platform restrictions and the panel user's name do not follow.`,
      );
    } else if (changed.includes("name") && isRefresh(olds.server, id)) {
      report(
        id,
        `was renamed by hand: it is called ${quoted(canonicalName(olds.name))} now, and was declared as ${quoted(news.name)}.`,
      );
    } else if (changed.includes("name")) {
      report(
        id,
        `is renamed from ${quoted(canonicalName(olds.name))} to ${isKnown(news.name) ? quoted(news.name) : "a name not known yet"}: internal name, login, node and the panel user's name stay as they are.`,
      );
    }
    if (changed.includes("email") && olds.email !== undefined) {
      report(
        id,
        news.email === undefined
          ? `no longer ensures a user with ${olds.email}: that user stays bound.`
          : `a user with ${isKnown(news.email) ? news.email : "an address not known yet"} will be bound; the one with ${olds.email} stays bound as well.`,
      );
    }
    return { changes: replaces.length + changed.length > 0, replaces };
  },

  async create(inputs): Promise<CreateResult<Recorded>> {
    const id = clientId(inputs.internalName);
    const declared = { ...declaredOf(properties, inputs), stateVersion: STATE_VERSION };
    return { id, outs: await recordingUnknown(id, declared, () => ensure(id, inputs, undefined)) };
  },

  async read(id, props): Promise<ReadResult<Recorded>> {
    const server = serverFor(props.server);
    const internalName = props.internalName ?? id.slice("client:".length);
    const { clients } = await server.inventory();
    const client = clients.find((candidate) => candidate.internalName === internalName);
    const nameChange = props.nid === undefined ? undefined : clientChange({ internalName, nid: props.nid }, clients);
    if (nameChange) {
      // Neither gone nor there. A person has to say which client is meant, and until then nothing is written.
      const kept = { ...(props as Recorded), internalName, server: server.name, nameChange };
      return { id: clientId(internalName), props: kept, inputs: declaredOf(properties, kept) };
    }
    if (!client) return {};
    noteRead(server.name, clientId(internalName));
    if (props.nid !== undefined) noteClientNid(server.name, internalName, props.nid);
    const declared = { ...props, name: client.name, internalName, server: server.name };
    if (declared.email !== undefined && !boundUser(client, declared.email)) delete declared.email;
    return { id: clientId(internalName), props: recordOf(client, declared), inputs: declaredOf(properties, declared) };
  },

  async update(id, olds, news): Promise<{ outs: Recorded }> {
    // Recorded without an answer to its creation: there may be such a client by now, or none.
    if (olds.nid === undefined) return aegirClient.create(news);
    // The name as it was surely seen: the next run finds it, or the new one.
    const changed = { ...olds, ...declaredOf(properties, news), name: olds.name };
    return { outs: await recordingUnknown(id, changed, () => ensure(id, news, olds)) };
  },

  async delete(id, props): Promise<void> {
    const server = serverFor(props.server);
    if (isDeclared(server.name, id)) {
      report(id, "is still declared by this program: only this entry of the state is forgotten.");
      return;
    }
    await retryUntilCertain(server.label, `deleting ${id}`, () => deleteClient(server, id, props));
    const accounts = server.configuration.accounts;
    if (props.waitForLogin && accounts) {
      await server.passwordFiles.disappears(shellAccountName(accounts.instance, props.internalName));
    }
  },
};

/** A derived internal name is shown and kept; one that would change is a failure that shows the line to write. */
function deriveInto(
  inputs: Partial<Inputs>,
  { internalName: kept }: Partial<Inputs>,
  server: SelectedServer | undefined,
): CheckFailure[] {
  const { name } = inputs;
  if (!isKnown(name)) {
    if (kept !== undefined) inputs.internalName = kept;
    return [];
  }
  if (typeof name !== "string" || clientNameProblems(name).length > 0) return [];
  const { clientPrefix = "", accounts } = server?.configuration ?? {};
  const derived = deriveInternalName(rawName(name), clientPrefix);
  const problems = internalNameProblems(derived, clientPrefix, accounts !== undefined);
  const fail = (reason: string): CheckFailure => ({ property: "internalName", reason });
  if (kept !== undefined && kept !== derived) {
    const replace = problems.length > 0 ? "another one" : `internalName: "${derived}"`;
    return [
      fail(
        `The internal name is ${kept}, but would be ${derived || "empty"} if it were derived from ${quoted(name)}. ` +
          `Write internalName: "${kept}" to keep client, login and password; ` +
          `write ${replace} to replace the client on purpose.`,
      ),
    ];
  }
  if (problems.length === 0) inputs.internalName = derived;
  return problems.map((problem) => fail(`Derived from the name: ${problem} Write an internalName of your own.`));
}

/** Makes the client what is declared, as `decideClient` says; repeated while the outcome of a write is not known. */
async function ensure(id: string, inputs: Inputs, recorded: Recorded | undefined): Promise<Recorded> {
  const server = serverFor(inputs.server);
  const operation = `${recorded ? "updating" : "creating"} ${id}`;
  const client = await retryUntilCertain(server.label, operation, () => ensureOnce(server, id, inputs, recorded));
  noteClientNid(server.name, client.internalName, client.nid);
  return recordOf(client, inputs);
}

async function ensureOnce(
  server: AegirServer,
  id: string,
  inputs: Inputs,
  recorded: Recorded | undefined,
): Promise<ClientFacts> {
  const { internalName, name } = inputs;
  const looked = await server.clients.look(internalName, name);
  const isMissed = recorded !== undefined && looked.client?.nid !== recorded.nid;
  const live = { ...looked, recordedIsCalled: isMissed ? await server.internalNameOf(recorded.nid) : null };
  const decision = decideClient(inputs, live, recorded);
  if (decision.action === "refuse") throw clientRefused(server, inputs, live, recorded, decision.why);
  if (!recorded) warnOfOthers(id, inputs, live);
  if (decision.action === "create") return server.clients.create(internalName, name, wantedUser(inputs));
  const client = decision.action === "rename" ? await server.clients.rename(live.client!, name) : live.client!;
  const user = wantedUser(inputs);
  if (!user) return client;
  const ensured = await server.clients.ensureUser(client, user);
  if (!ensured.nameTaken) return ensured.client;
  throw new PartialFailure(id, recordOf(client, { ...inputs, email: undefined }), ensured.nameTaken);
}

function warnOfOthers(id: string, { name }: Inputs, { client, sameName, sameShellName }: VerbResult<"client">): void {
  if (sameName.length > 0) {
    report(
      id,
      `is called "${name}" as are other clients: ${sameName.join(", ")}. The panel shows nothing else by which people could distinguish them.`,
    );
  }
  if (client && sameShellName.length > 0) {
    report(id, `shares its shell login with ${sameShellName.join(", ")}: on BOA each sees the other's sites in turn.`);
  }
}

function wantedUser({ internalName, email, welcomeMail = false }: Inputs): WantedUser | null {
  return email === undefined ? null : { name: internalName, mail: email, welcomeMail };
}

function recordOf(client: ClientFacts, inputs: Partial<Inputs>): Recorded {
  const user = inputs.email === undefined ? undefined : boundUser(client, inputs.email);
  return {
    ...declaredOf(properties, inputs),
    stateVersion: STATE_VERSION,
    nid: client.nid,
    // Null, because Pulumi takes an output that is absent for one that no preview can know.
    panelUser: user?.name ?? null,
  };
}
