/** A user's program, which goes through every door of the package. */
import * as pulumi from "@pulumi/pulumi";
import {
  AegirClient,
  type AegirClientArgs,
  ClientUserBinding,
  drushLine,
  type Servers,
  ShellAccount,
  SiteOwnership,
  type SiteOwnershipArgs,
} from "pulumi-aegir";
import { configure } from "pulumi-aegir/dynamic";
import { type Manifest, type ManifestClient, readManifest } from "pulumi-aegir/manifest";
import { accessOfManifest, type EffectiveAccess, grantsText } from "pulumi-aegir/review";
import { type AccessOutputs, accessStack } from "pulumi-aegir/stack";

const manifest: Manifest = readManifest("access.yaml");
const access: EffectiveAccess = accessOfManifest(manifest);

function declare({ name, internalName, users, sites, shellAccount }: ManifestClient): pulumi.Output<string> {
  const args: AegirClientArgs = { name, internalName };
  const client = new AegirClient(`client:${internalName}`, args);
  for (const { name: user, createUser } of users) {
    new ClientUserBinding(`binding:${internalName}:${user}`, { client: client.internalName, user, createUser });
  }
  const owned = sites.map(({ site, takeOverFrom }) => {
    const ownership: SiteOwnershipArgs = { site, client: client.internalName, takeOverFrom, waitFor: "effective" };
    return new SiteOwnership(`site:${site}`, ownership);
  });
  const login = new ShellAccount(`account:${internalName}`, { client: owned[0]!.client, ...shellAccount });
  return login.username;
}

export const logins = manifest.clients.map(declare);
export const grants = grantsText(access);
export const drush = drushLine("aegir", { command: "drush" }, "status");
/** Not called: this program declares by itself what that one would. */
const whole: () => Promise<AccessOutputs> = accessStack;
export const names = [configure.name, whole.name];
export const servers = Object.keys(new pulumi.Config("aegir").requireObject<Servers>("servers"));
