/** The pipeline for GitLab: its scripts, run as a runner runs them, with a server in the place of GitLab's API. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parse } from "yaml";
import { manifest, PipelineRun } from "./PipelineRun";

interface Job {
  rules: { if: string }[];
  script: string[];
  environment?: string;
  interruptible: boolean;
  resource_group?: string;
  timeout?: string;
}

const templates = join(__dirname, "..", "..", "provider", "templates");
const text = readFileSync(join(templates, "gitlab", ".gitlab-ci.yml"), "utf8");
const pipeline = parse(text) as Record<"access-review" | "access-deploy", Job> & {
  workflow: { rules: { if: string }[] };
  variables: Record<string, string>;
};

interface Note {
  id: number;
  author: { id: number };
  body: string;
}

/** The part of GitLab's API that the review uses, for one merge request; two notes a page. */
class GitLab {
  readonly notes: Note[] = [];
  readonly writes: string[] = [];
  readonly tokens = new Set<unknown>();
  sha = "";
  status = 200;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, "http://gitlab.example");
      this.tokens.add(request.headers["private-token"]);
      let body = "";
      request.on("data", (piece: Buffer) => (body += piece.toString()));
      request.on("end", () => {
        const page = Number(searchParams.get("page"));
        const more = this.notes.length > page * 2 ? `${page + 1}` : "";
        response.writeHead(this.status, { "X-Next-Page": more });
        response.end(JSON.stringify(this.#answer(request.method!, pathname, page, body)));
      });
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v4`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(method: string, path: string, page: number, body: string): unknown {
    if (path === "/api/v4/user") return { id: 1 };
    if (path === "/api/v4/projects/10/merge_requests/7") return { sha: this.sha };
    const [, id] = /^\/api\/v4\/projects\/10\/merge_requests\/7\/notes(?:\/(\d+))?$/.exec(path) ?? assert.fail(path);
    if (method === "GET") return this.notes.slice((page - 1) * 2, page * 2);
    this.writes.push(`${method} ${id ?? ""}`.trim());
    const content = JSON.parse(body) as { body: string };
    if (method === "PUT") {
      return Object.assign(
        this.notes.find((note) => note.id === Number(id))!,
        content,
      );
    }
    const note = { id: this.notes.length + 1, author: { id: 1 }, ...content };
    this.notes.push(note);
    return note;
  }
}

describe("The pipeline for GitLab", () => {
  let runner: PipelineRun;
  let gitlab: GitLab;
  let api: string;
  beforeEach(async () => {
    runner = new PipelineRun();
    runner.stand("npm", `echo "$@" >> "$DIRECTORY/npm.txt"`);
    gitlab = new GitLab();
    api = await gitlab.start();
  });
  afterEach(async () => {
    await gitlab.stop();
    runner.remove();
  });

  /** Runs a job's script. Unset variables are errors: what the script reads must be one that GitLab sets. */
  const run = (job: "access-review" | "access-deploy", env: Record<string, string>) =>
    runner.bash(`set -u\n${pipeline[job].script.join("\n")}`, { ...pipeline.variables, ...env });

  it("GitLab: the pipeline runs for merge requests and for the default branch, and gives the key to deployments alone", () => {
    assert.deepEqual(pipeline.workflow.rules, [
      { if: '$CI_PIPELINE_SOURCE == "merge_request_event"' },
      { if: "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" },
    ]);
    const { "access-review": review, "access-deploy": deploy } = pipeline;
    assert.deepEqual(deploy.rules, [{ if: "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" }]);
    assert.deepEqual([review.environment, deploy.environment], [undefined, "production"]);
    assert.doesNotMatch(text, /AEGIR_PRIVATE_KEY|PASSPHRASE/);
  });

  it("GitLab: one deployment runs at a time, and none is cancelled or killed before its own time limit", () => {
    const { interruptible, resource_group: group, timeout } = pipeline["access-deploy"];
    assert.deepEqual([interruptible, group], [false, "access-deploy"]);
    const script = readFileSync(join(templates, "ci.sh"), "utf8");
    const [, wait, end] = /--kill-after=(\d+)m (\d+)m/.exec(script)!;
    assert.ok(Number(wait) + Number(end) < Number(/^(\d+)m$/.exec(timeout!)![1]));
  });

  describe("a review", () => {
    let head: string;
    /** A manifest that git can merge: what is changed in it is not side by side. */
    const acme = (users: string, more = "") => `${manifest(users)}${"#\n".repeat(4)}${more}`;

    /** A branch that removes bob, while the target branch has moved on. */
    beforeEach(() => {
      runner.git("init", "-q", "-b", "main");
      runner.commit(acme("alice, bob"));
      runner.git("checkout", "-q", "-b", "change");
      runner.commit(acme("alice"));
      head = runner.git("rev-parse", "HEAD");
      runner.git("checkout", "-q", "main");
      writeFileSync(runner.at("README.md"), "More.\n");
      runner.git("add", "README.md");
      runner.git("commit", "-q", "-m", "Something else");
      runner.git("checkout", "-q", head);
      runner.git("remote", "add", "origin", runner.directory);
      gitlab.sha = head;
    });

    const variables = (more: Record<string, string> = {}) => ({
      ...{ CI_API_V4_URL: api, CI_PROJECT_ID: "10", CI_MERGE_REQUEST_PROJECT_ID: "10", CI_MERGE_REQUEST_IID: "7" },
      ...{ CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "main", CI_MERGE_REQUEST_PROJECT_URL: "https://gitlab.example/a" },
      CI_COMMIT_SHA: head,
      ...more,
    });
    const withToken = () => variables({ AEGIR_REVIEW_TOKEN: "glpat-1" });

    it("GitLab: a review is written into one note, which is updated in place, also among many notes", async () => {
      const { code, output } = await run("access-review", withToken());
      assert.equal(code, 0, output);
      assert.deepEqual(gitlab.writes, ["POST"]);
      assert.match(gitlab.notes[0]!.body, /^<!-- aegir-access review -->[^]*`bob` loses `www\.acme\.example`/);
      // Others write notes too, and one of them imitates the review.
      gitlab.notes.unshift(
        { id: 101, author: { id: 2 }, body: "<!-- aegir-access review -->\n\nAll is well." },
        { id: 102, author: { id: 3 }, body: "Thanks." },
      );
      runner.commit(acme("alice, carol"));
      gitlab.sha = head = runner.git("rev-parse", "HEAD");
      assert.equal((await run("access-review", withToken())).code, 0);
      assert.deepEqual(gitlab.writes, ["POST", "PUT 1"]);
      assert.match(gitlab.notes[2]!.body, /`carol` gains `www\.acme\.example`/);
      assert.deepEqual([...gitlab.tokens], ["glpat-1"]);
    });

    it("GitLab: a review is of what merging changes, not of what the target branch has changed since", async () => {
      runner.git("checkout", "-q", "main");
      runner.commit(acme("alice, bob", "  - { name: Beta GmbH, internalName: beta, sites: [], users: [dave] }\n"));
      runner.git("checkout", "-q", head);
      const { code, output } = await run("access-review", variables());
      assert.equal(code, 0, output);
      assert.match(runner.read("review.md"), /`bob` loses/);
      assert.doesNotMatch(runner.read("review.md"), /dave/);
    });

    it("GitLab: a merge request of a fork is reviewed without a secret, against the project that it is for", async () => {
      runner.git("remote", "remove", "origin");
      runner.git("clone", "-q", "--bare", runner.directory, runner.at("upstream.git"));
      const fork = { CI_PROJECT_ID: "11", CI_MERGE_REQUEST_PROJECT_URL: runner.at("upstream") };
      const { code, output } = await run("access-review", variables(fork));
      assert.equal(code, 0, output);
      assert.match(output, /`bob` loses `www\.acme\.example`/);
      assert.deepEqual(gitlab.writes, []);
    });

    it("GitLab: the job is red, and the note says why, if the manifest has problems or the review cannot be made", async () => {
      runner.commit(acme("alice, alice"));
      gitlab.sha = head = runner.git("rev-parse", "HEAD");
      assert.equal((await run("access-review", withToken())).code, 1);
      assert.match(gitlab.notes[0]!.body, /The manifest has problems/);
      runner.stand("npx", "echo it broke >&2; exit 3");
      assert.equal((await run("access-review", withToken())).code, 3);
      assert.match(gitlab.notes[0]!.body, /could not be made:\n\n {4}it broke\n$/);
    });

    it("GitLab: a note of a newer commit is not overwritten by an older pipeline", async () => {
      gitlab.sha = "0".repeat(40);
      const { code, output } = await run("access-review", withToken());
      assert.equal(code, 0);
      assert.match(output, /There is a newer commit/);
      assert.deepEqual(gitlab.writes, []);
    });

    it("GitLab: the job is red if the note cannot be written, because an old one may be there", async () => {
      gitlab.status = 403;
      const { code, output } = await run("access-review", withToken());
      assert.notEqual(code, 0);
      assert.match(output, /GitLab answered GET .*merge_requests\/7 with 403/);
      assert.doesNotMatch(output, /glpat-1/);
    });
  });

  describe("a deployment", () => {
    const variables = (source: string) => ({
      ...{ STACK: "production", CI_PIPELINE_SOURCE: source, HEARTBEAT_URL: "https://alive.example/1" },
    });
    beforeEach(() => {
      runner.stand("pulumi", `echo "$@" >> "$DIRECTORY/pulumi.txt"`);
      runner.stand("npx", `echo "$@" >> "$DIRECTORY/audit.txt"; exit "$(cat "$DIRECTORY/audit-code.txt")"`);
      runner.stand("curl", `echo "$@" >> "$DIRECTORY/curl.txt"`);
      writeFileSync(runner.at("audit-code.txt"), "0");
    });

    it("GitLab: a push deploys and nothing else; a schedule deploys, audits and calls the monitor", async () => {
      assert.equal((await run("access-deploy", variables("push"))).code, 0);
      assert.match(runner.read("pulumi.txt"), /^up --yes .*--refresh --continue-on-error --stack production\n$/);
      assert.deepEqual([runner.read("audit.txt"), runner.read("curl.txt")], ["", ""]);
      assert.equal((await run("access-deploy", variables("schedule"))).code, 0);
      assert.match(runner.read("audit.txt"), /aegir-access audit --stack production\n$/);
      assert.match(runner.read("curl.txt"), /https:\/\/alive\.example\/1\n$/);
    });

    it("GitLab: a night is red if its deployment or its audit is, audits in both cases, and calls no monitor then", async () => {
      writeFileSync(runner.at("audit-code.txt"), "1");
      assert.equal((await run("access-deploy", variables("schedule"))).code, 1);
      writeFileSync(runner.at("audit-code.txt"), "0");
      runner.stand("pulumi", "exit 255");
      rmSync(runner.at("audit.txt"));
      assert.equal((await run("access-deploy", variables("schedule"))).code, 255);
      assert.match(runner.read("audit.txt"), /audit/);
      assert.equal(runner.read("curl.txt"), "");
    });
  });

  it("ci.sh: explains itself if it is called without a step, and stops without a stack", async () => {
    const script = "bash node_modules/pulumi-aegir/templates/ci.sh";
    const { code, output } = await runner.bash(script, {});
    assert.equal(code, 2);
    for (const step of ["review", "deploy", "night"]) assert.match(output, new RegExp(`^ +ci\\.sh ${step}\\b`, "m"));
    assert.doesNotMatch(output, /^#|set -/m);
    runner.stand("pulumi", `touch "$DIRECTORY/deployed"`);
    assert.notEqual((await runner.bash(`${script} deploy`, {})).code, 0);
    assert.equal(runner.read("deployed"), "");
  });
});
