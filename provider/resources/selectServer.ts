/** Which of the stack's servers a resource is on, and whether that server can be used for it. */
import { instanceOf, type ServerConfiguration, serverSelectionProblem } from "../aegir/ServerConfiguration";
import { configuredServers } from "../aegir/servers";
import { notAString } from "./properties";
import { isKnown } from "./values";

export interface SelectedServer {
  name: string;
  configuration: ServerConfiguration;
}

/**
 * @param named what the resource says; the only server if it says nothing
 * @param through what the server must be configured with: a connection that runs Drush, or any
 */
export function selectServer(
  named: unknown,
  through: "drush" | "accounts",
): { server: SelectedServer | undefined; problems: string[] } {
  const none = (...problems: string[]) => ({ server: undefined, problems });
  if (!isKnown(named)) return none();
  if (named !== undefined && typeof named !== "string") return none(notAString(named, "server"));
  let servers;
  try {
    servers = configuredServers();
  } catch (error) {
    return none((error as Error).message);
  }
  const problem = serverSelectionProblem(servers, named);
  if (problem) return none(problem);
  const name = named ?? Object.keys(servers)[0]!;
  const server = { name, configuration: servers[name]! };
  return { server, problems: through === "drush" ? drushProblems(server) : [] };
}

/** A hosted account is refused here, before it is connected to. */
function drushProblems({ name, configuration: { connection } }: SelectedServer): string[] {
  if (!connection) {
    return [
      `Server "${name}" is configured as a hosted account: it has \`accounts\` and no \`connection\` that runs Drush. ` +
        "BOA refuses the front end to such a login, so that ShellAccount alone can be declared there; its clients, owners and users are changed in the panel.",
    ];
  }
  const instance = instanceOf(connection.user);
  if (instance === undefined) return [];
  return [
    `Server "${name}" runs Drush as ${connection.user}, whose limited shell refuses the front end. ShellAccount alone can be managed with it: ` +
      `move that connection to accounts: { instance: "${instance}", connection: ... }. For the rest log in as root or a sudoer, with drush: { runAs: "${instance}" }.`,
  ];
}
