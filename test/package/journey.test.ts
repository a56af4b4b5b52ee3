/** What the README and the tutorials promise to a user who has only the packed package, from `init` to the nightly audit. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { SmallAegir } from "../aegir/SmallAegir";
import { aegirAccess } from "../cli/command";
import type { Engine } from "../engine/Engine";
import { runStep, type Workflow } from "../examples/githubWorkflow";
import { PipelineRun } from "../examples/PipelineRun";
import { onEveryEngine } from "../scenarios/everyEngine";
import { sitesSeenBy, textsBelow } from "../scenarios/Scenario";
import { foundIn } from "../support/canary";
import { cleaningUp } from "../support/cleaningUp";
import { installPacked, linkPackages, readPackage } from "./packed";
import { pack } from "./toolchains";

const people = ["alice", "bob", "carol", "dave"];

/** A server whose access was set up by hand in the panel. */
async function clickedTogether(): Promise<SmallAegir> {
  const aegir = await SmallAegir.start({ user: "root", owner: "o1" });
  const { panel } = aegir;
  for (const name of people) panel.addUser({ name });
  panel.addClient({ name: "Acme Corp", internalName: "acme" });
  panel.addClient({ name: "Beta GmbH", internalName: "beta" });
  for (const user of ["alice", "bob"]) panel.bind("acme", user);
  for (const user of ["bob", "carol"]) panel.bind("beta", user);
  aegir.addSites([
    { site: "shop.acme.example", owner: "acme" },
    { site: "www.acme.example", owner: "acme" },
    { site: "www.beta.example", owner: "beta" },
  ]);
  return aegir;
}

/** The pull request: a site moves, bob leaves Acme, and dave joins Beta until a last day. */
function edited(manifest: string): string {
  return manifest
    .replace("      - shop.acme.example\n", "")
    .replace("      - bob\n", "")
    .replace("      - www.beta.example\n", "$&      - shop.acme.example\n")
    .replace("      - carol\n", "$&      - { name: dave, expires: 2099-12-31, reason: relaunch }\n");
}

const afterwards = {
  owners: { "shop.acme.example": "beta", "www.acme.example": "acme", "www.beta.example": "beta" },
  panel: {
    alice: ["www.acme.example"],
    bob: ["shop.acme.example", "www.beta.example"],
    carol: ["shop.acme.example", "www.beta.example"],
    dave: ["shop.acme.example", "www.beta.example"],
  },
  logins: { "o1.acme": ["www.acme.example"], "o1.beta": ["shop.acme.example", "www.beta.example"] },
};

/** Who reaches what: from the server's own tables, and by logging in. */
async function reach(aegir: SmallAegir): Promise<typeof afterwards> {
  const { passwordFiles, sites } = aegir.tables();
  const owners = sites.filter(({ site }) => site in afterwards.owners).map(({ site, owner }) => [site, owner]);
  const logins = Object.keys(afterwards.logins).map(async (login) => {
    return [login, await sitesSeenBy(aegir, login, passwordFiles[login]!.trimEnd())];
  });
  return {
    owners: Object.fromEntries(owners),
    panel: Object.fromEntries(people.map((name) => [name, aegir.panel.sitesOf(name).sort()])),
    logins: Object.fromEntries(await Promise.all(logins)),
  } as typeof afterwards;
}

/** What `npm install` does in a project that `init` has made. */
function installProject(tarball: string, project: string): void {
  const { dependencies, devDependencies } = readPackage(project);
  const { "pulumi-aegir": own, ...others } = { ...dependencies, ...devDependencies };
  assert.ok(own, "the project asks for the package");
  installPacked(tarball, project);
  linkPackages(Object.keys(others), project);
}

/** Makes `pulumi` the command of this engine. */
function usePulumiOf({ kind }: Engine, runner: PipelineRun): void {
  if (kind === "cli") return;
  const preloaded = ["../engine/lazyModules.js", "sucrase/register/ts"].flatMap((name) => [
    "--require",
    require.resolve(name),
  ]);
  const command = [process.execPath, ...preloaded, require.resolve("../engine/pulumi.ts")];
  runner.stand("pulumi", `exec ${command.map((argument) => `"${argument}"`).join(" ")} "$@"`);
}

onEveryEngine(
  "The first afternoon with the packed package",
  (engine) => {
    const later = cleaningUp();

    it("the packed package: init, adoption with 0 writes, a reviewed pull request, its deployment, nightly audit and repair", async () => {
      const begun = performance.now();
      const aegir = await clickedTogether();
      later(() => aegir.stop());
      const directory = mkdtempSync(join(realpathSync(tmpdir()), "aegir-journey-"));
      later(() => rmSync(directory, { recursive: true }));
      const tarball = pack(directory);
      const before = aegir.digest();
      const { host, port, user, hostKey, privateKey } = aegir.drush;

      // npx pulumi-aegir init access
      const npx = join(directory, "npx");
      installPacked(tarball, npx);
      const empty = join(directory, "empty");
      mkdirSync(empty);
      const server = ["--host", host, "--user", user, "--port", String(port), "--host-key", hostKey];
      const pipelines = ["--ci", "github", "--owner", "@acme/platform"];
      const made = await aegirAccess(["init", "access", ...server, "--instance", "o1", ...pipelines], {
        cwd: empty,
        environment: { AEGIR_PRIVATE_KEY: privateKey },
        command: join(npx, "node_modules", "pulumi-aegir", "dist", "cli", "main.js"),
      });
      assert.equal(made.exitCode, 0, made.stdout + made.stderr);

      const project = join(empty, "access");
      installProject(tarball, project);
      const runner = new PipelineRun(project);
      later(() => runner.remove());
      usePulumiOf(engine(), runner);
      const state = join(directory, "state");
      mkdirSync(state);
      const secrets = {
        AEGIR_PRIVATE_KEY: privateKey,
        PULUMI_BACKEND_URL: pathToFileURL(state).href,
        PULUMI_CONFIG_PASSPHRASE: "passphrase of the journey",
      };
      const adopted = await runner.bash("pulumi stack init production && pulumi up --yes", secrets);
      assert.equal(adopted.code, 0, adopted.output);
      // Eleven resources, the stack itself, and the one that represents all access.
      assert.match(adopted.output, /\+ 13 created/);
      assert.equal(aegir.counts.writes, 0);
      assert.equal(aegir.digest(), before);

      runner.git("init", "-q", "-b", "main");
      runner.git("remote", "add", "origin", ".");
      runner.git("add", "--all");
      runner.git("commit", "-q", "-m", "Access as found");
      runner.git("checkout", "-q", "-b", "change");
      runner.commit(edited(runner.read("access.yaml")));
      const head = runner.git("rev-parse", "HEAD");
      // As GitHub makes it for a pull request.
      runner.git("checkout", "-q", "--detach", "main");
      runner.git("merge", "-q", "--no-ff", "-m", "Merge", "change");
      runner.git("update-ref", "refs/pull/7/merge", "HEAD");

      const step = (workflow: string, title: string, env: Record<string, string> = {}) =>
        runStep(runner, parse(runner.read(`.github/workflows/access-${workflow}.yml`)) as Workflow, title, env);
      for (const check of ["Lint", "Review"]) {
        const { code, output } = await step("review", check);
        assert.equal(code, 0, output);
      }
      runner.git("checkout", "-q", "main");
      // What it prints is the number of the pull request.
      runner.stand("gh", "echo 7");
      const commented = await step("comment", "Review", { HEAD_SHA: head });
      assert.equal(commented.code, 0, commented.output);
      const comment = runner.read("review.md");
      for (const line of [
        /^- `alice` and the shell login `o1\.acme` lose `shop\.acme\.example`/m,
        /^- `bob` loses `www\.acme\.example`/m,
        /^- `carol` and the shell login `o1\.beta` gain `shop\.acme\.example`/m,
        /^- `dave` gains `www\.beta\.example`.* until `2099-12-31`/m,
      ]) {
        assert.match(comment, line);
      }

      runner.git("merge", "-q", "--ff-only", "refs/pull/7/merge");
      const deploy = async () => {
        const { code, output } = await step("deploy", "Deploy", secrets);
        assert.equal(code, 0, output);
        assert.deepEqual(await reach(aegir), afterwards);
      };
      const audit = async (expected: number) => {
        const { code, output } = await step("deploy", "Audit", { AEGIR_PRIVATE_KEY: privateKey });
        assert.equal(code, expected, output);
        return output;
      };
      await deploy();
      await audit(0);

      aegir.panel.setOwner("www.beta.example", "Acme Corp");
      aegir.runQueue();
      assert.match(
        await audit(1),
        /^- site:www\.beta\.example is not as declared.* A stack that manages this site moves it/m,
      );
      await deploy();
      await audit(0);

      assert.deepEqual(foundIn(textsBelow(directory), aegir.secrets()), [], "no secret is in a file in the clear");
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      console.log(`        the first afternoon took ${seconds} s on the ${engine().name}`);
    });
  },
  5,
);
