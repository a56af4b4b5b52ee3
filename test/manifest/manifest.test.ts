import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { ManifestError, parseManifest } from "../../provider/manifest";
import { closest } from "../../provider/manifest/closest";
import { manifestJsonSchema } from "../../provider/manifest/jsonSchema";

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000_000);

const manifest = `version: 1
server: main            # one of the configured servers
clients:
  - name: Beta GmbH
    users: [carol, bob] # bob is made by the other entry
  - name: Acme Corp
    internalName: acme
    email: it@acme.example
    sites:
      - www.acme.example
      - site: Shop.Acme.Example.
        takeOverFrom: beta
      - münchen.example
    onDestroy: leave
    users:
      - name: bob
        createUser: { email: bob@acme.example }
      - alice
    shellAccount: { rotation: "2026-07" }
`;

describe(`A manifest (seed ${seed})`, () => {
  it("becomes the desired access, in normal form and in an order of its own", () => {
    assert.deepEqual(parseManifest(manifest, "access.yaml"), {
      server: "main",
      clients: [
        {
          name: "Acme Corp",
          internalName: "acme",
          internalNameIsDerived: false,
          email: "it@acme.example",
          sites: [
            { site: "shop.acme.example", takeOverFrom: "beta", line: 11, column: 15 },
            { site: "www.acme.example", takeOverFrom: undefined, line: 10, column: 9 },
            { site: "xn--mnchen-3ya.example", takeOverFrom: undefined, line: 13, column: 9 },
          ],
          onDestroy: "leave",
          users: [
            { name: "alice", createUser: undefined, line: 18, column: 9 },
            { name: "bob", createUser: { email: "bob@acme.example" }, line: 16, column: 15 },
          ],
          shellAccount: { rotation: "2026-07" },
          line: 6,
          column: 11,
        },
        {
          name: "Beta GmbH",
          internalName: "betagmbh",
          internalNameIsDerived: true,
          email: undefined,
          sites: [],
          onDestroy: "defaultOwner",
          users: [
            { name: "bob", createUser: { email: "bob@acme.example" }, line: 5, column: 20 },
            { name: "carol", createUser: undefined, line: 5, column: 13 },
          ],
          shellAccount: undefined,
          line: 4,
          column: 11,
        },
      ],
      warnings: parseManifest(manifest, "access.yaml").warnings,
    });
  });

  it("may be given as bytes, with line ends of Windows", () => {
    const { clients } = parseManifest(Buffer.from(manifest.replaceAll("\n", "\r\n")), "access.yaml");
    assert.deepEqual(clients, parseManifest(manifest, "access.yaml").clients);
  });

  it("warns of an internal name that hangs on the title, and of a site that may be an alias", () => {
    const { warnings } = parseManifest(
      "version: 1\nclients:\n  - name: Acme\n    sites: [acme.example, www.acme.example]\n",
      "access.yaml",
    );
    assert.deepEqual(warnings.map(String), [
      "access.yaml:3:11: The internal name is made from the name. With another name this would be another client, with a login of its own. Write the line internalName: acme.\n" +
        "     3 |   - name: Acme\n" +
        "       |           ^^^^",
      'access.yaml:4:27: "www.acme.example" and "acme.example" on line 4 are often one site and its alias, and an alias has no owner. If the panel shows only one of them as a site, delete the other.\n' +
        "     4 |     sites: [acme.example, www.acme.example]\n" +
        "       |                           ^^^^^^^^^^^^^^^^",
    ]);
  });

  it("is read by the names of the server that it means", () => {
    const servers = { main: { clientPrefix: "c_" }, other: {} };
    const text = (server: string) => `version: 1\nserver: ${server}\nclients: [{ name: Acme }]\n`;
    const internalName = (server: string) =>
      parseManifest(text(server), "access.yaml", { servers }).clients[0]?.internalName;
    assert.equal(internalName("main"), "c_acme");
    assert.equal(internalName("other"), "acme");
    const one = parseManifest("version: 1\nclients: [{ name: Acme }]\n", "access.yaml", {
      servers: { main: servers.main },
    });
    assert.equal(one.clients[0]?.internalName, "c_acme");
  });

  it("may declare no client at all, if it says so", () => {
    assert.deepEqual(parseManifest("version: 1\nclients: []\n", "access.yaml").clients, []);
  });

  it("keeps many sites, clients and users apart", () => {
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

  it("is accepted, or refused with a ManifestError whose text is safe to show, whatever it is", () => {
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
      { seed, numRuns: 2000 },
    );
  });

  it("has a JSON Schema for editors that is up to date; `npm run schema` writes it", () => {
    const file = join(__dirname, "../../provider/manifest/access.schema.json");
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), JSON.parse(JSON.stringify(manifestJsonSchema())));
  });

  it("has a description for every field", () => {
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

describe("A misspelt word", () => {
  it("is taken for the closest candidate, or for none", () => {
    const fields = ["name", "internalName", "email", "sites", "users", "shellAccount"];
    assert.equal(closest("sits", fields), "sites");
    assert.equal(closest("internalname", fields), "internalName");
    assert.equal(closest("naem", fields), "name");
    assert.equal(closest("shellAcount", fields), "shellAccount");
    assert.equal(closest("comment", fields), undefined);
    assert.equal(closest("", fields), undefined);
  });
});
