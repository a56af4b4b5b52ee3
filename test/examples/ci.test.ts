/**
 * The workflows that a user copies, and this project's own: what they may do; and the scripts of the former, run as a runner
 * runs them, with the compiled command and with stand-ins for GitHub's and Pulumi's own programs.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { runStep, stepsOf as stepsIn, type Workflow } from "./githubWorkflow";
import { manifest, PipelineRun } from "./PipelineRun";

const root = join(__dirname, "..", "..");

const files = ["access-review.yml", "access-comment.yml", "access-deploy.yml"];
const textOf = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
const own = "this project's ci.yml";
const texts = new Map([
  ...files.map((file) => [file, textOf("provider", "templates", "github", ".github", "workflows", file)] as const),
  [own, textOf(".github", "workflows", "ci.yml")] as const,
]);
const workflows = new Map([...texts].map(([file, text]) => [file, parse(text) as Workflow]));
const stepsOf = (file: string) => stepsIn(workflows.get(file)!);

describe("The workflows for GitHub, and this project's own", () => {
  for (const [file, text] of texts) {
    it(`${file} pins every action by commit, says its version, and puts nothing from outside into a script`, () => {
      const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, action]) => action!);
      assert.ok(file === "access-comment.yml" || uses.length >= 2);
      for (const action of uses) assert.match(action, /^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      for (const { run } of stepsOf(file)) assert.doesNotMatch(run ?? "", /\$\{\{/);
      for (const { container } of Object.values(workflows.get(file)!.jobs)) {
        if (container !== undefined) assert.match(container, /@sha256:[0-9a-f]{64}$/);
      }
    });
  }

  it("never run on pull_request_target, and let nothing write but the job that comments, which has no checkout", () => {
    for (const [file, { on, permissions, jobs }] of workflows) {
      assert.ok(!("pull_request_target" in on));
      for (const [name, job] of Object.entries(jobs)) {
        const writes = Object.values({ ...permissions, ...job.permissions }).includes("write");
        assert.equal(writes, file === "access-comment.yml" && name === "comment");
        if (writes) assert.ok(job.steps.every(({ uses }) => uses === undefined));
      }
    }
    for (const file of ["access-review.yml", "access-comment.yml", own]) {
      assert.doesNotMatch(texts.get(file)!, /secrets\./);
    }
  });

  it("run every check of this project, and what its own machines cannot: advisories and signatures of dependencies", () => {
    const runs = stepsOf(own).flatMap(({ run }) => run ?? []);
    assert.deepEqual(runs, [".ci/run", "npm ci --ignore-scripts", "npm audit", "npm audit signatures"]);
  });

  describe("run as a runner runs them", () => {
    let runner: PipelineRun;
    beforeEach(() => (runner = new PipelineRun()));
    afterEach(() => runner.remove());
    const at = (file: string) => runner.at(file);
    const read = (file: string) => runner.read(file);
    const git = (...args: string[]) => runner.git(...args);

    /** A merge commit as GitHub makes it for a pull request: main first, then the pull request's head. */
    function pullRequest(base: string, head: string): string {
      git("init", "-q", "-b", "main");
      runner.commit(base);
      git("checkout", "-q", "-b", "change");
      runner.commit(head);
      const sha = git("rev-parse", "HEAD");
      git("checkout", "-q", "main");
      git("merge", "-q", "--no-ff", "-m", "Merge", "change");
      return sha;
    }

    const run = (file: string, step: string, env: Record<string, string> = {}) =>
      runStep(runner, workflows.get(file)!, step, env);

    it("a pull request is linted and reviewed in a summary, green if it is right and red if it is not", async () => {
      pullRequest(manifest("alice, bob"), manifest("alice"));
      assert.equal((await run("access-review.yml", "Lint")).code, 0);
      const { code, output } = await run("access-review.yml", "Review");
      assert.equal(code, 0, output);
      assert.match(read("summary.md"), /`bob` loses `www\.acme\.example`/);
      runner.commit(manifest("alice, alice"));
      assert.equal((await run("access-review.yml", "Lint")).code, 1);
      assert.equal((await run("access-review.yml", "Review")).code, 1);
      assert.match(read("summary.md"), /The manifest has problems/);
    });

    describe("a comment", () => {
      let sha: string;
      const env = () => ({
        ...{ GH_TOKEN: "token", REPOSITORY: "acme/access", HEAD_OWNER: "fork", HEAD_BRANCH: "change" },
        HEAD_SHA: sha,
      });

      beforeEach(() => {
        sha = pullRequest(manifest("alice, bob"), manifest("alice"));
        git("update-ref", "refs/pull/7/merge", "HEAD");
        git("remote", "add", "origin", runner.directory);
        git("reset", "-q", "--hard", "HEAD^1");
        runner.stand("gh", `echo "$@" >> "$DIRECTORY/gh.txt"; [ "$1 $2" = "api --method" ] && echo 7; exit 0`);
      });

      it("is made of the merge commit, as data: the work tree stays on main", async () => {
        const { code, output } = await run("access-comment.yml", "Review", env());
        assert.equal(code, 0, output);
        assert.match(read("gh.txt"), /repos\/acme\/access\/pulls -f state=open -f head=fork:change/);
        assert.match(read("review.md"), /^<!-- aegir-access review -->[^]*`bob` loses `www\.acme\.example`/);
        assert.match(read("review.md"), new RegExp(`\n<!-- reviewed ${sha} [0-9a-f]{16}\\.\\.[0-9a-f]{16} -->\n$`));
        assert.equal(read("output.txt"), "number=7\n");
        assert.equal(read("access.yaml"), manifest("alice, bob"));
      });

      it("is not made of a pull request that has a newer commit, or is closed", async () => {
        sha = "0".repeat(40);
        assert.match((await run("access-comment.yml", "Review", env())).output, /There is a newer commit/);
        runner.stand("gh", "exit 0");
        assert.match((await run("access-comment.yml", "Review", env())).output, /no open pull request/);
        assert.equal(read("output.txt"), "");
      });

      it("says so if the review could not be made", async () => {
        git("checkout", "-q", "refs/pull/7/merge");
        git("rm", "-q", "access.yaml");
        execFileSync("ln", ["-s", "/etc/passwd", at("access.yaml")]);
        git("add", "-A", "access.yaml");
        git("commit", "-q", "--amend", "-m", "Merge");
        git("update-ref", "refs/pull/7/merge", "HEAD");
        assert.equal((await run("access-comment.yml", "Review", env())).code, 0);
        assert.match(
          read("review.md"),
          /^<!-- aegir-access review -->[^]*could not be made:\n\n {4}access\.yaml is not a regular file/,
        );
      });

      it("is written once, and updated in place from then on", async () => {
        const posting = { GH_TOKEN: "token", REPOSITORY: "acme/access", RUN: "1", NUMBER: "7" };
        runner.stand(
          "gh",
          `echo "$@" >> "$DIRECTORY/gh.txt"; [ "$2" = "--paginate" ] && cat "$DIRECTORY/ids.txt"; exit 0`,
        );
        writeFileSync(at("ids.txt"), "");
        assert.equal((await run("access-comment.yml", "Comment", posting)).code, 0);
        assert.match(read("gh.txt"), /^run download 1 --repo acme\/access --name comment\n/);
        assert.match(
          read("gh.txt"),
          /^api --method POST repos\/acme\/access\/issues\/7\/comments -F body=@review\.md/m,
        );
        writeFileSync(at("ids.txt"), "11\n12\n");
        rmSync(at("gh.txt"));
        assert.equal((await run("access-comment.yml", "Comment", posting)).code, 0);
        assert.match(
          read("gh.txt"),
          /^api --method PATCH repos\/acme\/access\/issues\/comments\/11 -F body=@review\.md/m,
        );
        assert.doesNotMatch(read("gh.txt"), /POST/);
      });
    });

    describe("a push to the main branch", () => {
      const env = { GH_TOKEN: "token", REPOSITORY: "acme/access" };
      const head = "a".repeat(40);
      const checksum = "0123456789abcdef..fedcba9876543210";
      const found = async () => {
        rmSync(at("output.txt"), { force: true });
        const { code, output } = await run("access-deploy.yml", "Find the review", env);
        assert.equal(code, 0, output);
        return { checksum: /^checksum=(.*)\n$/.exec(read("output.txt"))?.[1], output };
      };

      beforeEach(() => {
        pullRequest(manifest("alice, bob"), manifest("alice"));
        git("commit", "-q", "--allow-empty", "-m", "Something else");
        runner.stand(
          "gh",
          `case "$*" in
             *"/commits/$(git rev-parse HEAD^)/pulls"*) [ -e "$DIRECTORY/comments.txt" ] && echo "7 ${head}";;
             *"/issues/7/comments"*) cat "$DIRECTORY/comments.txt";;
             *) exit 1;;
           esac`,
        );
      });

      it("is deployed with the checksum of the comment on the pull request that last changed the manifest", async () => {
        writeFileSync(at("comments.txt"), `Review\r\n<!-- reviewed ${head} ${checksum} -->\r\n`);
        const { checksum: given, output } = await found();
        assert.equal(given, checksum);
        assert.match(output, /^Compared with the review of pull request #7\.$/m);
        const deployment = { STACK: "production", AEGIR_PRIVATE_KEY: "key", AEGIR_EXPECT: checksum };
        runner.stand("pulumi", `echo "$AEGIR_EXPECT" > "$DIRECTORY/expected.txt"`);
        assert.equal((await run("access-deploy.yml", "Deploy", deployment)).code, 0);
        assert.equal(read("expected.txt"), `${checksum}\n`);
      });

      it("is not compared, and the summary says so, where no comment is about the commit that was merged", async () => {
        assert.equal((await found()).checksum, "", "the commit belongs to no pull request");
        writeFileSync(at("comments.txt"), `Review\n<!-- reviewed ${"b".repeat(40)} ${checksum} -->\n`);
        assert.equal((await found()).checksum, "", "the review is of an earlier commit");
        writeFileSync(at("comments.txt"), "");
        assert.equal((await found()).checksum, "", "there is no comment");
        assert.match(read("summary.md"), /^(No review of commit [0-9a-f]{40} was found.*\n){3}$/);
      });
    });

    it("a deployment refreshes, goes on after an error, is red then, and its summary holds what was said", async () => {
      const env = { STACK: "production", AEGIR_PRIVATE_KEY: "key" };
      runner.stand("pulumi", `echo "$@" >> "$DIRECTORY/pulumi.txt"; printf 'Resources:\\n    12 unchanged\\n'; exit 0`);
      assert.equal((await run("access-deploy.yml", "Deploy", env)).code, 0);
      assert.match(read("pulumi.txt"), /^up --yes .*--refresh --continue-on-error --stack production$/m);
      assert.match(read("summary.md"), /^### Deployed\n\n````\nResources:\n {4}12 unchanged\n````\n$/);
      // With --run-program beside --continue-on-error, Pulumi 3.248 waits for ever as soon as a resource fails.
      assert.doesNotMatch(read("pulumi.txt"), /--run-program/);
      runner.stand("pulumi", "printf '````\\nerror: it is so\\n' >&2; exit 255");
      rmSync(at("summary.md"));
      assert.equal((await run("access-deploy.yml", "Deploy", env)).code, 255);
      assert.match(
        read("summary.md"),
        /^### The deployment failed \(exit code 255\)\n\n````\n` ` ` `\nerror: it is so\n````\n$/,
      );
    });

    it("a deployment that takes too long is interrupted, so that Pulumi removes its lock, before the job is killed", async () => {
      const job = workflows.get("access-deploy.yml")!.jobs["deploy"]!;
      const script = textOf("provider", "templates", "ci.sh");
      const [, wait, end] = /timeout --foreground --signal=INT --kill-after=(\d+)m (\d+)m/.exec(script)!;
      assert.ok(Number(wait) + Number(end) < job["timeout-minutes"]!);
      // The time passes at once: what is asked to wait is interrupted, and says so.
      runner.stand(
        "timeout",
        `shift 4; "$@" & pid=$!; until [ -e "$DIRECTORY/begun" ] || ! kill -0 $pid; do :; done; kill -TERM $pid; wait $pid; exit 124`,
      );
      runner.stand("pulumi", `trap 'echo update canceled; exit 1' TERM; touch "$DIRECTORY/begun"; while :; do :; done`);
      const { code } = await run("access-deploy.yml", "Deploy", { STACK: "production", AEGIR_PRIVATE_KEY: "key" });
      assert.equal(code, 124);
      assert.match(read("summary.md"), /^### The deployment failed \(exit code 124\)\n\n````\nupdate canceled\n/);
    });

    it("the night runs unattended: the job waits for no reviewer, and ends with a sign of life if all was green", async () => {
      const job = workflows.get("access-deploy.yml")!.jobs["deploy"]!;
      const heartbeat = job.steps.at(-1)!;
      assert.deepEqual([heartbeat.name, heartbeat.if], ["Heartbeat", "success() && github.event_name == 'schedule'"]);
      runner.stand("curl", `echo "$@" >> "$DIRECTORY/curl.txt"`);
      assert.equal((await run("access-deploy.yml", "Heartbeat", { HEARTBEAT_URL: "https://alive.example/1" })).code, 0);
      assert.match(read("curl.txt"), /https:\/\/alive\.example\/1$/m);
      rmSync(at("curl.txt"));
      assert.match(
        (await run("access-deploy.yml", "Heartbeat", { HEARTBEAT_URL: "" })).output,
        /nothing notices when this stops/,
      );
      assert.equal(read("curl.txt"), "");
      runner.stand("curl", "exit 22");
      assert.equal(
        (await run("access-deploy.yml", "Heartbeat", { HEARTBEAT_URL: "https://alive.example/1" })).code,
        22,
      );
    });

    it("the nightly audit is red if there is something to look at, or if it could not look", async () => {
      writeFileSync(at("access.yaml"), manifest("alice"));
      const { code } = await run("access-deploy.yml", "Audit", { STACK: "production", AEGIR_PRIVATE_KEY: "key" });
      assert.equal(code, 2);
      assert.match(
        read("summary.md"),
        /^### Audit\n\n {4}the configuration of the servers is invalid: .* needs a connection/,
      );
    });
  });
});
