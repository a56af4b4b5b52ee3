/** Reads the access manifest `access.yaml`: the stack in `stacks/` does the same, with logins and takeovers besides. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AegirClient, ClientUserBinding, SiteOwnership } from "pulumi-aegir";
import { parseManifest } from "pulumi-aegir/manifest";

const file = join(__dirname, "access.yaml");

for (const { name, internalName, users, sites } of parseManifest(readFileSync(file), "access.yaml").clients) {
  const client = new AegirClient(`client:${internalName}`, { name, internalName });
  for (const { name: user, key, createUser } of users) {
    new ClientUserBinding(`binding:${internalName}:${key}`, { client: client.internalName, user, createUser });
  }
  for (const { site } of sites) {
    new SiteOwnership(`site:${site}`, { site, client: client.internalName });
  }
}
