/** Rows 42 to 50 of the fault matrix: bad or hostile input. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { parseServers } from "../../provider/aegir/ServerConfiguration";
import { ManifestError, parseManifest } from "../../provider/manifest";
import { shellAccountName } from "../../provider/naming/ShellAccountName";
import { normalizeDomain } from "../../provider/naming/SiteDomain";
import type { ServerFacts } from "../../provider/worker/facts";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import { workerSource } from "../../provider/worker/source";
import { aegirAccess } from "../cli/command";
import { client } from "../scenarios/Scenario";
import { frame, NOW, ScriptedServer, workerInput, type WorkerRequest } from "../ssh/ScriptedServer";
import { PlainFiles } from "../support/PlainClient";
import { runs, seed } from "../support/random";
import { access, eachFaultRun } from "./FaultRun";
import { InProcessProvider, type ResourceType, type Values } from "./Provider";

/** Texts that mean something to a shell, to PHP, to SQL, to Drush or to a terminal. */
const hostile = [
  "'; touch /tmp/aegir-canary; '",
  '"; touch /tmp/aegir-canary; "',
  "$(touch /tmp/aegir-canary)",
  "`touch /tmp/aegir-canary`",
  "a\\nb",
  "Robert'); DROP TABLE node;--",
  "<?php system('touch /tmp/aegir-canary'); ?>",
  "'); system('touch /tmp/aegir-canary'); //",
  "{$x} ${x} %s %n :uid",
  'O:8:"stdClass":0:{}',
  "--root=/tmp",
  "-h",
  "@self",
  "../../etc/passwd",
  "/etc/passwd",
  "line\nfeed",
  "nul\0byte",
  "tab\there",
  "\u202egnp.exe",
];

/** Every input of every type in which a program writes free text. */
const texts: [ResourceType, (text: string) => Values][] = [
  ["AegirClient", (name) => ({ name, internalName: "nova" })],
  ["AegirClient", (internalName) => ({ name: "Nova Ltd", internalName })],
  ["AegirClient", (email) => ({ name: "Nova Ltd", internalName: "nova", email })],
  ["SiteOwnership", (site) => ({ site, client: "nova" })],
  ["SiteOwnership", (client) => ({ site: "www.nova.example", client })],
  ["SiteOwnership", (takeOverFrom) => ({ site: "www.nova.example", client: "nova", takeOverFrom })],
  ["ClientUserBinding", (user) => ({ client: "nova", user, createUser: { email: "it@nova.example" } })],
  ["ClientUserBinding", (client) => ({ client, user: "alice" })],
  ["ShellAccount", (client) => ({ client })],
];

const admin = { nid: 1, internalName: "admin", name: "admin" };
const facts: ServerFacts = {
  ...{ protocol: 1, php: "8", drush: "8", drupal: "7", hosting: "3", clientsDirectory: "/", clientPrefix: "" },
  ...{ defaultClient: admin, adminClient: admin, defaultClientNid: 1, adminClientNid: 1 },
  ...{ registersUsers: false, sendsWelcomeMail: false, user: "aegir", home: "/var/aegir" },
};

/** A worker that refuses everything, and all that reached it: command lines, sources, requests. */
async function recording() {
  const requests: WorkerRequest[] = [];
  const sources = new Set<string>();
  const server = await ScriptedServer.start({
    onExec: (channel) =>
      workerInput(channel, (request, marker, source) => {
        sources.add(source);
        requests.push(request);
        const { id, verb } = request;
        const error = { code: "internal", message: "no", detail: {}, fatal: false };
        channel.write(
          frame(marker, { id, now: NOW, ...(verb === "hello" ? { ok: true, result: facts } : { ok: false, error }) }),
        );
      }),
  });
  const args = server.args();
  const servers = { main: { connection: args, accounts: { instance: "o1", connection: args } } };
  return { server, servers, requests, sources };
}

describe("hostile input", () => {
  const faultRun = eachFaultRun();
  const problems = (run: { failures: { reason: string }[] }) => run.failures.map(({ reason }) => reason).join(" ");

  for (const [row, what, chosen] of [
    [42, "what a shell or a database would act on", hostile.slice(0, 6).concat(hostile.slice(15))],
    [43, "PHP", hostile.slice(6, 10)],
    [44, "options and aliases", hostile.slice(10, 13)],
  ] as [number, string, string[]][]) {
    it(`row ${row}: a name that holds ${what} is refused, or is data in a request and nothing else`, async () => {
      const { server, servers, requests, sources } = await recording();
      const provider = await InProcessProvider.start(servers);
      try {
        for (const text of chosen) {
          for (const [type, inputsOf] of texts) {
            const { inputs, failures } = await provider.check(type, inputsOf(text));
            if (failures.length > 0) continue;
            const before = requests.length;
            await assert.rejects(provider.create(type, inputs));
            const sent = requests.slice(before).filter(({ verb }) => verb !== "hello");
            const wanted = type === "SiteOwnership" ? normalizeDomain(text) : text;
            assert.ok(
              sent.some(({ args }) => strings(args).some((value) => value === text || value === wanted)) ||
                type === "SiteOwnership",
              `${text} of ${type} is sent as it is`,
            );
          }
        }
      } finally {
        await provider.end();
        await server.stop();
      }
      assert.ok(requests.length > 1, "some of it was sent");
      assert.deepEqual(
        [...new Set(server.commands)].filter((line) => line !== `drush @hostmaster ${WORKER_ARGUMENTS}`),
        [],
      );
      assert.deepEqual(
        [...sources].filter((source) => source !== workerSource()),
        [],
      );
    });
  }

  it(`row 42: whatever text a client's name is, it is refused, or stored letter by letter, or nothing is (seed ${seed})`, async () => {
    const t = faultRun();
    const provider = await InProcessProvider.start(t.configuration());
    const inputs = { name: "Nova Ltd", internalName: "nova", server: "main" };
    const { id, properties } = await provider.create("AegirClient", inputs);
    const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 30 }), fc.constantFrom(...hostile));
    await fc.assert(
      fc.asyncProperty(text, async (name) => {
        const { inputs: news, failures } = await provider.check("AegirClient", { ...inputs, name });
        if (failures.length > 0) return;
        // An emoji does not fit into a column of MySQL's utf8, which Drupal 7 has.
        const fits = !/[\u{10000}-\u{10ffff}]/u.test(name);
        const updating = provider.update("AegirClient", id, properties, news);
        if (fits) properties["name"] = (await updating)["name"];
        else await assert.rejects(updating, { message: /1366 .*Nothing was changed/ });
        const stored = t.aegir.tables().clients.find(({ internalName }) => internalName === "nova");
        assert.equal(stored?.name, fits ? name : properties["name"]);
      }),
      // Whatever was stored before stays, so there is nothing to shrink.
      { ...runs(100), endOnFailure: true },
    );
    await provider.end();
    t.stack.declared = [client("nova", "Nova Ltd", { onExisting: "adopt" })];
    await t.check();
    assert.ok(!existsSync("/tmp/aegir-canary"));
  });

  it("row 44: an option or an alias of the configuration cannot hold another command", () => {
    const connection = { host: "aegir.example", user: "aegir", hostKey: `SHA256:${"A".repeat(43)}` };
    for (const drush of [
      { command: "drush; touch /tmp/aegir-canary" },
      { command: "drush $(id)" },
      { command: "drush\nid" },
      { alias: "--root=/tmp" },
      { alias: "@a;id" },
    ]) {
      assert.throws(() => parseServers(JSON.stringify({ main: { connection, drush } })), /aegir:servers\.main\.drush/);
    }
  });

  it("row 45: no name leads out of the directory of password files", async () => {
    const t = faultRun();
    const provider = await InProcessProvider.start(t.configuration());
    for (const name of ["../../etc/passwd", "/etc/passwd", "..", "a/b", "a\\b", "%2e%2e"]) {
      assert.notEqual(problems(await provider.check("ShellAccount", { client: name })), "");
      assert.match(shellAccountName("o1", name), /^o1\.[a-z0-9]*$/);
    }
    await provider.end();
  });

  it("row 45: a link in the place of a password file is not followed", async () => {
    const t = faultRun();
    await t.expectUp();
    // A single word, which would pass for a password and come to lie in the state.
    t.aegir.linkPasswordFile("o1.nova", "/home/o1.ftp/users/o1.acme");
    const run = await t.refresh();
    assert.match(t.notLookedAt(run)[0]!, /o1\.nova is not a regular file but a link, and was not read/);
    t.stack.declared = access({ rotation: "2" });
    const rotating = await t.up();
    assert.equal(rotating.ok, false);
    const files = await PlainFiles.open(t.aegir.accounts);
    await files.unlink("/users/o1.nova");
    files.close();
    await t.check(rotating);
  });

  it("row 46: names that only look different are one name, and what deceives the eye is refused", async () => {
    const t = faultRun();
    const provider = await InProcessProvider.start(t.configuration());
    const check = async (type: ResourceType, values: Values) => problems(await provider.check(type, values));
    for (const internalName of ["acme-inc", "acme.inc", "Acme", "a2345678901234567", "ａcme", "ac\u200bme"]) {
      assert.match(await check("AegirClient", { name: "Acme", internalName }), /Aegir would store|store ".*" instead/);
    }
    for (const name of ["Ac\u200bme", "\u202eacme", " Acme", "Ac\u0000me"]) {
      assert.notEqual(await check("AegirClient", { name, internalName: "acme" }), "", JSON.stringify(name));
    }
    for (const site of ["раураl.com", "аррӏе.com", "\u202eacme.example", "acme．example"]) {
      assert.notEqual(await check("SiteOwnership", { site, client: "acme" }), "", site);
    }
    const [one, other] = ["mu\u0308nchen.example", "MÜNCHEN.example"].map(normalizeDomain);
    assert.equal(one, other);
    await provider.end();
    const manifest = (...sites: string[]) =>
      `version: 1\nclients:\n  - { name: A, internalName: a, sites: [${sites.join(", ")}] }\n`;
    assert.throws(
      () => parseManifest(manifest("mu\u0308nchen.example", "MÜNCHEN.example"), "access.yaml"),
      ManifestError,
    );
    assert.throws(
      () =>
        parseManifest(
          "version: 1\nclients:\n  - { name: A, internalName: foo_bar }\n  - { name: B, internalName: foobar }\n",
          "access.yaml",
        ),
      /foobar/,
    );
  });

  it("row 47: no client gets a name that the server keeps for itself, and no login is another's", async () => {
    const t = faultRun();
    const provider = await InProcessProvider.start(t.configuration());
    for (const internalName of ["admin", "ftp", "web", "_", "www-data", "o1.ftp"]) {
      const { failures } = await provider.check("AegirClient", { name: "Acme", internalName });
      assert.notEqual(failures.length, 0, internalName);
    }
    // These are names of accounts, and no names of logins: every login begins with its instance.
    for (const name of ["root", "aegir", "o1"]) assert.equal(shellAccountName("o1", name), `o1.${name}`);
    await provider.end();
    const run = await t.up();
    assert.equal(run.ok, true);
    await t.check();
  });

  it("row 48: YAML that means something else than it seems to is refused, with file, line and caret", () => {
    const head = "version: 1\nclients:\n";
    const bomb = `a: &a [x]\n${Array.from({ length: 20 }, (_, i) => `b${i}: &b${i} [${`*${i ? `b${i - 1}` : "a"},`.repeat(9)}]`).join("\n")}\n`;
    for (const [what, text, message] of [
      ["a duplicate key", `${head}  - { name: A, internalName: a, name: B }\n`, /:3:\d+: .*twice/],
      ["an alias bomb", `${head}${bomb}`, /access\.yaml:\d+:\d+/],
      ["no as a boolean", `${head}  - { name: no, internalName: a }\n`, /:3:\d+: /],
      ["a tab", `${head}\t- name: A\n`, /:3:1: .*tab/],
      ["50 MB", `${head}${"# x\n".repeat(13_000_000)}`, /:1:1: .*more than the 2097152 bytes/],
    ] as const) {
      assert.throws(
        () => parseManifest(text, "access.yaml"),
        (error: Error) => {
          assert.ok(error instanceof ManifestError, what);
          assert.match(error.message, message, what);
          assert.match(error.message, /\n.*\^/, what);
          return true;
        },
      );
    }
  });

  it("row 48: what has more bytes than a manifest may have is not read whole, wherever it lies", async () => {
    const directory = mkdtempSync(join(tmpdir(), "aegir-manifest-"));
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@x.example", ...args], {
        cwd: directory,
        stdio: "ignore",
      });
    try {
      symlinkSync("/dev/zero", join(directory, "endless.yaml"));
      writeFileSync(join(directory, "good.yaml"), "version: 1\nclients: []\n");
      writeFileSync(join(directory, "large.yaml"), "# x\n".repeat(800_000));
      git("init");
      git("add", "large.yaml", "good.yaml");
      git("commit", "-m", "x");
      for (const command of [
        ["lint", "endless.yaml"],
        ["lint", "large.yaml"],
        ["review", "good.yaml", "endless.yaml"],
        ["review", "HEAD", "HEAD", "--manifest", "large.yaml"],
      ]) {
        const { stdout, stderr } = await aegirAccess(command, { cwd: directory });
        assert.match(
          stdout + stderr,
          /:1:1: The file has more than the 2097152 bytes that are allowed/,
          command.join(" "),
        );
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("row 49: a file that was emptied by mistake removes no access, and the server's own clients stay", async () => {
    for (const text of ["", "# nothing\n", "version: 1\n", "version: 1\nclients:\n"]) {
      assert.throws(() => parseManifest(text, "access.yaml"), ManifestError);
    }
    const t = faultRun();
    const provider = await InProcessProvider.start(t.configuration());
    for (const { internalName, name, nid } of t.aegir
      .tables()
      .clients.filter(({ internalName }) => /^(admin|octopus)/.test(internalName))) {
      const state = { internalName, name, nid, server: "main", stateVersion: 1, panelUser: null };
      await assert.rejects(provider.delete("AegirClient", `client:${internalName}`, state), {
        message: /is the server's (default owner|admin client)/,
      });
    }
    await provider.end();
    await t.check();
  });

  it("row 50: all problems of a manifest are in one report", () => {
    const text = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example, WWW.acme.example]
    users: [alice, Alice]
  - name: Beta GmbH
    internalName: beta
    sites: [{ site: www.acme.example, takeOverFrom: beta }]
`;
    assert.throws(
      () => parseManifest(text, "access.yaml"),
      (error: Error) => {
        assert.ok(error instanceof ManifestError);
        for (const place of ["5:31", "6:20", "9:"]) {
          assert.ok(error.message.includes(`access.yaml:${place}`), error.message);
        }
        return true;
      },
    );
  });
});

/** Every text in a value, at whatever depth. */
function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}
