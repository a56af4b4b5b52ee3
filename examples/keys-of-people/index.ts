/**
 * Each person logs in with a key of their own. A line that you remove shuts its owner out in the next deployment, and nobody
 * else. BOA ends every password after 90 days, and logins with a key end with it: `everyDays` rotates it before that.
 *
 * Keys need root as the user of `accounts.connection`. Run a deployment every night.
 */
import { AegirClient, ShellAccount, SiteOwnership } from "pulumi-aegir";

const acme = new AegirClient("client:acme", { name: "Acme Corp", internalName: "acme" });
new SiteOwnership("site:www.acme.example", { site: "www.acme.example", client: acme.internalName });
const login = new ShellAccount("account:acme", {
  client: acme.internalName,
  authorizedKeys: [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOLcMvNWylCLJs1U+GTgN7VtzFWUWeHhXXPN7nQtcWtF alice@laptop",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC5/LN7V9dSZNInveiokN7Go6IjJHK4khc12HMnsepWQ bob@laptop",
  ],
  rotation: { everyDays: 80 },
  // Nobody needs the password.
  passwordInState: false,
});

export const { username, host, sshPort, passwordExpiresAt } = login;
