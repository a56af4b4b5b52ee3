import type { ServerConfigurations } from "../aegir/ServerConfiguration";
import { liveClients } from "../inventory/declarable";
import { findingsOf } from "../inventory/findings";
import { DECIDE, manifestOfInventory } from "../inventory/manifestOfInventory";
import { unusedAccess } from "../inventory/unused";
import { plural } from "../text/Phrase";
import { type CommandContext, defineCommand } from "./Command";
import { ExitCode } from "./ExitCode";
import { configuredServers, SERVER_OPTIONS, withServer } from "./serverOptions";
import { unusedDays } from "./unusedOption";

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
    "With --unused, also marks people who have not used the panel for so many days, with the day of their last use.",
  ],
  options: {
    ...SERVER_OPTIONS,
    unused: {
      type: "string",
      value: "DAYS",
      help: "also marks people who have not used the panel for so many days",
    },
  },
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
    const days = unusedDays(values.unused);
    const { text, decisions, server, inventory, hasAccounts, unused } = await manifestOfServer(
      servers,
      values.server,
      context,
      days,
    );
    context.progress(`${plural(decisions, "thing")} to decide: search for "${DECIDE}".`);
    return {
      exitCode: ExitCode.ok,
      facts: {
        server,
        clients: liveClients(inventory, hasAccounts, unused),
        findings: findingsOf(inventory),
      },
      text: () => text.trimEnd(),
    };
  },
});

/**
 * What a live server holds, as a manifest.
 * @param name the server's name; may be undefined where only one is configured
 * @param days marks people who have not used the panel for so long
 */
export async function manifestOfServer(
  servers: ServerConfigurations,
  name: string | undefined,
  context: CommandContext,
  days?: number,
) {
  const { inventory, hasAccounts } = await withServer(servers, name, context, async (server) => ({
    inventory: await server.inventory(),
    hasAccounts: server.configuration.accounts !== undefined,
  }));
  const server = Object.keys(servers).length > 1 ? name : undefined;
  const unused = days === undefined ? [] : unusedAccess(inventory, days);
  const text = manifestOfInventory(inventory, server, hasAccounts, unused);
  return { text, decisions: text.split(`# ${DECIDE} `).length - 1, server, inventory, hasAccounts, unused };
}
