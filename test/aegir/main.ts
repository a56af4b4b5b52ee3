/**
 * `npm run aegir`: a small Aegir to try a stack against, until Ctrl-C. Paced as a BOA server is (a task a minute, the
 * account cron every three), with a clock that runs 60 times as fast.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { fullSeed } from "./seed";
import { SmallAegir } from "./SmallAegir";

/** Seconds of the server's clock. */
const BOA_PACE = { queue: { everySeconds: 60, taskSeconds: 20 }, cronSeconds: 180 };

async function main(): Promise<void> {
  let introduced = false;
  const report = (line: string) => introduced && log(line);
  const aegir = await SmallAegir.start({ ...BOA_PACE, seed: fullSeed, report });
  const directory = mkdtempSync(join(tmpdir(), "small-aegir-"));
  const keyFile = join(directory, "aegir.key");
  const accountsKeyFile = join(directory, "accounts.key");
  writeFileSync(keyFile, aegir.drush.privateKey, { mode: 0o600 });
  writeFileSync(accountsKeyFile, aegir.accounts.privateKey, { mode: 0o600 });

  const { host, port, user, hostKey } = aegir.drush;
  const accounts = aegir.accounts;
  const login = (name: string) => ({ host, port, user: name, hostKey });
  const configuration = {
    config: {
      "aegir:servers": {
        small: {
          connection: login(user),
          accounts: { instance: "o1", connection: login(accounts.user) },
          waits: { pollSeconds: 1 },
        },
      },
    },
  };
  const { clients, sites } = aegir.tables();
  const byOwner = clients.map(
    ({ internalName, sites: owned }) => `  ${internalName}: ${owned.join(", ") || "no site"}`,
  );
  console.log(`A small Aegir listens on ${host}:${port}. It knows ${clients.length} clients and ${sites.length} sites:

${byOwner.join("\n")}

Host key      ${hostKey}
Drush login   ${user}, private key in ${keyFile}
Account login ${accounts.user}, private key in ${accountsKeyFile}

    sftp -P ${port} -i ${accountsKeyFile} ${accounts.user}@${host}    # password files are in /users

For a stack's Pulumi.<stack>.yaml:

${stringify(configuration)}
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

/** What came in over the wire is not for the terminal to act on. */
function log(line: string): void {
  const shown = line.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  console.log(`${new Date().toISOString().slice(11, 19)} ${shown}`);
}

void main();
