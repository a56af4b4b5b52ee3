/** What the documents show is true: their configurations, commands, links and folders exist. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { parseServers, SERVERS_KEY } from "../../provider/aegir/ServerConfiguration";
import { parseManifest } from "../../provider/manifest";
import { codeBlocks } from "./codeBlocks";
import { brokenLinks } from "./links";

const root = join(__dirname, "..", "..");
const pages = ["docs", "provider/docs"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((page) => page.endsWith(".md"))
    .map((page) => `${folder}/${page}`),
);
const documents = new Map(
  ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...pages].map((name) => [
    name,
    readFileSync(join(root, name), "utf8"),
  ]),
);
const contributing = documents.get("CONTRIBUTING.md")!;

/** The pages that people start with. */
const blocks = [
  "README.md",
  "provider/docs/servers.md",
  "provider/docs/deploying-a-manifest.md",
  "provider/docs/writing-your-own-program.md",
].flatMap((page) => codeBlocks(join(root, page)));
const inLanguage = (language: string) => blocks.filter((block) => block.language === language);
const configuration = (text: string) => (parse(text) as { config?: Record<string, unknown> }).config;
const isManifest = (text: string) => "version" in (parse(text) as object);

describe("The first pages", () => {
  it("documents: read secrets from standard input, never from an argument", () => {
    assert.match(
      documents.get("provider/docs/servers.md")!,
      /^pulumi config set --path --secret '[\w:.]+privateKey' < \S+$/m,
    );
    for (const [name, text] of documents) assert.doesNotMatch(text, /"?\$\(cat /, name);
  });

  it("first pages: every code block is a program, configuration, manifest, command or output", () => {
    assert.deepEqual([...new Set(blocks.map(({ language }) => language))].sort(), ["", "json", "sh", "ts", "yaml"]);
    for (const { text, at } of inLanguage("yaml")) assert.ok(configuration(text) ?? isManifest(text), at);
  });

  for (const { text, at } of inLanguage("yaml").filter(({ text }) => configuration(text))) {
    it(`${at}: the configuration is valid`, () => {
      const servers = parseServers(JSON.stringify(configuration(text)![SERVERS_KEY]));
      assert.ok(Object.values(servers).every(({ connection }) => connection));
    });
  }

  for (const { text, at } of inLanguage("yaml").filter(({ text }) => isManifest(text))) {
    it(`${at}: the manifest is accepted, and its schema exists`, () => {
      const { clients, warnings } = parseManifest(text, at);
      assert.ok(clients.length > 0);
      assert.deepEqual(warnings, []);
      const [, schema] = /\$schema=(\S+)/.exec(text)!;
      assert.ok(existsSync(resolve(root, schema!)), "counted from the directory of a project");
    });
  }
});

for (const [name, text] of documents) {
  describe(name, () => {
    it(`${name}: names npm commands that exist`, () => {
      const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
      const named = [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(test))\b/g)].map(([, script, test]) => script ?? test!);
      if (!pages.includes(name)) assert.ok(named.length > 0);
      assert.deepEqual(
        named.filter((script) => !(script in scripts)),
        [],
      );
      if (/\bnpm ci\b/.test(text)) assert.ok(existsSync(join(root, "package-lock.json")));
    });

    it(`${name}: links to files and headings that exist`, () => {
      assert.deepEqual(brokenLinks(join(root, name)), []);
    });
  });
}

describe("The directory listing of CONTRIBUTING.md", () => {
  const listing = /^## Where things live\n```\n(.*?)^```$/ms.exec(contributing)![1]!;
  const listed: string[] = [];
  let parent = "";
  for (const [, indentation, entry] of listing.matchAll(/^( *)(\S+)(?= {2})/gm)) {
    if (indentation === "") parent = entry!;
    listed.push(indentation === "" ? entry! : parent + entry!);
  }

  it("CONTRIBUTING.md: the directory listing names only what exists", () => {
    assert.ok(listed.length > 10, listing);
    assert.deepEqual(
      listed.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });

  it("CONTRIBUTING.md: the directory listing names every folder of provider/ and test/, except mirrored ones", () => {
    const mirrored = ["stacks", "examples", ...foldersOf("provider")];
    const missing = [
      ...foldersOf("provider").map((folder) => `provider/${folder}/`),
      ...foldersOf("test").flatMap((folder) => (mirrored.includes(folder) ? [] : [`test/${folder}/`])),
    ].filter((path) => !listed.includes(path));
    assert.deepEqual(missing, []);
  });
});

/** Folders with sources; empty ones are in no clone. */
function foldersOf(parent: string): string[] {
  return readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !["dist", "node_modules", "tmp"].includes(entry.name))
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(root, parent, name)).length > 0);
}
