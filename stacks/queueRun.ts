import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { SiteOwnership } from "pulumi-aegir";

/** What a run of the queue needs to know of a server in `aegir:servers`. */
export interface QueueServer {
  connection?: Connection & { proxy?: Connection };
  drush?: { command?: string; alias?: string };
}

type Connection = Omit<command.types.input.remote.ProxyConnectionArgs, "hostKey"> & { hostKey: string | string[] };

/** Runs the server's task queue once whenever an owner of this client's sites has changed. */
export function queueRun(
  internalName: string,
  { connection, drush = {} }: QueueServer,
  ownerships: SiteOwnership[],
): pulumi.Resource {
  if (!connection) throw new pulumi.RunError("runQueue needs the server's `connection` in aegir:servers.");
  const { proxy } = connection;
  const { command: drushCommand = "drush", alias = "@hostmaster" } = drush;
  return new command.remote.Command(
    `queue:${internalName}`,
    {
      connection: { ...withPublicKey(connection), proxy: proxy && withPublicKey(proxy) },
      create: `${drushCommand} ${alias} hosting-tasks`,
      triggers: ownerships.map(({ verifyTask }) => verifyTask),
    },
    { dependsOn: ownerships },
  );
}

/** @pulumi/command takes one public key, and accepts any host without one; a fingerprint is not enough for it. */
function withPublicKey<C extends Connection>(connection: C): C & { hostKey: string } {
  const pins = [connection.hostKey].flat();
  const hostKey = pins.flatMap((pin) => /(?:ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]{40,}/.exec(pin) ?? [])[0];
  if (!hostKey) throw new pulumi.RunError("runQueue needs each hostKey as a public key or known_hosts line.");
  return { ...connection, hostKey };
}
