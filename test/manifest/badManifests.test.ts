import assert from "node:assert/strict";
import { ManifestError, type ManifestProblem, parseManifest } from "../../provider/manifest";
import { MANIFEST_PROBLEM_CODES } from "../../provider/manifest/problemCodes";
import { newKey } from "../support/keys";
import { fileCases } from "./fileCases";

type Options = Parameters<typeof parseManifest>[2];

/** Every problem as `line:column code: fragment of the message`, in the order in which they must be reported. */
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGn+BMTVUzoVO/JXh32pnyewsZgu5ThO/ICO4B+2HKYu";

interface Case {
  mistake: string;
  manifest: string | Uint8Array;
  problems: string[];
  options?: Options;
}

const head = "version: 1\nclients:\n";
const acme = `${head}  - name: Acme Corp\n    internalName: acme\n`;
/** A manifest of one client with more lines; the first of them is line 5. */
const withAcme = (...lines: string[]) => acme + lines.map((line) => `    ${line}\n`).join("");
/** A manifest with rules in flow style, the first on line 3, column 5, and two clients. */
const withRules = (...rules: string[]) =>
  `version: 1\nrules:\n${rules.map((rule) => `  - ${rule}\n`).join("")}clients:
  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example]
    users: [alice, bob]
  - { name: Beta GmbH, internalName: beta }
`;
/** A manifest of clients in flow style, the first on line 3, column 5. */
const clients = (...entries: string[]) => head + entries.map((entry) => `  - ${entry}\n`).join("");

const otherKey = newKey().public;
/** A manifest of one client with more lines, after lines that begin on line 2. */
const withPeople = (lines: string[], ...more: string[]) =>
  withAcme(...more).replace("clients:", [...lines, "clients:"].join("\n"));
/** Many lines that are indented. */
const lines = (count: number, lineOf: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => `  ${lineOf(at)}\n`).join("");

const cases: Case[] = [
  // The file
  { mistake: "an empty file", manifest: "", problems: ["1:1 empty: The file declares nothing"] },
  { mistake: "only comments", manifest: "# nothing\n", problems: ["1:1 empty: The file declares nothing"] },
  {
    mistake: "more than 2 MiB",
    manifest: `${acme}#${"x".repeat(2 ** 21)}`,
    problems: ["1:1 tooLarge: more than the 2097152 bytes"],
  },
  {
    mistake: "Latin 1",
    manifest: Buffer.from(clients("{ name: Müller, internalName: mueller }"), "latin1"),
    problems: ["3:14 notUtf8: not UTF-8"],
  },
  { mistake: "UTF-16", manifest: Buffer.from(`\ufeff${acme}`, "utf16le"), problems: ["1:1 notUtf8: UTF-16"] },
  { mistake: "a byte order mark", manifest: `\ufeff${acme}`, problems: ["1:1 byteOrderMark: byte order mark"] },
  {
    mistake: "an invisible character in a name, and one in a comment",
    manifest: withAcme("sites: [www.ac\u200bme.example] # \u202eelpmaxe.live"),
    problems: ["5:19 invisibleCharacter: U+200B", "5:34 invisibleCharacter: U+202E"],
  },
  {
    mistake: "a control character",
    manifest: withAcme('users: ["al\u0007ice"]'),
    problems: ["5:16 invisibleCharacter: U+0007"],
  },
  {
    mistake: "names that could be mistaken for others",
    manifest: withAcme(
      "users: [\u0430lice, \u201cbob\u201d, { name: ca\u0301rol }, \u0430\u043b\u0438\u0441\u0430, <U+0430>lice]",
    ).replace("Acme", "\u0410cme"),
    problems: [
      '3:11 invalidClientName: The client\'s name "<U+0410>cme Corp" could be taken for another: it mixes Cyrillic and Latin letters in one word',
      '5:13 invalidUserName: The user\'s name "<U+0430>lice" could be taken for another: it mixes Cyrillic and Latin letters',
      '5:20 invalidUserName: The user\'s name "<U+201C>bob<U+201D>" could be taken for another: it has U+201C, which looks like "',
      '5:35 invalidUserName: The user\'s name "ca<U+0301>rol" could be taken for another: it has U+0301, which makes \u00e1',
    ],
  },
  {
    mistake: "one user twice, spelled out and in capitals",
    manifest: withAcme("users: [<U+0430>lice, <U+0410>LICE]"),
    problems: ['5:27 duplicateUser: The user "<U+0410>LICE" is listed twice in this client'],
  },
  {
    mistake: "a control character as an escape",
    manifest: withAcme('users: ["al\\u0007ice"]'),
    problems: ["5:13 invalidUserName: U+0007"],
  },
  {
    mistake: "two documents",
    manifest: `${acme}---\nversion: 1\n`,
    problems: ["5:1 secondDocument: second YAML document"],
  },
  { mistake: "a directive", manifest: `%YAML 1.1\n---\n${acme}`, problems: ["1:1 directive: begins with %"] },
  // YAML
  { mistake: "a tab", manifest: `${head}\t- name: Acme\n`, problems: ["3:1 invalidYaml: Replace the tab with spaces"] },
  { mistake: "wrong indentation", manifest: `${acme}   sites: []\n`, problems: ["5:1 invalidYaml: Invalid YAML"] },
  {
    mistake: "a missing bracket",
    manifest: withAcme("sites: [a.example", "users: []"),
    problems: ["6:5 invalidYaml: Invalid YAML"],
  },
  { mistake: "a missing quote", manifest: `${head}  - name: "Acme\n`, problems: ["4:1 invalidYaml: Invalid YAML"] },
  {
    mistake: "a duplicate key",
    manifest: withAcme("users: [a]", "users: [b]"),
    problems: ['6:5 duplicateKey: The key "users" occurs twice'],
  },
  {
    mistake: "an anchor and an alias",
    manifest: clients(
      "{ name: Acme, internalName: a, users: &team [x] }",
      "{ name: Beta, internalName: b, users: *team }",
    ),
    problems: ["3:43 anchor: &team is a YAML anchor", "4:43 alias: *team is a YAML alias"],
  },
  {
    mistake: "an alias bomb",
    manifest: `a: &a [x, x]\n${"bcdefghij".replace(/./g, (c) => `${c}: &${c} [*${prev(c)}, *${prev(c)}]\n`)}${acme}`,
    problems: [
      "1:1 unknownKey: A manifest has no field",
      "1:4 anchor: anchor",
      ..."23456789"
        .split("")
        .concat("10")
        .flatMap((l) => [
          `${l}:1 unknownKey: no field`,
          `${l}:4 anchor: anchor`,
          `${l}:8 alias: alias`,
          `${l}:12 alias: alias`,
        ]),
    ],
  },
  {
    mistake: "a tag",
    manifest: withAcme("users: [!!str 12]"),
    problems: ["5:19 tag: tag:yaml.org,2002:str is a YAML tag"],
  },
  {
    mistake: "a list as a key",
    manifest: withAcme("? [users]", ": [alice]"),
    problems: ["5:7 invalidKey: A key must be a word"],
  },
  { mistake: "deep nesting", manifest: "[".repeat(100_000), problems: ["1:41 nestedTooDeeply: nested too deeply"] },
  {
    mistake: "deep block nesting",
    manifest: "- ".repeat(100_000),
    problems: ["1:80 nestedTooDeeply: nested too deeply"],
  },
  {
    mistake: "a dash without a space after it",
    manifest: withAcme("users:", "  - alice", "    -bob"),
    problems: ["6:9 multilineValue: continues in the next line"],
  },
  // Shape
  {
    mistake: "a list instead of a map",
    manifest: "- name: Acme\n",
    problems: ["1:1 invalidValue: must be a map with version and clients"],
  },
  { mistake: "a missing version", manifest: "clients: []\n", problems: ["1:1 missingKey: version is missing"] },
  {
    mistake: "an unsupported version",
    manifest: "version: 2\nclients: []\n",
    problems: ["1:10 invalidValue: must be the number 1"],
  },
  {
    mistake: "a version in quotes",
    manifest: 'version: "1"\nclients: []\n',
    problems: ['1:10 invalidValue: but it is the string "1"'],
  },
  { mistake: "missing clients", manifest: "version: 1\n", problems: ["1:1 missingKey: clients is missing"] },
  {
    mistake: "nothing after clients:",
    manifest: "version: 1\nclients:\n",
    problems: ["2:1 invalidValue: nothing is written there"],
  },
  {
    mistake: "an unknown field",
    manifest: withAcme("sits: [a.example]"),
    problems: ['5:5 unknownKey: no field "sits". Did you mean sites?'],
  },
  {
    mistake: "a field named as in Aegir's panel",
    manifest: clients("{ name: A, uname: acme }"),
    problems: ["3:16 unknownKey: Did you mean internalName?"],
  },
  {
    mistake: "a field in the wrong map",
    manifest: `${acme}users: [bob]\n`,
    problems: ["5:1 unknownKey: It belongs to a client"],
  },
  {
    mistake: "a field named __proto__",
    manifest: `${acme}__proto__: 1\n`,
    problems: ['5:1 unknownKey: no field "__proto__"'],
  },
  {
    mistake: "a client without a name",
    manifest: clients("internalName: acme"),
    problems: ["3:5 missingKey: name is missing"],
  },
  {
    mistake: "a client without an internal name",
    manifest: clients("name: Acme Corp"),
    problems: [
      "3:11 missingKey: internalName is missing in this client. Write the line internalName: acmecorp, or the one that",
    ],
  },
  {
    mistake: "a client without an internal name, and a misspelt field that means something else",
    manifest: clients("{ sits: [a.example], name: Acme Corp }"),
    problems: [
      '3:7 unknownKey: no field "sits". Did you mean sites?',
      "3:32 missingKey: Write the line internalName: acmecorp",
    ],
  },
  {
    mistake: "a client without both names",
    manifest: clients("sites: [a.example]"),
    problems: [
      "3:5 missingKey: name is missing",
      "3:5 missingKey: internalName is missing in this client. It must be a short name",
    ],
  },
  {
    mistake: "a client with a misspelt name",
    manifest: clients("{ nmae: Acme, internalName: acme }"),
    problems: ["3:7 unknownKey: Did you mean name?"],
  },
  {
    mistake: "an empty list entry",
    manifest: withAcme("users:", "  -"),
    problems: ["6:7 invalidValue: nothing follows the dash"],
  },
  {
    mistake: "a string instead of a list",
    manifest: withAcme("users: alice"),
    problems: ["5:12 invalidValue: Write [alice]"],
  },
  {
    mistake: "a number as a name",
    manifest: clients("{ name: 12345, internalName: acme }"),
    problems: ['3:13 invalidValue: If you mean the string, put it in quotes: "12345"'],
  },
  { mistake: "a number as a user", manifest: withAcme("users: [0x1F]"), problems: ['5:13 invalidValue: "0x1F"'] },
  {
    mistake: "a number as rotation",
    manifest: withAcme("sites: [a.example]", "shellAccount: { rotation: 2026 }"),
    problems: ['6:31 invalidValue: "2026"'],
  },
  {
    mistake: "a rotation by age without an age, and with a misspelt one",
    manifest: withAcme("sites: [a.example]", 'shellAccount: { rotation: { window: "02:00-05:00" } }'),
    problems: ["6:31 missingKey: everyDays is missing in this rotation map"],
  },
  {
    mistake: "a rotation after half a day",
    manifest: withAcme("sites: [a.example]", "shellAccount: { rotation: { everyDays: 0.5 } }"),
    problems: ["6:44 invalidValue: everyDays must be a whole number"],
  },
  {
    mistake: "a rotation in a window without an end",
    manifest: withAcme("sites: [a.example]", 'shellAccount: { rotation: { everyDays: 80, window: "02:00" } }'),
    problems: ['6:56 invalidRotation: window is "02:00"'],
  },
  {
    mistake: "a rotation after the password's end",
    manifest: withAcme("sites: [a.example]", "shellAccount: { rotation: { everyDays: 90 } }"),
    options: { instance: "o1" },
    problems: ["6:44 invalidRotation: passwords last 90 days on this server"],
  },
  {
    mistake: "a rotation after the end of a password that lasts a month",
    manifest: withAcme("sites: [a.example]", "shellAccount: { rotation: { everyDays: 30 } }"),
    options: { instance: "o1", passwordDays: 30 },
    problems: ["6:44 invalidRotation: passwords last 30 days on this server"],
  },
  {
    mistake: "the unquoted word no as a user",
    manifest: withAcme("users: [no]"),
    problems: ['5:13 ambiguousWord: put it in quotes: "no"'],
  },
  {
    mistake: "the unquoted word true as a user",
    manifest: withAcme("users: [true]"),
    problems: ["5:13 invalidValue: true is true or false in YAML"],
  },
  {
    mistake: "the word yes instead of true",
    manifest: withAcme("sites: [a.example]", "shellAccount: yes"),
    problems: ["6:19 invalidValue: must be true"],
  },
  {
    mistake: "createUser without email",
    manifest: withAcme("users: [{ name: bob, createUser: {} }]"),
    problems: ["5:38 missingKey: email is missing"],
  },
  {
    mistake: "a welcome mail to nobody",
    manifest: withAcme("welcomeMail: true"),
    problems: ["5:5 missingKey: welcomeMail needs an email"],
  },
  {
    mistake: "an invalid onDestroy",
    manifest: withAcme("onDestroy: delete"),
    problems: ["5:16 invalidValue: must be default-owner or leave, or a map"],
  },
  {
    mistake: "an onDestroy that would drop a platform's last client",
    manifest: withAcme("onDestroy: { platforms: drop, bindings: drop }"),
    problems: [
      "5:29 invalidValue: platforms must be refuse or default-owner",
      "5:35 unknownKey: Did you mean undeclaredBindings?",
    ],
  },
  // Names
  {
    mistake: "capitals in an internal name",
    manifest: clients("{ name: Acme, internalName: Acme-Corp }"),
    problems: ['3:33 invalidInternalName: Write "acmecorp"'],
  },
  {
    mistake: "an internal name without the prefix",
    manifest: acme,
    options: { clientPrefix: "c_" },
    problems: ['4:19 invalidInternalName: Write "c_acme"'],
  },
  {
    mistake: "an internal name that BOA reserves",
    manifest: clients("{ name: A, internalName: admin }"),
    options: { servers: { main: { instance: "o1" } } },
    problems: ["3:30 invalidInternalName: cannot have a shell account"],
  },
  {
    mistake: "a name that gives no internal name",
    manifest: clients("name: 日本"),
    problems: [
      '3:11 missingKey: the name "日本" gives no usable one. The internal name is empty. Write 1 to 16 characters of a-z, 0-9 and _. Choose one,',
    ],
  },
  {
    mistake: "a name that gives a reserved internal name",
    manifest: clients("name: Admin"),
    problems: ["3:11 missingKey: Choose one, and write it in a line internalName:"],
  },
  {
    mistake: "a name that is a number",
    manifest: clients("{ name: '1e3', internalName: a }"),
    problems: ["3:13 invalidClientName: node id"],
  },
  {
    mistake: "a URL as a site",
    manifest: withAcme("sites: [https://www.acme.example/]"),
    problems: ['5:13 invalidDomain: Write "www.acme.example"'],
  },
  {
    mistake: "a look-alike domain",
    manifest: withAcme("sites: [раураl.com]"),
    problems: ["5:13 invalidDomain: mixes Latin and Cyrillic"],
  },
  {
    mistake: "an invalid user name",
    manifest: withAcme("users: [al/ice]"),
    problems: ['5:13 invalidUserName: contains "/"'],
  },
  {
    mistake: "an invalid mail address",
    manifest: withAcme("email: it"),
    problems: ["5:12 invalidMail: is not a mail address"],
  },
  // Rules between entries
  {
    mistake: "two clients with one title",
    manifest: clients("{ name: Acme, internalName: a }", "{ name: ACME, internalName: b }"),
    problems: ["4:13 duplicateClient: the first on line 3"],
  },
  {
    mistake: "two clients with one internal name",
    manifest: clients("{ name: Acme, internalName: acme }", "{ name: Beta, internalName: acme }"),
    problems: ["4:33 duplicateInternalName: The client on line 3 already has the internal name"],
  },
  {
    mistake: "two clients without internal names whose titles give the same one",
    manifest: clients("name: Universal Exports 1", "name: Universal Exports 2"),
    problems: [
      "3:11 missingKey: Write the line internalName: universalexports, or",
      '4:11 missingKey: gives no usable one. The client on line 3 would share the login with "universalexports". Choose one',
    ],
  },
  {
    mistake: "a missing internal name if the derived one would share the login of a client below",
    manifest: clients("name: Foo Bar", "{ name: Beta, internalName: foo_bar }"),
    problems: ['3:11 missingKey: The client on line 4 would share the login with "foobar"'],
  },
  {
    mistake: "two clients with one login",
    manifest: clients("{ name: Acme, internalName: foo_bar }", "{ name: Beta, internalName: foobar }"),
    options: { instance: "o1" },
    problems: ['4:33 duplicateLogin: the same login "o1.foobar" as "foo_bar" on line 3'],
  },
  {
    mistake: "a site twice in a client",
    manifest: withAcme("sites: [a.example, A.example.]"),
    problems: ["5:24 duplicateSite: is listed twice in this client, first on line 5"],
  },
  {
    mistake: "a site with two owners that spell its domain differently",
    manifest: clients(
      "{ name: A, internalName: a, sites: [münchen.de] }",
      "{ name: B, internalName: b, sites: [xn--mnchen-3ya.de] }",
    ),
    problems: [
      '4:41 siteWithTwoOwners: has two owners: the client "A" on line 3 (there "münchen.de") and the client "B" here',
    ],
  },
  {
    mistake: "a site taken from its own client",
    manifest: withAcme("sites: [{ site: a.example, takeOverFrom: acme }]"),
    problems: ["5:46 takeOverFromItself: names this client itself"],
  },
  {
    mistake: "a title instead of an internal name in takeOverFrom",
    manifest: withAcme("sites: [{ site: a.example, takeOverFrom: Beta GmbH }]"),
    problems: ['5:46 invalidInternalName: Write "betagmbh"'],
  },
  {
    mistake: "a user twice in a client",
    manifest: withAcme("users: [alice, Alice]"),
    problems: ["5:20 duplicateUser: is listed twice in this client, first on line 5"],
  },
  {
    mistake: "a user in two spellings",
    manifest: clients("{ name: A, internalName: a, users: [alice] }", "{ name: B, internalName: b, users: [Alice] }"),
    problems: ['4:41 userSpelledTwoWays: "Alice" and "alice" on line 3 are one user'],
  },
  {
    mistake: "two addresses for one new user",
    manifest: clients(
      "{ name: A, internalName: a, users: [{ name: bob, createUser: { email: bob@a.example } }] }",
      "{ name: B, internalName: b, users: [{ name: bob, createUser: { email: bob@b.example } }] }",
    ),
    problems: ["4:75 conflictingMails: on line 3"],
  },
  {
    mistake: "one address for two new users",
    manifest: withAcme(
      "users:",
      ...["bob", "eve"].map((name) => `  - { name: ${name}, createUser: { email: it@a.example } }`),
    ),
    problems: ['7:43 sharedMail: The users "eve" and "bob" on line 6'],
  },
  {
    mistake: "the client's address for a new user",
    manifest: withAcme("email: it@a.example", "users: [{ name: bob, createUser: { email: IT@a.example } }]"),
    problems: ["6:47 sharedMail: is also the email of the client on line 5"],
  },
  {
    mistake: "a key of two people",
    manifest: withAcme(
      "sites: [www.acme.example]",
      "shellAccount: true",
      "users:",
      ...["bob", "eve"].map((name) => `  - { name: ${name}, keys: [${KEY} ${name}] }`),
    ),
    problems: [
      '8:29 sharedKey: of "bob" here and of "eve" on line 9',
      '9:29 sharedKey: of "eve" here and of "bob" on line 8',
    ],
  },
  {
    mistake: "keys that are none, and one with options",
    manifest: withAcme(
      "sites: [www.acme.example]",
      "shellAccount: true",
      `users: [{ name: bob, keys: [ssh-ed25519 AAAA, 'command="x" ${KEY}'] }]`,
    ),
    problems: ["7:33 invalidAuthorizedKey: damaged", "7:51 invalidAuthorizedKey: options before"],
  },
  {
    mistake: "a key of a client without a login",
    manifest: withAcme("sites: [www.acme.example]", `users: [{ name: bob, keys: [${KEY}] }]`),
    problems: ["6:33 keyWithoutLogin: Write shellAccount: true"],
  },
  {
    mistake: "a key where the server lets nobody put keys into logins",
    manifest: withAcme("sites: [www.acme.example]", "shellAccount: true", `users: [{ name: bob, keys: [${KEY}] }]`),
    options: { keysProblem: { what: "it is reached as o1.ftp", next: "Reach it as root" } },
    problems: ["7:33 keysNeedRoot: it is reached as o1.ftp. Reach it as root."],
  },
  {
    mistake: "a shell account without sites",
    manifest: withAcme("shellAccount: true"),
    problems: ["5:5 loginWithoutSites: owns no site here"],
  },
  {
    mistake: "a shell account with unreadable sites, as one problem",
    manifest: withAcme("sites: [12]", "shellAccount: true"),
    problems: ["5:13 invalidValue: 12 is a number"],
  },
  {
    mistake: "an empty rotation",
    manifest: withAcme("sites: [a.example]", "shellAccount: { rotation: ' ' }"),
    problems: ["6:31 invalidText: rotation must be visible text"],
  },
  {
    mistake: "a server that is not configured",
    manifest: `server: mian\n${acme}`,
    options: { servers: { main: {}, other: {} } },
    problems: ['1:9 unknownServer: No server "mian" is configured. Did you mean main?'],
  },
  {
    mistake: "a missing server if several are configured",
    manifest: acme,
    options: { servers: { main: {}, other: {} } },
    problems: ["1:1 missingServer: server is missing"],
  },
  // Ends, reasons, former names
  {
    mistake: "an expiry date that does not exist",
    manifest: withAcme("users: [{ name: a, expires: 2026-02-30 }, { name: b, expires: next week }]"),
    problems: [
      '5:33 invalidDay: "2026-02-30" is not a valid date',
      '5:67 invalidDay: expires: "next week" is not a valid date',
    ],
  },
  {
    mistake: "a number as expiry date",
    manifest: withAcme("users: [{ name: a, expires: 20261231 }]"),
    problems: ["5:33 invalidValue: expires must be a day in UTC, for example 2026-12-31, but 20261231 is a number"],
  },
  {
    mistake: "a reason with several lines and an empty one",
    manifest: withAcme('users: [{ name: a, reason: "x\\ny" }, { name: b, reason: " " }]'),
    problems: [
      "5:32 invalidText: reason must be visible text on one line",
      "5:61 invalidText: reason must be visible text",
    ],
  },
  {
    mistake: "a renamedFrom that is current, in use, repeated or invalid",
    manifest: clients(
      "{ name: A, internalName: a, renamedFrom: a }",
      "{ name: B, internalName: b, renamedFrom: a }",
      "{ name: C, internalName: c, renamedFrom: x }",
      "{ name: D, internalName: d, renamedFrom: x }",
      "{ name: E, internalName: e, renamedFrom: Old Name }",
    ),
    problems: [
      "3:46 renamedToItself: present internal name",
      '4:46 formerNameInUse: names "a", which the client on line 3 still is',
      "6:46 duplicateFormerName: so does the client on line 5",
      '7:46 invalidInternalName: must be an internal name, but is "Old Name"',
    ],
  },
  {
    mistake: "keys of an earlier release",
    manifest: `${withAcme("previously: a", "users: []", "brake: { percent: 50 }")}brake: { percent: 50 }\n`,
    problems: [
      "5:5 unknownKey: previously is now renamedFrom: rename the key and keep its value.",
      '7:5 unknownKey: A client has no field "brake"',
      "8:1 unknownKey: brake is now removalLimit: rename the key and keep its value.",
    ],
  },
  // The removal limit
  {
    mistake: "a removal limit out of range",
    manifest: `${acme}removalLimit: { percent: 300, atLeast: 0.5, atMost: 3 }\n`,
    problems: [
      "5:26 invalidValue: percent must be a whole number of percent from 1 to 100, for example 30, but it is 300",
      "5:40 invalidValue: atLeast must be a whole number from 1 on",
      '5:45 unknownKey: A removalLimit map has no field "atMost"',
    ],
  },
  {
    mistake: "allowRemovals that lasts too long",
    manifest: `${acme}allowRemovals: { reason: x, grants: 3, until: 2027-11-24 }\n`,
    options: { asOf: "2026-11-24" },
    problems: ["5:47 tooFarAhead: may hold for 31 days at most, and until 2027-11-24 there are 365"],
  },
  {
    mistake: "allowRemovals without until, reason and contents",
    manifest: `${acme}allowRemovals: {}\n`,
    problems: [
      "5:1 allowsNothing: allows nothing",
      "5:16 missingKey: until is missing",
      "5:16 missingKey: reason is missing",
    ],
  },
  {
    mistake: "allowRemovals with invalid names",
    manifest: `${acme}allowRemovals: { until: soon, reason: x, clients: [Acme Corp], sites: [http://a.example] }\n`,
    problems: [
      '5:25 invalidDay: until: "soon" is not a valid date',
      '5:52 invalidInternalName: "Acme Corp" is none',
      "5:72 invalidDomain: is a URL",
    ],
  },
  {
    mistake: "a known finding that is repeated or lasts too long",
    manifest: `${acme}knownFindings:\n${"  - { finding: unowned-site:a.example, reason: x, until: 2028-11-24 }\n".repeat(2)}`,
    options: { asOf: "2026-11-24" },
    problems: [
      "6:58 tooFarAhead: may stay so for 366 days at most",
      "7:16 duplicateFinding: is listed twice, first on line 6",
      "7:58 tooFarAhead: may stay so for 366 days at most",
    ],
  },
  {
    mistake: "two expectedUid values for one user",
    manifest: clients(
      "{ name: A, internalName: a, users: [{ name: bob, expectedUid: 9 }] }",
      "{ name: B, internalName: b, users: [{ name: bob, expectedUid: 10 }] }",
    ),
    problems: ["4:49 conflictingUids: uid 10 here and uid 9 on line 3"],
  },
  {
    mistake: "more values than a server has sites",
    manifest: `- [${"x,".repeat(600_000)}]`,
    problems: ["1:666668 tooManyValues: far more values"],
  },
  {
    mistake: "a protect value other than true and false",
    manifest: withAcme("protect: please", "sites: [{ site: a.example, protect: 1 }]"),
    problems: [
      "5:14 invalidValue: protect must be true or false",
      "6:41 invalidValue: protect must be true or false, but it is 1",
    ],
  },
  // People and teams
  {
    mistake: "people and teams of the wrong shape",
    manifest: withPeople(
      [
        ...[
          "people:",
          "  alice: alice@acme.example",
          "  bob: { emial: bob@acme.example, expires: 2027-01-01 }",
          "  eve:",
        ],
        ...["teams:", "  web: alice", "  ops: [{ name: alice }]"],
      ],
      "users: [{ reason: x }, { teem: web }, { name: alice, team: web }]",
    ),
    problems: [
      '3:10 invalidValue: An entry of people must be a map such as { email: alice@acme.example }, but it is the string "alice@acme.example"',
      '4:10 unknownKey: A person has no field "emial". Did you mean email?',
      '4:35 unknownKey: A person has no field "expires". Did you mean ends?',
      "5:3 invalidValue: An entry of people must be a map such as { email: alice@acme.example }, but nothing is written there",
      "7:8 invalidValue: An entry of teams must be a list of people and teams, for example [alice, bob], but it is a single string",
      "8:9 invalidValue: An entry of teams must be the name of a person or of a team",
      "12:13 missingKey: This entry of users names no person and no team",
      '12:30 unknownKey: An entry of users has no field "teem". Did you mean team?',
      '12:51 invalidValue: names both. Write "alice" in an entry of its own',
    ],
  },
  {
    mistake: "records of people that no user can have",
    manifest: withPeople([
      "people:",
      '  "a/b": {}',
      '  bob: { name: <U+0430>lice, email: nobody, owner: "", ends: 2027-02-30 }',
      "  eve: { name: \u0430lice, welcomeMail: true }",
    ]),
    problems: [
      '3:3 invalidUserName: contains "/", which Drupal does not allow',
      "4:37 invalidMail: not a mail address",
      "4:52 invalidText: owner must be visible text",
      "4:62 invalidDay: ends: ",
      '5:16 invalidUserName: "<U+0430>lice" could be taken for another',
      '5:16 duplicatePerson: and "<U+0430>lice" on line 4 are one person',
      "5:23 missingKey: welcomeMail needs an email",
    ],
  },
  {
    mistake: "two records for one person",
    manifest: withPeople(["people: { bob: { name: Bob B }, Bob: {}, eve: { name: bob b } }"]),
    problems: [
      '2:33 duplicatePerson: "Bob" and "bob" on line 2 are one person',
      '2:55 duplicatePerson: "bob b" and "Bob B" on line 2 are one person',
    ],
  },
  {
    mistake: "one mail address or one key for two people",
    manifest: withPeople(
      [
        "people:",
        `  bob: { email: bob@acme.example, keys: [${KEY} x] }`,
        `  eve: { email: BOB@acme.example, keys: [${KEY} x] }`,
        "  ivy: { email: it@acme.example }",
      ],
      "email: it@acme.example",
    ),
    problems: [
      '3:42 sharedKey: the key of "bob" here and of "eve" on line 4',
      '4:17 sharedMail: The users "eve" and "bob" on line 3 would be made with one mail address',
      '4:42 sharedKey: the key of "eve" here and of "bob" on line 3',
      "5:17 sharedMail: is also the email of the client on line 9",
    ],
  },
  {
    mistake: "names that are not under people, or not in this way",
    manifest: withPeople(
      ["people: { alice: {}, bob: { name: Bob B } }", "teams: { web: [alcie, zoe, opps], ops: [bob] }"],
      "users: [Alice, bob b, zoe, ops, { team: alice }, { team: wbe }, { team: sales }]",
    ),
    problems: [
      '3:16 unknownPerson: There is no "alcie" under people. Did you mean "alice"?',
      '3:23 unknownPerson: A new person needs a line there, for example "zoe": {',
      '3:28 unknownPerson: Did you mean "ops"?',
      '7:13 unknownPerson: Did you mean "alice"?',
      '7:20 unknownPerson: Did you mean "bob"?',
      '7:27 unknownPerson: There is no "zoe" under people. A new person',
      '7:32 personAndTeam: "ops" is a team, on line 3. Write { team: ops }',
      '7:45 unknownTeam: That is a person: write "alice" without team',
      '7:62 unknownTeam: Did you mean "web"?',
      '7:77 unknownTeam: Add it under teams, for example "sales": [',
    ],
  },
  {
    mistake: "what belongs to a person in an entry of users",
    manifest: withPeople(
      ["people: { alice: {} }", "teams: { web: [alice] }"],
      "users:",
      "  - { name: alice, createUser: { email: a@acme.example }, expectedUid: 9 }",
      `  - { team: web, keys: [${KEY}] }`,
    ),
    problems: [
      '8:24 belongsToPerson: Write email at the person "alice" on line 2',
      '8:63 belongsToPerson: Write expectedUid at the person "alice" on line 2',
      '9:22 belongsToPerson: this entry names the team "web"',
    ],
  },
  {
    mistake: "names of teams that others have, or that nobody can read",
    manifest: withPeople([
      "people: { alice: {} }",
      'teams: { Alice: [alice], web: [alice], WEB: [alice], " ": [alice], \u0430ll: [alice] }',
    ]),
    problems: [
      '3:10 personAndTeam: "Alice" is a team here and a person on line 2',
      '3:40 duplicateTeam: Two teams have the name "WEB", the first on line 3',
      "3:54 invalidText: The name of a team must be visible text",
      '3:68 invalidText: The name of the team "<U+0430>ll" could be taken for another',
    ],
  },
  {
    mistake: "a person and a team twice",
    manifest: withPeople(
      ["teams: { web: [alice, ops, alice, ops], ops: [bob] }"],
      "users: [{ team: web }, alice, { team: web }]",
    ),
    problems: [
      '2:28 duplicateMember: "alice" is listed twice in the team "web", first on line 2',
      '2:35 duplicateMember: "ops" is listed twice',
      '6:43 duplicateUser: The team "web" is listed twice in this client, first on line 6',
    ],
  },
  {
    mistake: "a user in two spellings, one of them in a team",
    manifest: withPeople(["teams: { web: [alice] }"], "users: [Alice, { team: web }]"),
    problems: ['6:13 userSpelledTwoWays: "Alice" and "alice" on line 2 are one user'],
  },
  {
    mistake: "teams in themselves",
    manifest: withPeople(["teams:", "  a: [a]", "  b: [x, c]", "  c: [d]", "  d: [b, c]"]),
    problems: [
      '3:7 teamInItself: The team "a" contains itself: "a" contains "a" (line 3). Delete one of these entries',
      '6:7 teamInItself: The team "b" contains itself: "b" contains "c" (line 4), "c" contains "d" (line 5), "d" contains "b" (line 6). Delete',
      '6:10 teamInItself: The team "c" contains itself: "c" contains "d" (line 5), "d" contains "c" (line 6)',
    ],
  },
  {
    mistake: "keys of a person in a login that cannot have keys",
    manifest: withPeople(
      [`people: { bob: { keys: [${KEY}] }, eve: { keys: [${otherKey}] } }`, "teams: { web: [eve] }"],
      "sites: [www.acme.example]",
      "shellAccount: true",
      "users: [{ team: web }]",
    ),
    options: { keysProblem: { what: "it is not reached as root", next: "Reach it as root" } },
    problems: ["2:124 keysNeedRoot: it is not reached as root. Reach it as root."],
  },
  {
    mistake: "very many teams in each other",
    manifest: `version: 1\nteams:\n${lines(1_000, (at) => `t${at}: [t${at + 1}]`)}clients: []\n`,
    problems: ["296:3 tooManyValues: far more than a server has bindings"],
  },
  {
    mistake: "very many people in the teams of clients",
    manifest: `version: 1\nteams:\n  web:\n${lines(1000, (at) => `  - user ${at}`)}clients:\n${lines(
      300,
      (at) => `- { name: a${at}, internalName: a${at}, users: [{ team: web }] }`,
    )}`,
    problems: ["1255:55 tooManyValues: far more than a server has bindings"],
  },
  {
    mistake: "rules that say nothing, or too much",
    manifest: withRules(
      "{ rule: one, reason: x, level: never }",
      "{ rule: one, reason: x, level: refuse, only: {} }",
      "{ rule: two, reason: x, level: refuse, mostPeople: 1, leastPeople: 1 }",
      "{ rule: three, reason: x, level: never, clients: [acme], apart: { clients: [[acme], [beta]] } }",
      "{ rule: four, reason: x, level: always, externalsEnd: { within: 0 }, mailDomain: [a.example] }",
    ),
    problems: [
      "3:13 incompleteRule: This rule says nothing",
      '4:13 duplicateRule: Two rules have the name "one", the first on line 3',
      "4:44 incompleteRule: only is empty",
      "5:59 ruleWithTwoKinds: This rule has mostPeople and leastPeople",
      "6:45 ruleWithoutScope: holds everywhere",
      "7:37 invalidValue: level must be advise, refuse or never",
      "7:69 invalidValue: within must be a whole number from 1 on",
      "7:74 unknownKey: Did you mean mailDomains?",
    ],
  },
  {
    mistake: "exceptions from rules that cannot be",
    manifest: withRules(
      "{ rule: one, reason: x, level: never, mostPeople: 9, allow: [{ clients: [acme], reason: x, until: 2026-12-31 }] }",
      "{ rule: two, reason: x, level: refuse, mostPeople: 9, allow: [{ reason: x, until: 2027-12-31 }] }",
    ),
    options: { asOf: "2026-11-24" },
    problems: [
      "3:66 exceptionFromNever: has no exceptions",
      "4:67 allowsNothing: This exception names nothing",
      "4:87 tooFarAhead: 366 days at most",
    ],
  },
  {
    mistake: "a rule that names what is not there",
    manifest: withRules(
      "{ rule: one, reason: x, level: never, clients: [acne], only: { teams: [web], people: [Alice] } }",
      "{ rule: two, reason: x, level: never, sites: [shop.acme.example], never: { people: [alice] } }",
    ),
    problems: [
      '3:53 unknownInRule: no client "acne", so nothing here is held to it. Did you mean "acme"?',
      '3:76 unknownInRule: no team "web"',
      '4:51 unknownInRule: no site "shop.acme.example"',
    ],
  },
  {
    mistake: "access that breaks rules",
    manifest: withRules(
      "{ rule: only bob, reason: contract, level: never, sites: [www.acme.example], only: { people: [bob] } }",
      "{ rule: one is enough, reason: cost, level: refuse, mostPeople: 1 }",
    ),
    options: { asOf: "2026-11-24" },
    problems: [
      '6:11 ruleBroken: This breaks the rule "one is enough": 2 people act for "Acme Corp" ("acme"), and at most 1 may. The rule\'s reason: "cost". Change what is declared here, or write an exception in the rule: allow: [{ clients: [acme], until: 2026-12-24, reason: "..." }]',
      '9:13 ruleBroken: This breaks the rule "only bob": "alice" acts for "Acme Corp" ("acme") and reaches "www.acme.example", and only "bob" may. The rule\'s reason: "contract". The rule has no exceptions',
    ],
  },
];

/** What is warned of. */
const warned: Pick<Case, "manifest" | "problems" | "options"> = {
  manifest: `${withAcme(
    "keepPeople: true",
    "sites: [a.example, www.a.example]",
    "users: [{ name: bob, expires: 2026-11-23 }]",
  )}  - { name: Beta, internalName: admin, users: [{ name: eve, expires: 2026-11-30 }] }
  - name: Gamma
    internalName: gamma
    users:
      - { name: eve, expires: 2026-11-23 }
      - { team: ops, expires: 2026-11-30 }
      - { team: dev, expires: 2026-11-20 }
      - { name: zoe, expires: 2026-11-30 }
allowRemovals: { until: 2026-11-23, reason: x, grants: 3 }
knownFindings: [{ finding: unowned-site:a.example, reason: x, until: 2026-11-23 }]
people: { bob: { ends: 2027-01-01 }, eve: {}, ivy: { ends: 2026-11-23 }, zoe: { ends: 2026-11-25 } }
teams: { none: [], left: [ivy], ops: [eve, zoe], dev: [eve] }
rules:
  - { rule: one, reason: x, level: refuse, clients: ["z*"], only: { people: [eve] } }
  - { rule: two, reason: x, level: refuse, clients: [acme], leastPeople: 1 }
  - { rule: three, reason: x, level: advise, never: { people: [eve] } }
  - rule: four
    reason: x
    level: refuse
    never: { people: [eve] }
    allow: [{ people: [eve], reason: x, until: 2026-11-23 }]
`,
  options: { asOf: "2026-11-24" },
  problems: [
    '3:11 ruleBroken: no person acts for "Acme Corp" ("acme"), and at least 1 must',
    "5:5 noPersonToKeep: is to keep a person",
    "6:24 perhapsAnAlias: often one site and its alias",
    "7:35 expired: until 2026-11-23, and no longer",
    "8:33 noShellLogin: cannot have a shell account",
    '8:56 ruleBroken: This breaks the rule "three"',
    "8:56 ruleBroken: The exception for it ended on 2026-11-23",
    "8:70 expiresSoon: 6 days are left",
    '12:31 expired: This entry ended on 2026-11-23, and "eve" can act for the client "Gamma" with the team "ops"',
    '13:17 ruleBroken: This breaks the rule "three"',
    "13:17 ruleBroken: The exception for it ended",
    '13:31 expiresSoon: The team "ops" can act for the client "Gamma" until 2026-11-30: 6 days are left',
    '14:31 expired: The team "dev" could act for the client "Gamma" until 2026-11-20, and no longer',
    "16:1 allowanceEnded: ended on 2026-11-23",
    "17:70 knownFindingEnded: ended on 2026-11-23",
    '18:60 expired: All access of "ivy" ended on 2026-11-23',
    '18:87 expiresSoon: All access of "zoe" ends on 2026-11-25: 1 day is left',
    '19:10 emptyTeam: The team "none" has no people, so',
    '19:20 emptyTeam: The team "left" has no people any more',
    '21:54 ruleMatchesNothing: "z*" matches no client',
    "28:48 ruleExceptionEnded: ended on 2026-11-23",
  ],
};

function prev(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) - 1);
}

function errorOf(manifest: string | Uint8Array, options?: Options): ManifestError {
  try {
    parseManifest(manifest, "access.yaml", options);
  } catch (error) {
    assert.ok(error instanceof ManifestError, String(error));
    return error;
  }
  assert.fail("the manifest was accepted");
}

/** Compares with `Case.problems`. */
function assertProblems(actual: readonly ManifestProblem[], problems: string[]): void {
  const found = actual.map(({ line, column, code, message }) => `${line}:${column} ${code}: ${message}`);
  const shown = found.join("\n");
  assert.equal(found.length, problems.length, shown);
  problems.forEach((expected, index) => {
    const [place, code, ...words] = expected.split(" ");
    assert.deepEqual(found[index]!.split(" ").slice(0, 2), [place, code], shown);
    assert.ok(found[index]!.includes(words.join(" ")), `${words.join(" ")} is not in:\n${shown}`);
  });
}

describe("A manifest with a mistake", () => {
  for (const { mistake, manifest, problems, options } of cases) {
    it(`manifest: refuses ${mistake}`, () => assertProblems(errorOf(manifest, options).problems, problems));
  }
});

describe("Problems of a manifest", () => {
  it("manifest: reports what does not prevent a deployment as a warning", () => {
    assertProblems(parseManifest(warned.manifest, "access.yaml", warned.options).warnings, warned.problems);
  });

  it("manifest: every documented problem code occurs in these tests", () => {
    const codes = [warned, ...cases, ...fileCases].flatMap(({ problems }) =>
      problems.map((each) => each.split(" ")[1]!.slice(0, -1)),
    );
    assert.deepEqual([...new Set(codes)].sort(), [...MANIFEST_PROBLEM_CODES].sort());
  });
});

describe("The report of a manifest's problems", () => {
  it("manifest report: shows no line of a private key that was pasted for a public one", () => {
    const lines = newKey().private.trim().split("\n");
    const pasted = [
      [`users: [{ name: bob, keys: ["${lines.join(" ")}"] }]`],
      ["users:", "  - name: bob", "    keys:", "      - |", ...lines.map((line) => `        ${line}`)],
      ["users:", "  - name: bob", "    keys:", ...lines.map((line) => `      ${line}`)],
      ["users:", "  - name: bob", "    keys:", ...lines, "  : ["],
    ];
    for (const wrong of pasted) {
      const error = errorOf(withAcme("sites: [www.acme.example]", "shellAccount: true", ...wrong));
      const shown = `${error.message} ${error.report} ${JSON.stringify(error.problems)}`;
      for (const secret of lines.slice(1, -1)) assert.ok(!shown.includes(secret), shown);
    }
  });

  it("manifest report: shows the ten most likely mistakes at once, each with what to do", () => {
    const manifest = [
      "version: 1",
      "clients:",
      "  - name: Acme Corp",
      "    internalName: Acme-Corp",
      "    sites: [www.acme.example, https://shop.acme.example/]",
      "    users: [alice, no, 007]",
      "    shellAccount: yes",
      "  - name: Beta",
      "    internalName: beta",
      "    site: [www.beta.example]",
      "    users: bob",
      "  - name: acme corp",
      "    internalName: acme2",
      "    sites:",
      "      - WWW.acme.example",
      "    users: [alice, alice]",
      "  - name: Gamma",
      "    internalName: gamma",
      "    shellAccount: { rotation: 2026 }",
      "",
    ].join("\n");
    assert.equal(
      errorOf(manifest).message,
      `access.yaml has 12 problems, and nothing was deployed from it.

access.yaml:4:19: The internal name "Acme-Corp" has capital letters and has characters other than a-z, 0-9 and _. Aegir would store "acmecorp" instead. Write "acmecorp", or another name by these rules.
     4 |     internalName: Acme-Corp
       |                   ^^^^^^^^^

access.yaml:5:31: The site "https://shop.acme.example/" is a URL, not a domain. Write "shop.acme.example".
     5 |     sites: [www.acme.example, https://shop.acme.example/]
       |                               ^^^^^^^^^^^^^^^^^^^^^^^^^^

access.yaml:6:20: Some YAML parsers read no as a string, others as true or false. If you mean the string, put it in quotes: "no".
     6 |     users: [alice, no, 007]
       |                    ^^

access.yaml:6:24: An entry of users must be the name of a panel user, or a map with name, but 007 is a number in YAML. If you mean the string, put it in quotes: "007".
     6 |     users: [alice, no, 007]
       |                        ^^^

access.yaml:7:19: shellAccount must be true, or a map such as { rotation: "2026-07" }, but it is the string "yes".
     7 |     shellAccount: yes
       |                   ^^^

access.yaml:10:5: A client has no field "site". Did you mean sites? The fields are name, internalName, renamedFrom, email, welcomeMail, sites, onDestroy, users, shellAccount, protect, owners, keepPeople.
    10 |     site: [www.beta.example]
       |     ^^^^

access.yaml:11:12: users must be a list of user names, for example [alice, bob], but it is a single string. Write [bob] for one entry, or a line with a dash for each of several.
    11 |     users: bob
       |            ^^^

access.yaml:12:11: Two clients have the name "acme corp", the first on line 3; capitals do not count. Give one of them another name, or join the two.
    12 |   - name: acme corp
       |           ^^^^^^^^^

access.yaml:15:9: The site "WWW.acme.example" has two owners: the client "Acme Corp" on line 5 (there "www.acme.example") and the client "acme corp" here. A site belongs to exactly one client. Delete one of the two.
    15 |       - WWW.acme.example
       |         ^^^^^^^^^^^^^^^^

access.yaml:16:20: The user "alice" is listed twice in this client, first on line 16; capitals do not count. Delete one of the two.
    16 |     users: [alice, alice]
       |                    ^^^^^

access.yaml:19:5: The client "Gamma" owns no site here, and BOA makes a login only for a client that owns one: the deployment would wait in vain. Add the client's sites, or delete shellAccount.
    19 |     shellAccount: { rotation: 2026 }
       |     ^^^^^^^^^^^^

access.yaml:19:31: rotation must be text in quotes, for example "2026-07", or a map such as { everyDays: 80 }, but 2026 is a number in YAML. If you mean the string, put it in quotes: "2026".
    19 |     shellAccount: { rotation: 2026 }
       |                               ^^^^`,
    );
  });

  it("manifest report: refuses two people with one name, and an invalid uid", () => {
    const { message } = errorOf(`version: 1
clients:
  - name: Acme Corp
    internalName: acme
    users: [{ name: alice, expectedUid: 9 }, { name: bob, expectedUid: bob }]
  - name: Beta GmbH
    internalName: beta
    users: [{ name: Alice, expectedUid: 10 }]
`);
    assert.match(message, /access\.yaml:5:\d+: expectedUid must be the number of a panel user, for example 9/);
    assert.match(message, /access\.yaml:8:\d+: The user "Alice" is expected to have uid 10 here and uid 9 on line 5\./);
  });

  it("manifest report: cuts long lines around the problem and escapes terminal commands", () => {
    const names = Array.from({ length: 60 }, (_, index) => `user${index}`).join(", ");
    const manifest = withAcme(`users: [${names}, user7, "\u001b[2J"]`);
    assert.equal(
      errorOf(manifest).message,
      `access.yaml has 2 problems, and nothing was deployed from it.

access.yaml:5:483: The user "user7" is listed twice in this client, first on line 5; capitals do not count. Delete one of the two.
     5 | ...er56, user57, user58, user59, user7, "\\x1b[2J"]
       |                                  ^^^^^

access.yaml:5:491: The character U+001B is invisible, so a reviewer may read something else than YAML does. Delete it, and retype the text around it.
     5 | ...er57, user58, user59, user7, "\\x1b[2J"]
       |                                  ^^^^`,
    );
  });

  it("manifest report: stops at 500 problems and shows 100", () => {
    const error = errorOf(withAcme(`users: [${"1, ".repeat(5000)}]`));
    assert.equal(error.problems.length, 500);
    assert.equal(error.complete, false);
    assert.match(error.message, /\n\n400 more problems are not shown\.\n\nThe rest can be checked/);
  });
});
