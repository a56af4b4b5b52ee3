/**
 * `npm run aegir`: a small Aegir to try a stack against, until Ctrl-C. Paced as a BOA server is (a task a minute, the
 * account cron every three), with a clock that runs 60 times as fast.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseDocument } from "yaml";
import { printable } from "../../provider/text/printable";
import { addSites, emptySeed, fullSeed, type Seed } from "./seed";
import { INSTANCE, SmallAegir } from "./SmallAegir";

const USAGE = `Usage: npm run aegir [-- --past]

Starts a small Aegir on this machine until Ctrl-C, configures it as the server of the stack "try" in Pulumi.try.yaml, and
prints what to type in another terminal. What it holds differs from stacks/access.yaml in two places.

  --past   starts with a server that has seen a lot: sites without owners, names used twice, old links
  --help   prints this
`;

/** Seconds of the server's clock. */
const BOA_PACE = { queue: { everySeconds: 60, taskSeconds: 20 }, cronSeconds: 180 };

const STACK_FILE = "Pulumi.try.yaml";

/** What stacks/access.yaml declares, but for bob and the owner of the shop. */
const almostAsDeclared: Seed = (ground) => {
  emptySeed(ground);
  const { frontEnd, panel } = ground;
  const clients = { acme: ["Acme Corp", "alice"], beta: ["Beta GmbH", "carol"] } as const;
  for (const [uname, [title, user]] of Object.entries(clients)) {
    frontEnd.saveClient({ title, uname });
    panel.addUser({ name: user });
    panel.bind(uname, user);
    addSites(ground, [{ site: `www.${uname}.example`, owner: uname }]);
  }
  addSites(ground, [{ site: "shop.acme.example" }]);
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { past: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) return console.log(USAGE);
  let introduced = false;
  const report = (line: string) =>
    introduced && console.log(`${new Date().toISOString().slice(11, 19)} ${printable(line, 1000)}`);
  const aegir = await SmallAegir.start({ ...BOA_PACE, seed: values.past ? fullSeed : almostAsDeclared, report });
  const directory = mkdtempSync(join(tmpdir(), "small-aegir-"));
  const keyFile = join(directory, "aegir.key");
  const accountsKeyFile = join(directory, "accounts.key");
  writeFileSync(keyFile, aegir.drush.privateKey, { mode: 0o600 });
  writeFileSync(accountsKeyFile, aegir.accounts.privateKey, { mode: 0o600 });

  const { drush, accounts } = aegir;
  const { port, host, hostKey } = drush;
  const withoutKey = ({ user }: typeof drush) => ({ host, port, user, hostKey });
  configure({
    connection: withoutKey(drush),
    accounts: { instance: INSTANCE, connection: withoutKey(accounts) },
    waits: { pollSeconds: 1 },
  });
  const { clients, sites } = aegir.tables();
  console.log(`A small Aegir listens on ${host}:${port}. It knows ${clients.length} clients and ${sites.length} sites:

${clients.map((client) => `  ${client.internalName}: ${client.sites.join(", ") || "no site"}`).join("\n")}

${STACK_FILE} has its address. Type in another terminal, in this directory:

  export AEGIR_PRIVATE_KEY="$(cat ${keyFile})"
  export AEGIR_MAIN_ACCOUNTS_PRIVATE_KEY="$(cat ${accountsKeyFile})"
  npx aegir-access doctor --stack try
  npx aegir-access plan stacks/access.yaml --stack try

and with the Pulumi CLI:

  rm -rf .state && mkdir .state
  export PULUMI_BACKEND_URL=file://.state PULUMI_CONFIG_PASSPHRASE=try
  pulumi stack init try
  pulumi up

BOA's password files are in /users:

  sftp -P ${port} -i ${accountsKeyFile} ${accounts.user}@${host}

Ctrl-C ends it. What happens:
`);
  introduced = true;

  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  await aegir.stop();
  rmSync(directory, { recursive: true });
}

/** What Pulumi has written there stays. */
function configure(server: object): void {
  const document = parseDocument(existsSync(STACK_FILE) ? readFileSync(STACK_FILE, "utf8") : "config: {}\n");
  document.setIn(["config", "aegir:servers"], document.createNode({ main: server }));
  writeFileSync(STACK_FILE, document.toString());
}

main().catch((error: Error) => {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
});
