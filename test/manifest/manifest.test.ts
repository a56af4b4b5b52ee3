import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { ManifestError, parseManifest, readManifest } from "../../provider/manifest";
import { closest } from "../../provider/manifest/closest";
import { manifestJsonSchema } from "../../provider/manifest/jsonSchema";
import { newKey } from "../support/keys";
import { runs, seed } from "../support/random";

const manifest = `version: 1
server: main            # one of the configured servers
clients:
  - name: Beta GmbH
    internalName: betagmbh
    users: [carol, bob] # bob is made by the other entry
  - name: Acme Corp
    internalName: acme
    email: it@acme.example
    welcomeMail: true
    sites:
      - www.acme.example
      - site: Shop.Acme.Example.
        takeOverFrom: beta
      - münchen.example
    onDestroy: { sites: leave, undeclaredBindings: drop, platforms: default-owner }
    users:
      - name: bob
        createUser: { email: bob@acme.example, welcomeMail: true }
      - { name: alice, expires: 2026-12-31, reason: "TICKET-12, relaunch" }
      - { name: dave, expires: 2026-11-23 }
    shellAccount: { rotation: "2026-07" }
`;

/** A user of the manifest above that an entry names. */
function user(
  name: string,
  entry: { line: number; column: number; expires?: string; reason?: string; createUser?: object },
): object {
  const { line, column, expires, reason, createUser } = entry;
  const way = { expires, reason, file: "access.yaml", line, column };
  return { name, key: name, createUser, expectedUid: undefined, keys: [], ...way, ways: [{ team: undefined, ...way }] };
}

const BOB = { createUser: { email: "bob@acme.example", welcomeMail: true } };

describe(`Reading a manifest (seed ${seed})`, () => {
  it("manifest: the keys of a user hold for all entries of the user, whatever their order and comments", () => {
    const [one, other] = [newKey().public, newKey().public];
    const read = (first: string[], second: string[]) => {
      const client = (name: string, keys: string[]) =>
        `{ name: ${name}, internalName: ${name}, sites: [${name}.example], shellAccount: true, users: [{ name: bob, keys: [${keys.join(", ")}] }] }`;
      const { clients } = parseManifest(
        `version: 1\nclients: [${client("a", first)}, ${client("b", second)}]`,
        "access.yaml",
      );
      return clients.map(({ users }) => users.flatMap(({ keys }) => keys));
    };
    const both = [one, other].sort();
    assert.deepEqual(read([one], [other]), [both, both]);
    assert.deepEqual(read([other, one], []), [both, both]);
    assert.deepEqual(read([`${one} laptop`], [`${one} desk`]), [[`${one} laptop`], [`${one} laptop`]]);
  });

  it("manifest: reads the desired access in normal form and sorted", () => {
    const { warnings, ...access } = parseManifest(manifest, "access.yaml", { asOf: "2026-11-24" });
    assert.deepEqual(
      warnings.map(({ summary }) => summary),
      [
        'access.yaml:21:32: "dave" could act for the client "Acme Corp" until 2026-11-23, and no longer. Delete the entry, or write a later day.',
      ],
    );
    assert.deepEqual(access, {
      server: "main",
      asOf: "2026-11-24",
      removalLimit: { percent: 30, atLeast: 10 },
      gainLimit: undefined,
      allowRemovals: undefined,
      allowGains: undefined,
      rules: [],
      knownFindings: [],
      people: [],
      teams: [],
      files: [
        {
          file: "access.yaml",
          path: "",
          owners: [],
          scope: { clients: undefined, sites: undefined },
          settings: ["server"],
        },
      ],
      clients: [
        {
          name: "Acme Corp",
          internalName: "acme",
          renamedFrom: undefined,
          protect: false,
          keepPeople: false,
          owners: [],
          email: "it@acme.example",
          welcomeMail: true,
          sites: [
            {
              site: "shop.acme.example",
              takeOverFrom: "beta",
              protect: false,
              file: "access.yaml",
              line: 13,
              column: 15,
            },
            {
              site: "www.acme.example",
              takeOverFrom: undefined,
              protect: false,
              file: "access.yaml",
              line: 12,
              column: 9,
            },
            {
              site: "xn--mnchen-3ya.example",
              takeOverFrom: undefined,
              protect: false,
              file: "access.yaml",
              line: 15,
              column: 9,
            },
          ],
          onDestroy: {
            sites: "leave",
            undeclaredSites: "refuse",
            undeclaredBindings: "drop",
            platforms: "default-owner",
          },
          users: [
            user("alice", { line: 20, column: 17, expires: "2026-12-31", reason: "TICKET-12, relaunch" }),
            user("bob", { line: 18, column: 15, ...BOB }),
          ],
          expired: [user("dave", { line: 21, column: 17, expires: "2026-11-23" })],
          shellAccount: { rotation: "2026-07", rotateOnLeave: false },
          file: "access.yaml",
          line: 7,
          column: 11,
        },
        {
          name: "Beta GmbH",
          internalName: "betagmbh",
          renamedFrom: undefined,
          protect: false,
          keepPeople: false,
          owners: [],
          email: undefined,
          welcomeMail: false,
          sites: [],
          onDestroy: {
            sites: "default-owner",
            undeclaredSites: "refuse",
            undeclaredBindings: "refuse",
            platforms: "refuse",
          },
          users: [user("bob", { line: 6, column: 20, ...BOB }), user("carol", { line: 6, column: 13 })],
          expired: [],
          shellAccount: undefined,
          file: "access.yaml",
          line: 4,
          column: 11,
        },
      ],
    });
  });

  it("manifest: reads protection, the removal limit and former names", () => {
    const text = `version: 1
removalLimit: { percent: 50 }
allowRemovals:
  until: 2026-12-24
  reason: TICKET-12, the customer leaves
  grants: 42
  clients: [acme]
  sites: [WWW.Acme.Example]
clients:
  - { name: Acme, internalName: acme2, renamedFrom: acme, protect: true, keepPeople: true, users: [alice], sites: [{ site: a.example, protect: true }] }
`;
    const { removalLimit, allowRemovals, clients } = parseManifest(text, "access.yaml", { asOf: "2026-11-24" });
    assert.deepEqual(removalLimit, { percent: 50, atLeast: 10 });
    assert.deepEqual(allowRemovals, {
      ...{ until: "2026-12-24", reason: "TICKET-12, the customer leaves", grants: 42 },
      ...{ clients: ["acme"], sites: ["www.acme.example"], users: [] },
    });
    const [client] = clients;
    assert.deepEqual(
      [client?.renamedFrom, client?.protect, client?.keepPeople, client?.sites[0]?.protect],
      ["acme", true, true, true],
    );
    const later = parseManifest(text, "access.yaml", { asOf: "2026-12-25" });
    assert.equal(later.allowRemovals, undefined);
    assert.match(later.warnings.join("\n"), /allowRemovals ended on 2026-12-24/);
  });

  it("manifest: includes the last day of a grant, and warns 14 days ahead", () => {
    const text =
      "version: 1\nclients:\n  - { name: Acme, internalName: acme, keepPeople: true, users: [{ name: bob, expires: 2026-12-10 }] }\n";
    const on = (asOf: string) => {
      const { clients, warnings } = parseManifest(text, "access.yaml", { asOf });
      return [clients[0]!.users.length, ...warnings.map(({ message }) => message.replace(/\. .*/, ""))];
    };
    const can = '"bob" can act for the client "Acme" until 2026-12-10: ';
    assert.deepEqual(on("2026-11-25"), [1]);
    assert.deepEqual(on("2026-11-26"), [1, `${can}14 days are left`]);
    assert.deepEqual(on("2026-12-09"), [1, `${can}1 day is left`]);
    assert.deepEqual(on("2026-12-10"), [1, `${can}today is the last day`]);
    assert.deepEqual(on("2026-12-11"), [
      0,
      'The client "Acme" is to keep a person (keepPeople), but has none now',
      '"bob" could act for the client "Acme" until 2026-12-10, and no longer',
    ]);
  });

  it("manifest: is read as of today by default", () => {
    const before = new Date().toISOString().slice(0, 10);
    const { asOf } = parseManifest("version: 1\nclients: []\n", "access.yaml");
    assert.ok(asOf === before || asOf === new Date().toISOString().slice(0, 10));
  });

  it("manifest: accepts bytes and Windows line endings", () => {
    const { clients } = parseManifest(Buffer.from(manifest.replaceAll("\n", "\r\n")), "access.yaml");
    assert.deepEqual(clients, parseManifest(manifest, "access.yaml").clients);
  });

  it("manifest: warns of a site that may be an alias", () => {
    const { warnings } = parseManifest(
      "version: 1\nclients:\n  - name: Acme\n    internalName: acme\n    sites: [acme.example, www.acme.example]\n",
      "access.yaml",
    );
    assert.deepEqual(warnings.map(String), [
      'access.yaml:5:27: "www.acme.example" and "acme.example" on line 5 are often one site and its alias, and an alias has no owner. If the panel shows only one of them as a site, delete the other.\n' +
        "     5 |     sites: [acme.example, www.acme.example]\n" +
        "       |                           ^^^^^^^^^^^^^^^^",
    ]);
  });

  it("manifest: applies the naming rules of the server that it names", () => {
    const servers = { main: { clientPrefix: "c_" }, other: {} };
    const text = (server: string, internalName: string) =>
      `version: 1\n${server}\nclients: [{ name: Acme, internalName: ${internalName} }]\n`;
    const internalName = (server: string, declared: string, configured: object = servers) =>
      parseManifest(text(server, declared), "access.yaml", { servers: { ...configured } }).clients[0]?.internalName;
    assert.equal(internalName("server: main", "c_acme"), "c_acme");
    assert.equal(internalName("server: other", "acme"), "acme");
    assert.equal(internalName("", "c_acme", { main: servers.main }), "c_acme");
    for (const [server, configured] of [
      ["server: main", servers],
      ["", { main: servers.main }],
    ] as const) {
      assert.throws(() => internalName(server, "acme", configured), /Write "c_acme"/);
    }
  });

  it("manifest: accepts an explicitly empty list of clients", () => {
    assert.deepEqual(parseManifest("version: 1\nclients: []\n", "access.yaml").clients, []);
  });

  it("manifest: keeps many sites, clients and users separate", () => {
    const size = 1000;
    const lines = Array.from({ length: size }, (_, index) => {
      return `  - { name: Client ${index}, internalName: c${index}, sites: [s${index}.example], users: [u${index}, everybody] }\n`;
    });
    const { clients, warnings } = parseManifest(`version: 1\nclients:\n${lines.join("")}`, "access.yaml");
    assert.equal(clients.length, size);
    assert.equal(new Set(clients.flatMap(({ sites }) => sites.map(({ site }) => site))).size, size);
    assert.equal(new Set(clients.flatMap(({ users }) => users.map(({ name }) => name))).size, size + 1);
    assert.deepEqual(warnings, []);
  });

  it("manifest: accepts any input or refuses it with a ManifestError that is safe to show", () => {
    const fragment = fc.oneof(
      fc.constantFrom(
        ..."version: 1|clients:|  - name: |internalName: |sites: |users: |shellAccount: |createUser: |email: |[|]|{|}|- |? |: |&a |*a |!!str |'|\"|#|%YAML 1.1|---|\n|\n    |\t|<<: |__proto__: |true|null|1e3|\ufeff|\u0000|\u202e|\ud800|a@b.example".split(
          "|",
        ),
      ),
      fc.string({ unit: "binary", maxLength: 8 }),
      fc.domain(),
    );
    const edited = fc
      .tuple(fc.nat(manifest.length), fc.nat(20), fragment)
      .map(([at, length, text]) => manifest.slice(0, at) + text + manifest.slice(at + length));
    const content = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join("")),
      edited,
      fc.json().map((json) => `version: 1\nclients: ${json}`),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(content, (content) => {
        try {
          const { clients } = parseManifest(content, "access.yaml");
          for (const { internalName } of clients) assert.match(internalName, /^[a-z0-9_]{1,16}$/);
        } catch (error) {
          assert.ok(error instanceof ManifestError, String(error));
          assert.ok(error.problems.length > 0);
          assert.doesNotMatch(error.message, /[^\P{C}\n]/u);
          const places = error.problems.map(({ line, column }) => line * 1e6 + column);
          assert.deepEqual(
            places,
            places.toSorted((left, right) => left - right),
          );
        }
      }),
      runs(2000),
    );
  });

  it("JSON Schema of the manifest: is what `npm run schema` writes", () => {
    const file = join(__dirname, "../../provider/manifest/access.schema.json");
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), JSON.parse(JSON.stringify(manifestJsonSchema())));
  });

  it("manifest: accepts the manifests of this repository, and their schema paths exist", () => {
    const root = join(__dirname, "../..");
    for (const file of ["stacks/access.yaml", "examples/manifest/access.yaml", "test/demo/access.yaml"]) {
      const path = join(root, file);
      assert.deepEqual(readManifest(path, { servers: { main: {} } }).warnings, []);
      const schema = /\$schema=(\S+)/.exec(readFileSync(path, "utf8"))?.[1];
      if (schema) assert.equal(resolve(path, "..", schema), join(root, "provider/manifest/access.schema.json"));
    }
  });

  it("JSON Schema of the manifest: describes every field", () => {
    const undescribed: string[] = [];
    interface Schema {
      description?: string;
      properties?: Record<string, Schema>;
      items?: Schema;
      anyOf?: Schema[];
    }
    const visit = (schema: Schema, path: string): void => {
      for (const [key, field] of Object.entries(schema.properties ?? {})) {
        if (!field.description) undescribed.push(`${path}${key}`);
        visit(field, `${path}${key}.`);
      }
      for (const branch of [schema.items ?? [], schema.anyOf ?? []].flat()) visit(branch, path);
    };
    visit(manifestJsonSchema() as Schema, "");
    assert.deepEqual(undescribed, []);
  });
});

describe("closest", () => {
  it("closest: finds the candidate that a misspelt word means, or none", () => {
    const fields = ["name", "internalName", "email", "sites", "users", "shellAccount"];
    assert.equal(closest("sits", fields), "sites");
    assert.equal(closest("internalname", fields), "internalName");
    assert.equal(closest("naem", fields), "name");
    assert.equal(closest("shellAcount", fields), "shellAccount");
    assert.equal(closest("comment", fields), undefined);
    assert.equal(closest("", fields), undefined);
  });
});
