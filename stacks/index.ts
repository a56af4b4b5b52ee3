/**
 * The stack: reads the access manifest and declares what it says.
 *
 * Configuration: `manifest` is the manifest's path, from the project's directory (stacks/access.yaml if absent);
 * `runQueue: true` has the server start the next tasks of its queue as soon as owners have changed, instead of waiting
 * for its cron (real Pulumi CLI only, with the plugin of @pulumi/command).
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AegirClient, ClientUserBinding, ShellAccount, SiteOwnership } from "pulumi-aegir";
import { ManifestError, parseManifest, type Manifest, type ManifestClient } from "pulumi-aegir/manifest";
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

const ownerships: SiteOwnership[] = [];

/** Logins by internal name of their client; passwords are secrets. */
export const logins = Object.fromEntries(
  manifest.clients.flatMap((client) => {
    const login = declareClient(client);
    return login ? [[client.internalName, login]] : [];
  }),
);

if (runQueue && ownerships.length > 0) {
  const serverName = manifest.server ?? Object.keys(servers)[0]!;
  queueRun(serverName, servers[serverName]!, ownerships);
}

/** @param file from the directory of Pulumi.yaml; the program itself runs in the one that `main` names */
function readManifest(file: string): Manifest {
  const naming = Object.entries(servers).map(([name, { clientPrefix, accounts }]) => {
    return [name, { clientPrefix, instance: accounts?.instance }] as const;
  });
  try {
    return parseManifest(readFileSync(resolve(__dirname, "..", file)), file, { servers: Object.fromEntries(naming) });
  } catch (error) {
    // Without a stack trace: the message is a report about the manifest, with file, line and caret.
    if (error instanceof ManifestError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

/** Logical names hold the identity only, so that no edit of the manifest makes a new resource of an old one. */
function declareClient(declared: ManifestClient): object | undefined {
  const at = { server: manifest.server };
  const { name, internalName, email } = declared;
  const client = new AegirClient(`client:${internalName}`, { name, internalName, email, ...at });
  const bindings = declared.users.map(
    ({ name: user, createUser }) =>
      new ClientUserBinding(`binding:${internalName}:${user}`, {
        client: client.internalName,
        user,
        createUser,
        ...at,
      }),
  );
  const owned = declared.sites.map(
    ({ site, takeOverFrom }) =>
      new SiteOwnership(
        `site:${site}`,
        {
          site,
          client: client.internalName,
          takeOverFrom,
          onDestroy: declared.onDestroy,
          waitFor: runQueue ? "recorded" : undefined,
          ...at,
        },
        { dependsOn: bindings },
      ),
  );
  ownerships.push(...owned);
  if (!declared.shellAccount) return undefined;
  const login = new ShellAccount(
    `account:${internalName}`,
    { client: owned[0]!.client, rotation: declared.shellAccount.rotation, ...at },
    { dependsOn: owned },
  );
  const { username, host, sshPort, ftpsPort, password } = login;
  return { username, host, sshPort, ftpsPort, password };
}
