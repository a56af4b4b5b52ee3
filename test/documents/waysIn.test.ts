/** What the pages on the ways in show is true: configurations, command lines, and what doctor prints. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { drushLine } from "../../provider/aegir/drushLine";
import { parseServers, type ServerConfiguration, SERVERS_KEY } from "../../provider/aegir/ServerConfiguration";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import { fullSeed } from "../aegir/seed";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { aegirAccess } from "../cli/command";
import { codeBlocks } from "./codeBlocks";

const docs = join(__dirname, "..", "..", "provider", "docs");

/** The small Aegir that each page's doctor looks at. */
const pages: Record<string, SmallAegirOptions> = {
  "plain-aegir.md": { flavour: "upstream" },
  "boa.md": { user: "deploy", owner: "o1", seed: fullSeed },
  "hosted-boa.md": { seed: fullSeed },
};

for (const [page, options] of Object.entries(pages)) {
  describe(`provider/docs/${page}`, () => {
    const blocks = codeBlocks(join(docs, page));
    const of = (wanted: string) =>
      blocks.filter(({ language }) => language.startsWith(wanted)).map(({ text }) => text.trimEnd());
    const configurations = of("yaml").map((block): ServerConfiguration => {
      const { config } = parse(block) as { config: Record<string, unknown> };
      return parseServers(JSON.stringify(config[SERVERS_KEY]))["main"]!;
    });

    it(`${page}: shows valid configurations`, () => assert.ok(configurations.length > 0));

    it(`${page}: binds keys to exactly the command lines of its configurations`, () => {
      const lines = configurations.flatMap(({ connection, drush }) => {
        if (!connection) return [];
        const line = drushLine(connection.user, drush, `${drush.alias} ${WORKER_ARGUMENTS}`);
        const fromRoot = drushLine("root", drush, `${drush.alias} ${WORKER_ARGUMENTS}`);
        return drush.runAs === "o1" ? [line, fromRoot] : [line];
      });
      const bound = of("authorized_keys").flatMap((block) => {
        assert.match(block, /^restrict,command="(?:[^"\\]|\\")*" ssh-ed25519 AAAA\.\.\. \S+$/);
        const command = /command="((?:[^"\\]|\\")*)"/.exec(block)![1]!.replaceAll('\\"', '"');
        // Both quotings give su the same words.
        return command.startsWith("internal-sftp ")
          ? []
          : command.replace(/-c '(.*)'$/, (_, words: string) => `-c "${words.replaceAll('"', '\\"')}"`);
      });
      assert.deepEqual(bound.sort(), lines.sort());
    });

    it(`${page}: allows exactly the sudo commands that are used`, () => {
      const asked = configurations.filter(({ drush }) => drush.runAs !== undefined);
      const rules = of("sudoers");
      assert.equal(rules.length, asked.length);
      for (const [index, { connection, drush }] of asked.entries()) {
        const [, login, runAs, path, args] = /^(\w+) ALL=\((\w+)\) NOPASSWD: (\S+) (.*)$/.exec(rules[index]!)!;
        assert.deepEqual([login, runAs], [connection!.user, drush.runAs]);
        assert.ok(path!.endsWith(`/${drush.command}`), path);
        // sudo compares words, without the quotes that the shell has taken away.
        assert.equal(args!.replaceAll("\\=", "="), `${drush.alias} ${WORKER_ARGUMENTS}`.replaceAll('"', ""));
      }
    });

    it(`${page}: shows what doctor prints`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "aegir-docs-"));
      const aegir = await SmallAegir.start(options);
      // A server whose queue has run before, however soon it is asked.
      aegir.panel.setVariable("hosting_queue_tasks_last_run", Math.floor(Date.now() / 1000) - 12);
      try {
        const { connection, accounts, ...rest } = aegir.configuration();
        const shown = configurations.at(-1)!;
        const main = { ...rest, ...(shown.connection && { connection }), ...(shown.accounts && { accounts }) };
        const file = join(directory, "servers.json");
        writeFileSync(file, JSON.stringify({ main }));
        const { exitCode, stdout } = await aegirAccess(["doctor", "--config", file]);
        assert.equal(exitCode, 0, stdout);
        const { host } = (shown.connection ?? shown.accounts?.connection)!;
        const normal = (output: string) =>
          output
            .replace(/SHA256:\S{43}/g, "SHA256:...")
            .replaceAll(`127.0.0.1:${connection.port}`, `${host}:22`)
            .replaceAll(" (small Aegir)", "")
            .replace(/last\s+run\s+\d+\s+s/g, "last run N s")
            .replace(/\s+/g, " ")
            .trim();
        assert.equal(normal(of("doctor")[0]!), normal(stdout));
      } finally {
        await aegir.stop();
        rmSync(directory, { recursive: true });
      }
    });
  });
}
