import type { ServerConfigurations } from "../aegir/ServerConfiguration";
import { liveClients } from "../inventory/declarable";
import { findingsOf } from "../inventory/findings";
import { DECIDE, manifestOfInventory } from "../inventory/manifestOfInventory";
import { plural } from "../text/Phrase";
import { type CommandContext, defineCommand } from "./Command";
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
    const { text, decisions, server, inventory, hasAccounts } = await manifestOfServer(servers, values.server, context);
    context.progress(`${plural(decisions, "thing")} to decide: search for "${DECIDE}".`);
    return {
      exitCode: ExitCode.ok,
      facts: {
        server,
        clients: liveClients(inventory, hasAccounts),
        findings: findingsOf(inventory),
      },
      text: () => text.trimEnd(),
    };
  },
});

/**
 * What a live server holds, as a manifest.
 * @param name the server's name; may be undefined where only one is configured
 */
export async function manifestOfServer(
  servers: ServerConfigurations,
  name: string | undefined,
  context: CommandContext,
) {
  const { inventory, hasAccounts } = await withServer(servers, name, context, async (server) => ({
    inventory: await server.inventory(),
    hasAccounts: server.configuration.accounts !== undefined,
  }));
  const server = Object.keys(servers).length > 1 ? name : undefined;
  const text = manifestOfInventory(inventory, server, hasAccounts);
  return { text, decisions: text.split(`# ${DECIDE} `).length - 1, server, inventory, hasAccounts };
}
