/**
 * A site moves. Between two clients of one stack, only `client` changes:
 *
 *     pulumi config set owner beta && pulumi up
 *
 * A site of a client that this stack never owned is taken only if `takeOverFrom` names that client, so that a reviewer
 * reads who loses it.
 */
import * as pulumi from "@pulumi/pulumi";
import { AegirClient, SiteOwnership } from "pulumi-aegir";

const config = new pulumi.Config();

const clients = {
  acme: new AegirClient("client:acme", { name: "Acme Corp", internalName: "acme" }),
  beta: new AegirClient("client:beta", { name: "Beta GmbH", internalName: "beta" }),
};
const owner = config.get("owner") === "beta" ? clients.beta : clients.acme;

new SiteOwnership("site:www.acme.example", {
  site: "www.acme.example",
  client: owner.internalName,
  takeOverFrom: config.get("takeOverFrom"),
});
