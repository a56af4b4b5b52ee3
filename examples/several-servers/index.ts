/**
 * Two servers in one stack. Each is configured by name under `aegir:servers`, and every resource says which one it
 * means; the same client may exist on both.
 */
import { AegirClient, SiteOwnership } from "pulumi-aegir";

const sites = { eu: "www.acme.example", us: "us.acme.example" };

for (const [server, site] of Object.entries(sites)) {
  const acme = new AegirClient(`${server}:client:acme`, { name: "Acme Corp", internalName: "acme", server });
  new SiteOwnership(`${server}:site:${site}`, { site, client: acme.internalName, server });
}
