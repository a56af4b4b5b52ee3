/**
 * Copies the repository's README into the package, where its links have to lead elsewhere: pages of the package are
 * beside it, and everything else is only in the repository.
 */
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { repository } = require("./package.json");

const files = `${repository.url.replace(/^git\+|\.git$/g, "")}/blob/HEAD/`;
const readme = readFileSync(join(__dirname, "..", "README.md"), "utf8");

writeFileSync(
  join(__dirname, "README.md"),
  readme.replace(/(?<=\]\()(?!\w+:|#)[^)\s]+/g, (link) =>
    link.startsWith(`${repository.directory}/`) ? link.slice(repository.directory.length + 1) : files + link,
  ),
);
