/** What a user does after `aegir-access init`: the project compiles, and its deployment adopts the server without a write. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { fullSeed } from "../aegir/seed";
import { typeProblems } from "../documents/typeProblems";
import { onEveryEngine } from "../scenarios/everyEngine";
import { expectOk } from "../scenarios/Scenario";
import { skip } from "../support/skip";
import { Server } from "./Server";

const root = join(__dirname, "..", "..");

let server: Server;
const at = (...path: string[]) => join(server.directory, ...path);

async function start(): Promise<void> {
  server = await Server.start({ seed: fullSeed, user: "root", owner: "o1" });
  const { host, port, user, hostKey } = server.aegir.drush;
  const place = ["--host", `${user}@${host}:${port}`, "--host-key", hostKey, "--instance", "o1"];
  const { exitCode, stdout, stderr } = await server.run("init", "access", ...place);
  assert.equal(exitCode, 0, stdout + stderr);
  // What `npm install` does.
  symlinkSync(join(root, "node_modules"), at("access", "node_modules"), "junction");
}

onEveryEngine("the project that init makes", (engine) => {
  afterEach(() => server.stop());

  it("init: its project compiles, and its first deployment adopts the server with 0 writes", async () => {
    await start();
    assert.deepEqual(typeProblems([at("access", "index.ts")]), []);
    const { config } = parse(readFileSync(at("access", "Pulumi.production.yaml"), "utf8")) as {
      config: Record<string, object>;
    };
    mkdirSync(at("state"));
    const stack = await engine().open({
      projectDirectory: at("access"),
      stack: "production",
      stateDirectory: at("state"),
      passphrase: "passphrase of init",
      config: Object.fromEntries(Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)])),
      env: { AEGIR_PRIVATE_KEY: server.aegir.drush.privateKey, PULUMI_NODEJS_TRANSPILE_ONLY: "true" },
    });
    const before = server.aegir.digest();
    const adopted = expectOk(await stack.up());
    assert.deepEqual(Object.keys(adopted.changes).sort(), ["create", "read"]);
    assert.ok(adopted.changes.create! > 10, adopted.output);
    const again = expectOk(await stack.up());
    assert.deepEqual(Object.keys(again.changes).sort(), ["read", "same"]);
    assert.equal(server.aegir.counts.writes, 0);
    assert.equal(server.aegir.digest(), before);
  });
});

describe("provider/templates/project", () => {
  before(function () {
    const { status } = spawnSync("pulumi", ["version"], { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } });
    if (status !== 0) skip(this, "what runs on the Pulumi CLI", "npm install --global pulumi");
  });
  afterEach(() => server.stop());

  it("`pulumi new` makes the same project of it as init, which then adds what needs a server", async () => {
    await start();
    const template = join(root, "provider", "templates", "project");
    const { status, stderr } = spawnSync(
      "pulumi",
      ["new", template, "--generate-only", "--yes", "--offline", "--name", "access", "--dir", at("new")],
      { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_HOME: at("home") }, encoding: "utf8" },
    );
    assert.equal(status, 0, stderr);
    const text = (project: string, file: string) => readFileSync(at(project, file), "utf8");
    const files = readdirSync(template).map((each) => each.replace("${DESCRIPTION}", ""));
    assert.ok(files.includes(".gitignore"));
    for (const file of files.filter((each) => each !== "Pulumi.yaml")) {
      assert.equal(text("new", file), text("access", file), file);
    }
    // It writes down the package manager and the template as well.
    const { name, description, runtime } = parse(text("new", "Pulumi.yaml"));
    const made = parse(text("access", "Pulumi.yaml"));
    assert.deepEqual({ name, description, runtime: { ...runtime, options: made.runtime.options } }, made);

    const { host, port, user, hostKey } = server.aegir.drush;
    const place = ["--host", `${user}@${host}:${port}`, "--host-key", hostKey, "--instance", "o1"];
    const { exitCode, stdout } = await server.run("init", "new", ...place, "--json");
    assert.equal(exitCode, 0, stdout);
    const initialized = JSON.parse(stdout) as { files: { path: string; outcome: string }[] };
    assert.deepEqual(
      initialized.files.filter(({ outcome }) => outcome === "written").map(({ path }) => path),
      ["Pulumi.production.yaml", "access.yaml"],
    );
  });
});
