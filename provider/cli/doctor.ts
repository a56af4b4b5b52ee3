import { firstContact, parseUnpinned, type UnpinnedConnection } from "../aegir/firstContact";
import { ExitCode } from "./ExitCode";
import { givenServers, SERVER_OPTIONS, type GivenServers } from "./givenServers";
import { defineVerb, UsageError } from "./Verb";

/** `aegir-access doctor`: looks at the servers of a stack and tells what can be managed there. */
export const doctor = defineVerb({
  name: "doctor",
  summary: "looks at a server and tells what can be managed there, and what is in the way",
  description: [
    "Logs in as the configuration says, looks, and changes nothing. A server without a pinned host key is sent nothing: its " +
      "fingerprint is printed, with the lines to write once it has been compared.",
  ],
  options: {
    ...SERVER_OPTIONS,
    host: { type: "string", value: "HOST", help: "a server that is in no configuration yet" },
    port: { type: "string", value: "PORT", help: "its port, 22 if absent" },
    user: { type: "string", value: "LOGIN", help: "the login there; that of a hosted account is o1.ftp" },
    "host-key": { type: "string", value: "KEY", help: "its pinned key: SHA256:..., or a line of a known_hosts file" },
  },
  exitCodes: {
    [ExitCode.found]: "something limits what can be managed",
    [ExitCode.failed]: "nothing can be managed: a server cannot be reached, logged in to or used",
    [ExitCode.notPinned]: "a host key is not pinned; its fingerprint is printed, and nothing was sent",
  },
  examples: [
    ["doctor --host aegir.example.com --user aegir", "the first contact: prints the fingerprint to pin"],
    ["doctor --stack production", "every server of Pulumi.production.yaml"],
    ["doctor --config servers.yaml --server main --json", "one server of a file, for a script"],
  ],
  async run({ values }, { directory }) {
    const { servers } = values.host === undefined ? givenServers(values, directory) : byOptions(values);
    const seen: UnpinnedConnection[] = [];
    for (const [name, value] of Object.entries(servers)) {
      const pinning = parseUnpinned(name, value);
      seen.push(...(await firstContact(name, pinning)));
    }
    return { exitCode: ExitCode.notPinned, facts: seen, text: () => seen.map((key) => key.fingerprint).join("\n") };
  },
});

interface ConnectionOptions {
  host?: string | undefined;
  port?: string | undefined;
  user?: string | undefined;
  "host-key"?: string | undefined;
}

function byOptions(values: ConnectionOptions): GivenServers {
  const { host, port, user, "host-key": hostKey } = values;
  if (user === undefined) throw new UsageError("--host needs --user: the login on that server.");
  const connection = { host, ...(port !== undefined && { port: Number(port) }), user, hostKey };
  const instance = /^([a-z][a-z0-9]*)\.ftp$/.exec(user)?.[1];
  const server = instance === undefined ? { connection } : { accounts: { instance, connection } };
  return { servers: { main: server }, origin: "the command line", encrypted: [] };
}
