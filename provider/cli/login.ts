import { AegirError } from "../aegir/AegirError";
import type { AegirServer } from "../aegir/AegirServer";
import { loginAddress } from "../aegir/loginAddress";
import { internalNameProblems } from "../naming/InternalName";
import { printable } from "../text/printable";
import { twoColumns } from "../text/twoColumns";
import { defineCommand, UsageError } from "./Command";
import { ExitCode } from "./ExitCode";
import { configuredServers, SERVER_OPTIONS, withServer } from "./serverOptions";

const WIDTH = 100;

/** `aegir-access login`: what the holder of a login needs. */
export const login = defineCommand({
  name: "login",
  summary: "prints how to log in as a client's shell account, and its password on request",
  description: [
    "Looks at the server and changes nothing. Prints host, ports, the fingerprint of the host key, a command line for SFTP and the " +
      "settings for FTPS, without the password.",
    "--show-password prints the password instead, alone on standard output, as it is on the server at that moment. Pipe it into a " +
      "secret store. It is written to no log and to no state.",
  ],
  operands: { usage: "CLIENT", least: 1, most: 1 },
  options: {
    ...SERVER_OPTIONS,
    "show-password": { type: "boolean", help: "prints the password, and nothing else" },
  },
  exitCodes: {
    [ExitCode.ok]: "the login is there",
    [ExitCode.found]: "not used",
    [ExitCode.failed]: "the client has no login, or the server could not be looked at",
  },
  examples: [
    ["login acme --stack production", "how the people of the client acme log in"],
    ["login acme --show-password | pass insert --multiline clients/acme", "hands the password to a secret store"],
  ],
  async run({ values, operands }, context) {
    const { "show-password": showPassword = false, ...options } = values;
    const [client] = operands as [string];
    const [problem] = internalNameProblems(client);
    if (problem !== undefined) throw new UsageError(`CLIENT is the internal name of a client. ${problem}`);
    const servers = configuredServers(options, context.directory);
    const { password, ...facts } = await withServer(servers, options.server, context, (server) => look(server, client));
    if (showPassword && facts.passwordChangedByHolder) {
      context.warn(`The user of ${facts.username} has changed the password: the one on the server no longer works.`);
    }
    return {
      exitCode: ExitCode.ok,
      facts: showPassword ? { ...facts, password } : facts,
      text: () => (showPassword ? password : text(facts)),
    };
  },
});

type LoginFacts = Omit<Awaited<ReturnType<typeof look>>, "password">;

async function look(server: AegirServer, client: string) {
  const { passwordFiles, configuration } = server;
  const username = server.loginOf(client);
  const found = await passwordFiles.read(username);
  if (!found) {
    throw new AegirError({
      code: "missing",
      what: `there is no login ${username}`,
      server: passwordFiles.label,
      outcome: "notDone",
      next: "BOA makes one within minutes after a site of the client was verified",
      detail: { client },
    });
  }
  return {
    username,
    ...loginAddress(configuration),
    hostKey: await passwordFiles.hostKey(),
    sshAcceptsPasswords: await passwordFiles.sshAcceptsPasswords(),
    ...(await passwordFiles.ageOf(username, found)),
    password: found.password,
  };
}

function text(facts: LoginFacts): string {
  const { username, host, sshPort, ftpsPort, hostKey, sshAcceptsPasswords, passwordSetAt } = facts;
  const address = `${username}@${host.includes(":") ? `[${host}]` : host}`;
  const expires = facts.passwordExpiresAt === null ? "" : `, ends on ${facts.passwordExpiresAt.slice(0, 10)} (UTC)`;
  const changed = facts.passwordChangedByHolder ? ", changed by its user: the one on the server is out of date" : "";
  const rows: [string, string][] = [
    ["Login", username],
    ["Host", host],
    ["SSH and SFTP", `port ${sshPort}${sshAcceptsPasswords ? "" : ", with a key only"}`],
    ["Host key", hostKey],
    ["Command line", `sftp -P ${sshPort} ${address}`],
    ["FTPS", `port ${ftpsPort}, explicit TLS (AUTH TLS), passive mode, protected data channel (PROT P)`],
    ["Password", `set on ${passwordSetAt.slice(0, 10)}${expires}${changed}`],
  ];
  return twoColumns(
    rows.map(([title, value]) => [title, printable(value, 1000)] as const),
    WIDTH,
  ).join("\n");
}
