import { liveClients } from "../inventory/declarable";
import { findingsOf } from "../inventory/findings";
import { DECIDE, manifestOfInventory } from "../inventory/manifestOfInventory";
import { plural } from "../text/Phrase";
import { configuredServersOf, withServer } from "./connectedServer";
import { ExitCode } from "./ExitCode";
import { SERVER_OPTIONS } from "./givenServers";
import { defineVerb } from "./Verb";

/** `aegir-access dump`: a live server as a manifest. */
export const dump = defineVerb({
  name: "dump",
  summary: "writes down who may reach which site on a server, as a manifest to begin with",
  description: [
    "Looks at the server, changes nothing, and prints a manifest on standard output. Deploying it adopts what is there and " +
      "writes nothing. The same server gives the same bytes.",
    `Where a person has to decide, a comment begins with "${DECIDE}": clients and sites that cannot be declared as they are, ` +
      "sites of the default owner or of a client that is gone, bindings to nobody, administrators, restricted platforms, " +
      "mail addresses that several users have. Logins (shellAccount) are left out, because declaring one puts its password " +
      "into the stack's state.",
  ],
  options: SERVER_OPTIONS,
  exitCodes: {
    [ExitCode.ok]: "the manifest is printed",
    [ExitCode.found]: "does not occur",
    [ExitCode.failed]: "the server cannot be reached, logged in to or used; nothing is printed",
  },
  examples: [
    ["dump --stack production > access.yaml", "the one server of Pulumi.production.yaml"],
    ["dump --config servers.yaml --server main --json", "the same facts for a script"],
  ],
  async run({ values }, surroundings) {
    const servers = configuredServersOf(values, surroundings.directory);
    const several = Object.keys(servers).length > 1;
    const { inventory, hasAccounts } = await withServer(servers, values.server, surroundings, async (server) => ({
      inventory: await server.inventory(),
      hasAccounts: server.configuration.accounts !== undefined,
    }));
    const text = manifestOfInventory(inventory, several ? values.server : undefined, hasAccounts);
    const decisions = text.split(`# ${DECIDE} `).length - 1;
    surroundings.progress(`${plural(decisions, "thing")} to decide: look for "${DECIDE}".`);
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
