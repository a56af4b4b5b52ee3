/** Mistakes of manifests of several files, as data. */

export interface FileCase {
  mistake: string;
  /** By path from the directory. */
  files: Record<string, string | undefined>;
  /** `file:line:column code: fragment of the message`, with `+ file:line` for a second place, in the order of the report. */
  problems: string[];
}

const client = (name: string, more = "") =>
  `version: 1\nclients:\n  - name: ${name}\n    internalName: ${name.toLowerCase()}\n${more}`;

export const fileCases: FileCase[] = [
  { mistake: "a directory without files", files: {}, problems: [":1:1 empty: no file that ends in .yaml or .yml"] },
  {
    mistake: "files without any client",
    files: { "a.yaml": "version: 1\n", "b.yaml": "version: 1\nserver: main\n" },
    problems: ["/a.yaml:1:1 missingKey: clients is missing"],
  },
  {
    mistake: "more than 1000 files",
    files: Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`${index}.yaml`, ""])),
    problems: [":1:1 tooManyFiles: more than the 1000 files"],
  },
  {
    mistake: "more than 8 MiB",
    files: Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`${index}.yaml`, "#".repeat(2 ** 21)])),
    problems: [":1:1 tooLarge: more than the 8388608 bytes"],
  },
  {
    mistake: "one file that is too large",
    files: { "a.yaml": client("Acme"), "b.yaml": "#".repeat(2 ** 21 + 1) },
    problems: ["/b.yaml:1:1 tooLarge: more than the 2097152 bytes"],
  },
  {
    mistake: "a link",
    files: { "a.yaml": client("Acme"), "b.yaml": undefined },
    problems: ["/b.yaml:1:1 notRegularFile: regular files only"],
  },
  {
    mistake: "access tests in the directory",
    files: {
      "a.yaml": client("Acme"),
      "access.test.yaml": "version: 1\ntests: []\n",
      "web/b.test.YML": "[",
      "c.yaml": "[",
    },
    problems: [
      "/access.test.yaml:1:1 misplacedAccessTests: Move them to access.test.yaml, beside it",
      "/web/b.test.YML:1:1 misplacedAccessTests: Move them to access.test.yaml, beside it",
      "/c.yaml:1:2 invalidYaml: ",
    ],
  },
  {
    mistake: "a setting in two files",
    files: {
      "a.yaml": client("Acme", "removalLimit: { percent: 10 }\nserver: main\n"),
      "b.yaml": "version: 1\nserver: main\nremovalLimit: { percent: 99 }\n",
    },
    problems: [
      "/b.yaml:2:1 duplicateSetting: server is also on line 6 of access/a.yaml + /a.yaml:6",
      "/b.yaml:3:1 duplicateSetting: removalLimit is also on line 5 of access/a.yaml + /a.yaml:5",
    ],
  },
  {
    mistake: "a client in two files",
    files: { "a.yaml": client("Acme"), "sub/b.yml": client("ACME") },
    problems: [
      "/sub/b.yml:3:11 duplicateClient: the first on line 3 of access/a.yaml + /a.yaml:3",
      "/sub/b.yml:4:19 duplicateInternalName: on line 4 of access/a.yaml already has + /a.yaml:4",
    ],
  },
  {
    mistake: "a login in two files",
    files: { "a.yaml": client("my_acme"), "b.yaml": client("myacme") },
    problems: ["/b.yaml:4:19 duplicateLogin: on line 4 of access/a.yaml + /a.yaml:4"],
  },
  {
    mistake: "a site in two files",
    files: {
      "a.yaml": client("Acme", "    sites: [www.acme.example]\n"),
      "b.yaml": client("Beta", "    sites: [shop.acme.example, www.acme.example]\n"),
    },
    problems: ["/b.yaml:5:32 siteWithTwoOwners: on line 5 of access/a.yaml + /a.yaml:5"],
  },
  {
    mistake: "a person with two spellings, two addresses and two numbers in two files",
    files: {
      "a.yaml": client("Acme", "    users: [{ name: bob, expectedUid: 9, createUser: { email: bob@a.example } }]\n"),
      "b.yaml": client("Beta", "    users: [{ name: Bob, expectedUid: 8, createUser: { email: bob@b.example } }]\n"),
    },
    problems: [
      "/b.yaml:5:21 userSpelledTwoWays: on line 5 of access/a.yaml + /a.yaml:5",
      "/b.yaml:5:21 conflictingUids: on line 5 of access/a.yaml + /a.yaml:5",
      "/b.yaml:5:63 conflictingMails: on line 5 of access/a.yaml + /a.yaml:5",
    ],
  },
  {
    mistake: "a former name that a client of another file still has",
    files: { "a.yaml": client("Acme", "    renamedFrom: beta\n"), "b.yaml": client("Beta") },
    problems: ["/a.yaml:5:18 formerNameInUse: on line 4 of access/b.yaml + /b.yaml:4"],
  },
  {
    mistake: "a known finding in two files",
    files: {
      "a.yaml": client("Acme", "knownFindings: [{ finding: unowned-site:a.example, reason: x, until: 2026-12-24 }]\n"),
      "b.yaml": "version: 1\nknownFindings: [{ finding: unowned-site:a.example, reason: x, until: 2026-12-24 }]\n",
    },
    problems: ["/b.yaml:2:28 duplicateFinding: first on line 5 of access/a.yaml + /a.yaml:5"],
  },
  {
    mistake: "problems in every file, in the order of the files",
    files: { "b.yaml": "version: 2\n", "a.yaml": "version: 1\nclients: {}\n", "A.yaml": "version: 3\n" },
    problems: [
      "/A.yaml:1:10 invalidValue: must be the number 1",
      "/a.yaml:2:10 invalidValue: must be a list of clients",
      "/b.yaml:1:10 invalidValue: must be the number 1",
    ],
  },
  {
    mistake: "an unreadable file, whose entries others may refer to, with the problems of each file alone",
    files: { "a.yaml": "clients: [", "b.yaml": "version: 2\n" },
    problems: ["/a.yaml:1:11 invalidYaml: Invalid YAML", "/b.yaml:1:10 invalidValue: must be the number 1"],
  },
  {
    mistake: "a client and sites outside the scope of the file",
    files: {
      "a.yaml": client(
        "Acme",
        '    sites: [acme.example, www.acme.example, www.beta.example]\nscope: { clients: [beta, agency_*], sites: ["*.acme.example"] }\n',
      ),
      "b.yaml": client("Beta", "    sites: [beta.example]\nscope: { clients: [beta] }\n"),
    },
    problems: [
      '/a.yaml:4:19 outOfScope: It allows "beta", "agency_*"',
      '/a.yaml:5:13 outOfScope: the site "acme.example" of the client "Acme"',
      '/a.yaml:5:45 outOfScope: the site "www.beta.example"',
    ],
  },
  {
    mistake: "a scope that lists no pattern, and patterns of something else",
    files: { "a.yaml": client("Acme", 'scope: { clients: [], sites: ["https://acme.example/*"] }\n') },
    problems: [
      "/a.yaml:4:19 outOfScope: It allows none",
      '/a.yaml:5:31 invalidPattern: this is "https://acme.example/*"',
    ],
  },
  {
    mistake: "owners that CODEOWNERS does not know",
    files: {
      "a.yaml": client(
        "Acme",
        '    owners: ["@acme/web", "@acme/WEB"]\nowners: [web, it@acme.example, "@@maintainers"]\n',
      ),
    },
    problems: ["/a.yaml:5:27 invalidOwner: is listed twice", "/a.yaml:6:10 invalidOwner: is not a code owner"],
  },
];
