/** How Mocha runs wherever it is started: `npm test`, `npx mocha test/naming`, an editor's button. */
module.exports = {
  require: ["./test/engine/lazyModules.js", "sucrase/register/ts", "test/support/globalSetup.ts"],
  reporter: "test/support/SummaryReporter.ts",
  // Folders stand for the test files below them.
  extension: ["test.ts"],
  recursive: true,
  timeout: 120_000,
  slow: 5_000,
  watchFiles: ["provider/**/*.{ts,php}", "test/**/*.ts", "stacks/**/*.ts"],
  watchIgnore: ["**/node_modules", "**/dist"],
};
