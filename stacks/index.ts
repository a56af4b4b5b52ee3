/**
 * The stack: reads the access manifest, refuses to take away more than is meant, and declares what it says.
 *
 * Configuration: `manifest` is the manifest's path, from the project's directory (stacks/access.yaml if absent); `asOf`
 * is the day (UTC) for which it is read, if not today: a binding that has expired before it is absent;
 * `runQueue: true` has the server start the next tasks of its queue as soon as owners have changed, instead of waiting
 * for its cron (real Pulumi CLI only, with the plugin of @pulumi/command).
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AegirClient, ClientUserBinding, refuseDestroy, ShellAccount, SiteOwnership } from "pulumi-aegir";
import { ManifestError, parseManifest, type Manifest, type ManifestClient } from "pulumi-aegir/manifest";
import { accessOfManifest, grantsText, personByName, type EffectiveAccess } from "pulumi-aegir/review";
import { compareWithLastDeployment } from "./lastDeployment";
import { deployedAccess, type Declared } from "./deployed";
import { refuseProtected, warnOfDestroy } from "./destroy";
import { queueRun, type QueueServer } from "./queueRun";
import { settled } from "./settled";

interface Server extends QueueServer {
  clientPrefix?: string;
  accounts?: { instance: string };
}

const config = new pulumi.Config();
const servers = new pulumi.Config("aegir").requireObject<Record<string, Server>>("servers");

const manifest = readManifest(config.get("manifest") ?? "stacks/access.yaml");
const serverName = manifest.server ?? Object.keys(servers)[0]!;
// Refused before anything is registered: an error of an asynchronous program never ends it (SDK 3.248).
const runQueue = config.getBoolean("runQueue") ? queueRun(serverName, servers[serverName] ?? {}) : undefined;
const { hooks, mayBeDestroyed } = refuseDestroy();
if (mayBeDestroyed) refuseProtected(manifest);
for (const warning of manifest.warnings) void pulumi.log.warn(warning.summary);
if (manifest.clients.some(({ users, expired }) => [...users, ...expired].some(({ expires }) => expires))) {
  void pulumi.log.info(`Last days of access are compared with ${manifest.asOf} (UTC).`);
}

/** @returns the outputs: the logins by internal name of their client, with secret passwords, and the grants */
async function main(): Promise<object> {
  const access = accessOfManifest(manifest, servers[serverName]?.accounts?.instance ?? null);
  const last = await compareWithLastDeployment(access);
  if (mayBeDestroyed) await warnOfDestroy(last ?? access);
  declareAccess();
  const declared = await Promise.all(
    manifest.clients.map(async (client) => ({ client, ...(await declareClient(client, last)) })),
  );
  const ownerships = declared.flatMap(({ owned }) => owned);
  if (ownerships.length > 0) await runQueue?.(ownerships);
  const logins = declared.flatMap(({ client, login }) => (login ? [[client.internalName, login] as const] : []));
  const resources = new Map(declared.map(({ client, resources }) => [client.internalName, resources]));
  // A preview deploys nothing, and knows no ids of what it would make.
  const granted = pulumi.runtime.isDryRun() ? access : await deployedAccess(access, last, resources);
  return { logins: Object.fromEntries(logins), grants: grantsText(granted, last) };
}

/** @param file from the directory of Pulumi.yaml; the program itself runs in the one that `main` names */
function readManifest(file: string): Manifest {
  const naming = Object.entries(servers).map(([name, { clientPrefix, accounts }]) => {
    return [name, { clientPrefix, instance: accounts?.instance }] as const;
  });
  try {
    const options = { servers: Object.fromEntries(naming), asOf: config.get("asOf") };
    return parseManifest(readFileSync(resolve(__dirname, "..", file)), file, options);
  } catch (error) {
    // Without a stack trace: the message is a report about the manifest, with file, line and caret.
    if (error instanceof ManifestError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

/**
 * Stands for all access: a destroy is refused for its sake as well, even when the manifest declares nothing. It depends
 * on nothing, because a component whose dependency has failed ends a deployment, revocations and all, in spite of
 * --continue-on-error.
 */
function declareAccess(): void {
  new pulumi.ComponentResource("aegir-access:index:Access", "access", {}, { protect: !mayBeDestroyed, hooks });
}

interface DeclaredClient {
  owned: SiteOwnership[];
  resources: Declared;
  login: object | undefined;
}

/**
 * Logical names hold the identity only, so that no edit of the manifest makes a new resource of an old one. What is
 * protected is so in the state as well, so that no way around this program takes it.
 *
 * People come before sites and sites before the login, without depending on each other: see settled().
 */
async function declareClient(declared: ManifestClient, last: EffectiveAccess | undefined): Promise<DeclaredClient> {
  const { server } = manifest;
  const { name, internalName, renamedFrom, email, protect } = declared;
  const formerly = (former: string) => ({ aliases: renamedFrom === undefined ? [] : [{ name: former }] });
  const client = new AegirClient(
    `client:${internalName}`,
    { name, internalName, email, server },
    { protect, ...formerly(`client:${renamedFrom}`) },
  );
  const bindings = declared.users.map(
    ({ name: user, key, createUser, expectedUid }) =>
      new ClientUserBinding(
        `binding:${internalName}:${key}`,
        { client: client.internalName, user, createUser, expectedUid, server },
        { aliases: formerNames(declared, key, [user, last?.people.get(`user:${key}`)?.name]) },
      ),
  );
  await settled(bindings);
  const owned = declared.sites.map(
    ({ site, takeOverFrom, protect }) =>
      new SiteOwnership(
        `site:${site}`,
        {
          site,
          client: client.internalName,
          takeOverFrom,
          onDestroy: declared.onDestroy,
          waitFor: runQueue ? "recorded" : undefined,
          server,
        },
        { protect },
      ),
  );
  const resources: Declared = {
    client,
    bindings: new Map(declared.users.map(({ name: user }, index) => [personByName(user).key, bindings[index]!])),
    sites: new Map(declared.sites.map(({ site }, index) => [site, owned[index]!])),
  };
  if (!declared.shellAccount) return { owned, resources, login: undefined };
  await settled(owned);
  const { username, host, sshPort, ftpsPort, sshAcceptsPasswords, password } = new ShellAccount(
    `account:${internalName}`,
    { client: client.internalName, rotation: declared.shellAccount.rotation, server },
    formerly(`account:${renamedFrom}`),
  );
  return { owned, resources, login: { username, host, sshPort, ftpsPort, sshAcceptsPasswords, password } };
}

/**
 * Under what other logical names a binding may be in the state: that of the client's former internal name, and those in
 * the capitals of which earlier releases made them, as the manifest has them or the last deployment had.
 */
function formerNames({ internalName, renamedFrom }: ManifestClient, key: string, spellings: (string | undefined)[]) {
  const clients = renamedFrom === undefined ? [internalName] : [internalName, renamedFrom];
  const users = [...new Set([key, ...spellings])].filter((user) => user !== undefined);
  return clients
    .flatMap((client) => users.map((user) => ({ name: `binding:${client}:${user}` })))
    .filter(({ name }) => name !== `binding:${internalName}:${key}`);
}

export = main;
