/**
 * A new value of `rotation` means a new password, once:
 *
 *     pulumi config set rotation 2026-08 && pulumi up
 *
 * BOA rotates by deleting the account and making it anew: its home and its SSH keys are lost.
 */
import * as pulumi from "@pulumi/pulumi";
import { AegirClient, ShellAccount, SiteOwnership } from "pulumi-aegir";

const config = new pulumi.Config();

const acme = new AegirClient("client:acme", { name: "Acme Corp", internalName: "acme" });
new SiteOwnership("site:www.acme.example", { site: "www.acme.example", client: acme.internalName });
const login = new ShellAccount("account:acme", {
  client: acme.internalName,
  rotation: config.get("rotation") ?? "2026-07",
});

export const username = login.username;
export const password = login.password;
/** Tells one password from the next, and reveals neither. */
export const fingerprint = login.fingerprint;
