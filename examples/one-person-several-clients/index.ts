/** An agency's developer works for two customers: one person, bound to two clients, sees the sites of both. */
import { AegirClient, ClientUserBinding, SiteOwnership } from "pulumi-aegir";

const customers = { acme: ["Acme Corp", "www.acme.example"], beta: ["Beta GmbH", "www.beta.example"] } as const;

for (const [internalName, [name, site]] of Object.entries(customers)) {
  const client = new AegirClient(`client:${internalName}`, { name, internalName });
  new ClientUserBinding(`binding:${internalName}:alice`, { client: client.internalName, user: "alice" });
  new SiteOwnership(`site:${site}`, { site, client: client.internalName });
}
