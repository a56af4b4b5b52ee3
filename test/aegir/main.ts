/**
 * `npm run aegir`: a small Aegir to try a stack against, until Ctrl-C. Paced as a BOA server is (a task a minute, the
 * account cron every three), with a clock that runs 60 times as fast.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { fullSeed } from "./seed";
import { printable } from "../../provider/text/printable";
import { INSTANCE, SmallAegir } from "./SmallAegir";

/** Seconds of the server's clock. */
const BOA_PACE = { queue: { everySeconds: 60, taskSeconds: 20 }, cronSeconds: 180 };

async function main(): Promise<void> {
  let introduced = false;
  const report = (line: string) =>
    introduced && console.log(`${new Date().toISOString().slice(11, 19)} ${printable(line, 1000)}`);
  const aegir = await SmallAegir.start({ ...BOA_PACE, seed: fullSeed, report });
  const directory = mkdtempSync(join(tmpdir(), "small-aegir-"));
  const keyFile = join(directory, "aegir.key");
  const accountsKeyFile = join(directory, "accounts.key");
  writeFileSync(keyFile, aegir.drush.privateKey, { mode: 0o600 });
  writeFileSync(accountsKeyFile, aegir.accounts.privateKey, { mode: 0o600 });

  const { drush, accounts } = aegir;
  const { port, host, hostKey } = drush;
  const withoutKey = ({ user }: typeof drush) => ({ host, port, user, hostKey });
  const small = {
    connection: withoutKey(drush),
    accounts: { instance: INSTANCE, connection: withoutKey(accounts) },
    waits: { pollSeconds: 1 },
  };
  const { clients, sites } = aegir.tables();
  console.log(`A small Aegir listens on ${host}:${port}. It knows ${clients.length} clients and ${sites.length} sites:

${clients.map((client) => `  ${client.internalName}: ${client.sites.join(", ") || "no site"}`).join("\n")}

    sftp -P ${port} -i ${accountsKeyFile} ${accounts.user}@${host}    # password files are in /users

For a stack's Pulumi.<stack>.yaml:

${stringify({ config: { "aegir:servers": { small } } })}
and for the shell that runs it:

export AEGIR_SMALL_PRIVATE_KEY="$(cat ${keyFile})"
export AEGIR_SMALL_ACCOUNTS_PRIVATE_KEY="$(cat ${accountsKeyFile})"

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

void main();
