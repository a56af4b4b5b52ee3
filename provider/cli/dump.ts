import { liveClients } from "../inventory/declarable";
import { findingsOf } from "../inventory/findings";
import { DECIDE, manifestOfInventory } from "../inventory/manifestOfInventory";
import { plural } from "../text/Phrase";
import { defineCommand } from "./Command";
import { ExitCode } from "./ExitCode";
import { configuredServers, SERVER_OPTIONS, withServer } from "./serverOptions";

/** `aegir-access dump`: a live server as a manifest. */
export const dump = defineCommand({
  name: "dump",
  summary: "prints the access on a server as a manifest to start from",
  description: [
    "Reads the server, changes nothing, and prints a manifest on standard output. Deploying that manifest adopts the existing " +
      "access and writes nothing. The same server always gives the same bytes.",
    `A comment that begins with "${DECIDE}" marks each decision for you: clients and sites that cannot be declared as they ` +
      "are, sites of the default owner or of a deleted client, bindings without a client, administrators, restricted " +
      "platforms, and mail addresses that several users share. Logins (shellAccount) are left out, because declaring one " +
      "stores its password in the stack's state.",
  ],
  options: SERVER_OPTIONS,
  exitCodes: {
    [ExitCode.ok]: "the manifest is printed",
    [ExitCode.found]: "not used",
    [ExitCode.failed]: "connection, login or Drush failed on the server; nothing is printed",
  },
  examples: [
    ["dump --stack production > access.yaml", "the server in Pulumi.production.yaml"],
    ["dump --config servers.yaml --server main --json", "the same result for a script"],
  ],
  async run({ values }, context) {
    const servers = configuredServers(values, context.directory);
    const several = Object.keys(servers).length > 1;
    const { inventory, hasAccounts } = await withServer(servers, values.server, context, async (server) => ({
      inventory: await server.inventory(),
      hasAccounts: server.configuration.accounts !== undefined,
    }));
    const text = manifestOfInventory(inventory, several ? values.server : undefined, hasAccounts);
    const decisions = text.split(`# ${DECIDE} `).length - 1;
    context.progress(`${plural(decisions, "thing")} to decide: search for "${DECIDE}".`);
    return {
      exitCode: ExitCode.ok,
      facts: {
        server: several ? values.server : undefined,
        clients: liveClients(inventory, hasAccounts),
        findings: findingsOf(inventory),
      },
      text: () => text.trimEnd(),
    };
  },
});
