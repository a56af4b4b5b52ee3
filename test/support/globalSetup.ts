/**
 * Run by Mocha once, before the first test and before its workers start: builds the package if a source is newer than
 * what was built from it. Programs of the tests use the package as users do, by its name.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";

const root = join(__dirname, "..", "..");

export function mochaGlobalSetup(): void {
  if (!isStale()) return;
  const { status } = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("The package could not be built: see above. Nothing was tested.");
}

/** The last step of a build copies the page, so whatever is newer than that copy was not built. */
function isStale(): boolean {
  const built = join(root, "provider", "dist", "review", "page.html");
  if (!existsSync(built)) return true;
  const { mtimeMs } = statSync(built);
  return readdirSync(join(root, "provider"), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(ts|php|html|json)$/.test(path) && !/^(dist|node_modules)$/.test(path.split(sep)[0]!))
    .some((path) => statSync(join(root, "provider", path)).mtimeMs > mtimeMs);
}
