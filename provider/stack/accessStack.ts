import * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../manifest/Manifest";
import { refuseDestroy } from "../resources/destroyGuard";
import type { EffectiveAccess } from "../review/EffectiveAccess";
import { accessOfManifest } from "../review/fromManifest";
import { grantsText } from "../review/Grants";
import { plural } from "../text/Phrase";
import { readConfiguration, type StackConfiguration } from "./configuration";
import { declareClient } from "./declareClient";
import { deployedAccess } from "./deployedAccess";
import { refuseProtected, warnOfDestroy } from "./destroy";
import { compareWithLastDeployment } from "./lastDeployment";
import { exportedLogins, type Login } from "./logins";

/** What the stack exports. What grows with the number of clients is a secret, so that previews do not print it. */
export interface AccessOutputs {
  /** How many clients, sites and bindings there are. */
  access: string;
  /** By internal name of their client. */
  logins: pulumi.Output<Record<string, Login>>;
  /** What was granted, with which the next deployment is compared. */
  grants: pulumi.Output<string>;
}

/**
 * The whole program of an access manifest: it refuses what takes away more than is meant, and declares what the manifest
 * says. `export = accessStack();` is all that `index.ts` needs. Call it once: it guards the whole stack against
 * `pulumi destroy`.
 *
 * The configuration, which `pulumi config set KEY VALUE` writes:
 *
 * - `aegir:servers`: the servers, by name.
 * - `manifest`: the path of the access manifest, a file or a directory, from the directory of Pulumi.yaml. The default is
 *   `access.yaml` or `access`.
 * - `asOf`: the day (UTC) for which the manifest is read, if not today. A binding that has expired before it is absent.
 * - `runQueue: true`: the server starts the next tasks of its queue as soon as owners have changed, instead of waiting for
 *   its cron. It needs the package `@pulumi/command`.
 *
 * @throws RunError for a manifest or a configuration that cannot be deployed. It is thrown at once, before anything is
 *   registered, because an error of an asynchronous program never ends it (SDK 3.248).
 */
export function accessStack(): Promise<AccessOutputs> {
  const configuration = readConfiguration();
  const { manifest } = configuration;
  const guard = refuseDestroy();
  if (guard.mayBeDestroyed) refuseProtected(manifest);
  logWarnings(manifest);
  return deploy(configuration, guard);
}

/** Neither a preview nor the step that Pulumi shows knows what is on the server. */
const FIRST_DEPLOYMENT =
  "This is the first deployment of this stack. Pulumi lists everything as created, because it is new in the stack's state. " +
  "What is on the server already is adopted as it is, and nothing is written for it. `aegir-access plan` shows what a " +
  "deployment would write.";

async function deploy(
  { manifest, instance, runQueue }: StackConfiguration,
  { hooks, mayBeDestroyed }: ReturnType<typeof refuseDestroy>,
): Promise<AccessOutputs> {
  const access = accessOfManifest(manifest, instance);
  const last = await compareWithLastDeployment(access);
  if (last === undefined) await pulumi.log.info(FIRST_DEPLOYMENT);
  if (mayBeDestroyed) await warnOfDestroy(last ?? access);
  declareAccess({ protect: !mayBeDestroyed, hooks });
  const options = { server: manifest.server, waitFor: runQueue && ("recorded" as const), access, last };
  const declared = await Promise.all(
    manifest.clients.map(async (client) => [client.internalName, await declareClient(client, options)] as const),
  );
  const ownerships = declared.flatMap(([, { sites }]) => [...sites.values()]);
  if (ownerships.length > 0) await runQueue?.(ownerships);
  const accounts = declared.flatMap(([client, { account }]) => (account ? [[client, account] as const] : []));
  // A preview deploys nothing, and knows no ids of what it would make.
  const granted = pulumi.runtime.isDryRun() ? access : await deployedAccess(access, last, new Map(declared));
  return {
    access: countsOf(granted),
    logins: await exportedLogins(new Map(accounts)),
    grants: pulumi.secret(grantsText(granted, last)),
  };
}

function countsOf({ clients, sites }: EffectiveAccess): string {
  const bindings = [...clients.values()].flatMap((client) => [...client.bindings.values()]);
  return [
    plural(clients.size, "client"),
    plural(sites.size, "site"),
    plural(bindings.filter(({ ended }) => !ended).length, "binding"),
  ].join(", ");
}

function logWarnings({ warnings, clients, asOf }: Manifest): void {
  for (const warning of warnings) void pulumi.log.warn(warning.summary);
  if (clients.some(({ users, expired }) => [...users, ...expired].some(({ expires }) => expires))) {
    void pulumi.log.info(`Expiry dates are checked against ${asOf} (UTC).`);
  }
}

/**
 * Stands for all access: a destroy is refused for its sake as well, even when the manifest declares nothing. It depends
 * on nothing, because a component whose dependency has failed ends a deployment, revocations and all, in spite of
 * --continue-on-error. Its type is in the state of every deployed stack, so it never changes.
 */
function declareAccess(options: pulumi.ComponentResourceOptions): void {
  new pulumi.ComponentResource("aegir-access:index:Access", "access", {}, options);
}
