/** A customer gets a site: a client that owns it, a panel user for the customer, and the client's shell login. */
import { AegirClient, ShellAccount, SiteOwnership } from "pulumi-aegir";

const acme = new AegirClient("client:acme", {
  name: "Acme Corp",
  internalName: "acme",
  // The panel user with this address may act for the client.
  email: "it@acme.example",
});

new SiteOwnership("site:www.acme.example", {
  site: "www.acme.example",
  client: acme.internalName,
});

// Declared after the site and with the same client, so it waits for the site: BOA creates no login without one.
const login = new ShellAccount("account:acme", { client: acme.internalName });

export const sftp = { host: login.host, port: login.sshPort, user: login.username, password: login.password };
