/**
 * The stack: reads the access manifest and declares what it says.
 *
 * Configuration: `manifest` is the manifest's path, from the project's directory (stacks/access.yaml if absent);
 * `runQueue: true` has the server work off its task queue as soon as owners have changed, instead of waiting for its
 * cron (real Pulumi CLI only, with the plugin of @pulumi/command).
 */
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { AegirClient, ClientUserBinding, ShellAccount, SiteOwnership } from "pulumi-aegir";
import { ManifestError, parseManifest, type Manifest, type ManifestClient } from "pulumi-aegir/manifest";

interface Server {
  connection?: Omit<command.types.input.remote.ConnectionArgs, "hostKey"> & { hostKey: string | string[] };
  clientPrefix?: string;
  accounts?: { instance: string };
  drush?: { command?: string; alias?: string };
}

const config = new pulumi.Config();
const servers = new pulumi.Config("aegir").getObject<Record<string, Server>>("servers") ?? {};
const runQueue = config.getBoolean("runQueue") ?? false;

const manifest = readManifest(resolve(projectDirectory(), config.get("manifest") ?? "stacks/access.yaml"));
const server = servers[manifest.server ?? Object.keys(servers)[0] ?? ""];

/** Logins by internal name of their client; passwords are secrets. */
export const logins = Object.fromEntries(
  manifest.clients.flatMap((client) => {
    const login = declareClient(client);
    return login ? [[client.internalName, login]] : [];
  }),
);

function readManifest(file: string): Manifest {
  const { clientPrefix, accounts } = Object.values(servers)[0] ?? {};
  try {
    return parseManifest(readFileSync(file), relative(process.cwd(), file), {
      clientPrefix,
      instance: accounts?.instance,
    });
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
  const ownerships = declared.sites.map(
    ({ site, takeOverFrom }) =>
      new SiteOwnership(
        `site:${site}`,
        {
          site,
          client: client.internalName,
          takeOverFrom,
          onDestroy: declared.onDestroy === "leave" ? "leave" : undefined,
          waitFor: runQueue ? "recorded" : undefined,
          ...at,
        },
        { dependsOn: bindings },
      ),
  );
  const effective = runQueue ? [queueRun(internalName, ownerships)] : ownerships;
  if (!declared.shellAccount) return undefined;
  const login = new ShellAccount(
    `account:${internalName}`,
    { client: ownerships[0]!.client, rotation: declared.shellAccount.rotation, ...at },
    { dependsOn: effective },
  );
  const { username, host, sshPort, ftpsPort, password } = login;
  return { username, host, sshPort, ftpsPort, password };
}

/** Runs the queue once whenever an owner of this client's sites has changed. */
function queueRun(internalName: string, ownerships: SiteOwnership[]): pulumi.Resource {
  if (!server?.connection) throw new pulumi.RunError("runQueue needs the server's `connection` in aegir:servers.");
  const { hostKey, ...connection } = server.connection;
  // @pulumi/command takes a public key, and accepts any host without one; a fingerprint is not enough for it.
  const publicKey = [hostKey].flat().flatMap((pin) => /(?:ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]{40,}/.exec(pin) ?? [])[0];
  if (!publicKey) throw new pulumi.RunError("runQueue needs the server's hostKey as a public key or known_hosts line.");
  const { command: drush = "drush", alias = "@hostmaster" } = server.drush ?? {};
  return new command.remote.Command(
    `queue:${internalName}`,
    {
      connection: { ...connection, hostKey: publicKey },
      create: `${drush} ${alias} hosting-tasks`,
      triggers: ownerships.map(({ verifyTask }) => verifyTask),
    },
    { dependsOn: ownerships, additionalSecretOutputs: ["connection"] },
  );
}

/** The program runs in the directory that `main` names; paths in its configuration count from Pulumi.yaml. */
function projectDirectory(): string {
  return resolve(__dirname, "..");
}
