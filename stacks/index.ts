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
import { AegirClient, ClientUserBinding, ShellAccount, SiteOwnership } from "pulumi-aegir";
import { ManifestError, parseManifest, type Manifest, type ManifestClient } from "pulumi-aegir/manifest";
import { accessOfManifest } from "pulumi-aegir/review";
import { compareWithLastDeployment } from "./lastDeployment";
import { queueRun, type QueueServer } from "./queueRun";

interface Server extends QueueServer {
  clientPrefix?: string;
  accounts?: { instance: string };
}

const config = new pulumi.Config();
const servers = new pulumi.Config("aegir").requireObject<Record<string, Server>>("servers");
const runQueue = config.getBoolean("runQueue") ?? false;

const manifest = readManifest(config.get("manifest") ?? "stacks/access.yaml");
for (const warning of manifest.warnings) void pulumi.log.warn(warning.summary);
if (manifest.clients.some(({ users, expired }) => [...users, ...expired].some(({ expires }) => expires))) {
  void pulumi.log.info(`What expires is judged as of ${manifest.asOf} (UTC).`);
}

/** @returns the outputs: the logins by internal name of their client, with secret passwords, and the grants */
async function main(): Promise<object> {
  const serverName = manifest.server ?? Object.keys(servers)[0]!;
  const access = accessOfManifest(manifest, servers[serverName]?.accounts?.instance);
  const grants = await compareWithLastDeployment(access);
  const declared = manifest.clients.map((client) => ({ client, ...declareClient(client) }));
  const ownerships = declared.flatMap(({ owned }) => owned);
  if (runQueue && ownerships.length > 0) queueRun(serverName, servers[serverName]!, ownerships);
  const logins = declared.flatMap(({ client, login }) => (login ? [[client.internalName, login] as const] : []));
  return { logins: Object.fromEntries(logins), grants };
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

interface DeclaredClient {
  owned: SiteOwnership[];
  login: object | undefined;
}

/**
 * Logical names hold the identity only, so that no edit of the manifest makes a new resource of an old one. What is
 * protected is so in the state as well, because `pulumi destroy` runs no program that could refuse.
 */
function declareClient(declared: ManifestClient): DeclaredClient {
  const { server } = manifest;
  const { name, internalName, previously, email, protect } = declared;
  const formerly = (former: string) => ({ aliases: previously === undefined ? [] : [{ name: former }] });
  const client = new AegirClient(
    `client:${internalName}`,
    { name, internalName, email, server },
    { protect, ...formerly(`client:${previously}`) },
  );
  const bindings = declared.users.map(
    ({ name: user, createUser }) =>
      new ClientUserBinding(
        `binding:${internalName}:${user}`,
        { client: client.internalName, user, createUser, server },
        formerly(`binding:${previously}:${user}`),
      ),
  );
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
        { dependsOn: bindings, protect },
      ),
  );
  if (!declared.shellAccount) return { owned, login: undefined };
  const { username, host, sshPort, ftpsPort, password } = new ShellAccount(
    `account:${internalName}`,
    { client: owned[0]!.client, rotation: declared.shellAccount.rotation, server },
    { dependsOn: owned, ...formerly(`account:${previously}`) },
  );
  return { owned, login: { username, host, sshPort, ftpsPort, password } };
}

export = main;
