/** The resources of one client of the manifest. */
import type * as pulumi from "@pulumi/pulumi";
import type { ManifestClient } from "../manifest/Manifest";
import { distinctKeys } from "../naming/AuthorizedKey";
import type { RotationByAge } from "../naming/RotationByAge";
import { AegirClient, type AegirClientOnDestroy } from "../resources/AegirClient";
import { allRegistered } from "../resources/allRegistered";
import { ClientUserBinding } from "../resources/ClientUserBinding";
import { ShellAccount } from "../resources/ShellAccount";
import { SiteOwnership, type SiteOwnershipArgs } from "../resources/SiteOwnership";
import { type EffectiveAccess, personByName } from "../review/EffectiveAccess";
import { leavesOf } from "../review/leaving";

export interface ClientResources {
  client: AegirClient;
  /** By key of the person. */
  bindings: Map<string, ClientUserBinding>;
  /** By domain. */
  sites: Map<string, SiteOwnership>;
  account: ShellAccount | undefined;
}

export interface ClientOptions {
  /** As the manifest names it; undefined for the only one. */
  server: string | undefined;
  waitFor: SiteOwnershipArgs["waitFor"];
  /** What this deployment is to grant, and what the last one has granted. */
  access: EffectiveAccess;
  last: EffectiveAccess | undefined;
}

/**
 * Logical names hold the identity only, so that no edit of the manifest makes a new resource of an old one. What is
 * protected is so in the state as well, so that no way around this program takes it.
 *
 * People come before sites, without sites depending on them: see allRegistered(). A login waits for the sites by itself.
 */
export async function declareClient(
  declared: ManifestClient,
  { server, waitFor, access, last }: ClientOptions,
): Promise<ClientResources> {
  const { name, internalName, renamedFrom, email, protect } = declared;
  // Undefined rather than false, so that the states of earlier releases stay as they are.
  const mailed = (welcomeMail: boolean) => welcomeMail || undefined;
  const formerly = (former: string) => ({ aliases: renamedFrom === undefined ? [] : [{ name: former }] });
  const client = new AegirClient(
    `client:${internalName}`,
    { name, internalName, email, welcomeMail: mailed(declared.welcomeMail), onDestroy: releases(declared), server },
    { protect, ...formerly(`client:${renamedFrom}`) },
  );
  const bindings = declared.users.map(
    ({ name: user, key, createUser, expectedUid }) =>
      new ClientUserBinding(
        `binding:${internalName}:${key}`,
        {
          client: client.internalName,
          user,
          createUser: createUser && { email: createUser.email, welcomeMail: mailed(createUser.welcomeMail) },
          expectedUid,
          server,
        },
        { aliases: formerNames(declared, key, [user, last?.people.get(`user:${key}`)?.name]) },
      ),
  );
  await allRegistered(bindings);
  const owned = declared.sites.map(
    ({ site, takeOverFrom, protect }) =>
      new SiteOwnership(
        `site:${site}`,
        { site, client: client.internalName, takeOverFrom, onDestroy: declared.onDestroy.sites, waitFor, server },
        { protect },
      ),
  );
  const resources = {
    client,
    bindings: new Map(declared.users.map(({ name: user }, index) => [personByName(user).key, bindings[index]!])),
    sites: new Map(declared.sites.map(({ site }, index) => [site, owned[index]!])),
  };
  if (!declared.shellAccount) return { ...resources, account: undefined };
  const leaves = leavesOf(access.clients.get(internalName)!, last);
  const keys = distinctKeys(declared.users.flatMap(({ keys }) => keys));
  const account = new ShellAccount(
    `account:${internalName}`,
    {
      client: client.internalName,
      rotation: afterLeaves(declared.shellAccount.rotation, leaves),
      authorizedKeys: keys.length > 0 ? keys : undefined,
      server,
    },
    formerly(`account:${renamedFrom}`),
  );
  return { ...resources, account };
}

/** Another label for each departure after which the password is to be rotated. */
function afterLeaves(rotation: string | RotationByAge | undefined, leaves: number): string | RotationByAge | undefined {
  if (leaves === 0) return rotation;
  return typeof rotation === "object" ? { ...rotation, label: `+${leaves}` } : `${rotation ?? ""}+${leaves}`;
}

/** What the client gives away when it is deleted; undefined for nothing, as in the states of earlier releases. */
function releases({ onDestroy }: ManifestClient): AegirClientOnDestroy | undefined {
  const { undeclaredSites: sites, undeclaredBindings: bindings, platforms } = onDestroy;
  const isRefused = [sites, bindings, platforms].every((choice) => choice === "refuse");
  return isRefused ? undefined : { sites, bindings, platforms };
}

/**
 * Under what other logical names a binding may be in the state: that of the client's former internal name, and those in
 * the capitals of which earlier releases made them, as the manifest has them or the last deployment had.
 */
function formerNames(
  { internalName, renamedFrom }: ManifestClient,
  key: string,
  spellings: (string | undefined)[],
): pulumi.Alias[] {
  const clients = renamedFrom === undefined ? [internalName] : [internalName, renamedFrom];
  const users = [...new Set([key, ...spellings])].filter((user) => user !== undefined);
  return clients
    .flatMap((client) => users.map((user) => ({ name: `binding:${client}:${user}` })))
    .filter(({ name }) => name !== `binding:${internalName}:${key}`);
}
