/** The last step of a build: what TypeScript does not write into dist/. */
const { chmodSync, copyFileSync } = require("node:fs");

const files = [
  "aegir/servers.schema.json",
  "answers/access.test.schema.json",
  "manifest/access.schema.json",
  "resources/resources.schema.json",
  "review/page.html",
  ...["session", "facts", "reads", "writes"].map((part) => `worker/${part}.php`),
];
for (const file of files) copyFileSync(file, `dist/${file}`);
chmodSync("dist/cli/main.js", 0o755);
