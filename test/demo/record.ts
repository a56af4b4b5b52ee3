/**
 * `npm run demo:record`: plays the demo and writes what it shows to a page, without what the engine prints for each
 * resource. What a pull request's preview says of people is kept.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const page = join(__dirname, "..", "..", "provider", "docs", "demo.md");

const { status, stdout } = spawnSync(process.execPath, [...process.execArgv, join(__dirname, "main.ts")], {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
});
if (status !== 0) throw new Error("the demo has failed");

writeFileSync(
  page,
  `# The demo

\`npm run demo\` plays the main job against a small Aegir on your machine. Each line with a check mark was looked up on that server, in its tables
or by logging in as a shell account. The output of Pulumi is left out, apart from what the preview of the pull request says about people.

\`\`\`
${[...shown(stdout.split("\n"))].join("\n").trim()}
\`\`\`
`,
);

function* shown(lines: string[]): Generator<string> {
  let chapter = "";
  let isReview = false;
  for (const line of lines) {
    const [, title] = /^── (.*?) ─+ \d+ s$/.exec(line) ?? [];
    if (title !== undefined) {
      chapter = title;
      yield* ["", title];
    }
    const isFirstReview = chapter.includes("A pull request") && / (?:lose|loses) access/.test(line);
    if (isFirstReview) isReview = true;
    if (isReview || /^ {2}(?:✔|\||─|site |\S+\.example )/.test(line)) yield line.trimEnd();
    if (isReview && line.includes("Checksum:")) {
      isReview = false;
      chapter = "";
    }
  }
}
