/** A manifest of any server, whatever its names are: it declares what can be declared, and nothing that a name says. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { liveClients } from "../../provider/inventory/declarable";
import { manifestOfInventory } from "../../provider/inventory/manifestOfInventory";
import { undeclaredOf } from "../../provider/inventory/undeclared";
import { parseManifest } from "../../provider/manifest";
import { userNameKey } from "../../provider/naming/PanelUser";
import { runs, seed } from "../support/random";
import { type Client, inventoryOf } from "./liveServer";

function declared(text: string): Client[] {
  return parseManifest(text, "access.yaml").clients.map(({ name, internalName, sites, users }) => ({
    name,
    internalName,
    sites: sites.map(({ site }) => site),
    users: users.map((user) => user.name),
  }));
}

const noManifest = parseManifest("version: 1\nclients: []\n", "access.yaml");

const withoutProblems = <T extends { problems: string[] }>(items: T[]) =>
  items.filter(({ problems }) => problems.length === 0);

const hostile =
  "yes|Null|12|1e3|\n|\r\n- name: evil|#|: |'|\"|\\|&a|*a|!t|%|@|`|{|}|[|]|,|?|- |\u202e|\u200d|\u00a0|é|Ü|名|😀|.|_|-";
const fragment = fc.oneof(
  fc.constantFrom(...hostile.split("|")),
  fc.string({ unit: "binary", maxLength: 3 }),
  fc.stringMatching(/^[a-z]{1,5}$/),
);
const anyName = fc.array(fragment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
// One spelling of each user, as the database has it.
const people = fc.uniqueArray(anyName, { minLength: 1, maxLength: 6, selector: userNameKey });
const client = fc.record({
  internalName: fc.oneof(fc.stringMatching(/^[a-z0-9_]{1,16}$/), anyName),
  name: anyName,
  sites: fc.array(fc.oneof(fc.stringMatching(/^[a-z]{1,8}\.example$/), anyName), { maxLength: 3 }),
  users: fc.subarray([0, 1, 2, 3, 4, 5]),
});
const clients = fc.uniqueArray(client, { maxLength: 4, selector: ({ internalName }) => internalName });

describe(`A dumped manifest (seed ${seed})`, () => {
  it("dumped manifest: declares exactly what can be declared, whatever the names are", () => {
    fc.assert(
      fc.property(people, clients, fc.array(anyName, { maxLength: 2 }), (names, some, defaultOwned) => {
        const bound = some.map((each) => ({ ...each, users: names.filter((_, index) => each.users.includes(index)) }));
        const inventory = inventoryOf(bound, defaultOwned);
        const text = manifestOfInventory(inventory);
        const declarable = withoutProblems(liveClients(inventory)).map(({ name, internalName, sites, users }) => ({
          ...{ name, internalName },
          sites: withoutProblems(sites).map(({ site }) => site),
          users: withoutProblems(users).map((user) => user.name),
        }));
        assert.deepEqual(declared(text), declarable, text);
        assert.doesNotMatch(text, /[^\P{C}\n]/u, "nothing invisible");
      }),
      runs(500),
    );
  });

  it("dumped manifest: leaves out the key of an empty list", () => {
    const inventory = inventoryOf([{ internalName: "acme", name: "Acme", sites: ["no domain"], users: ["a:b"] }]);
    const text = manifestOfInventory(inventory);
    assert.deepEqual(declared(text), [{ name: "Acme", internalName: "acme", sites: [], users: [] }]);
    assert.match(text, /^ {4}# sites:\n {6}# decide: /m);
  });

  it("dumped manifest: spells out look-alike names and marks each for a decision", () => {
    const users = ["alice", "\u0430lice", "\u201cbob\u201d", "\u0430\u043b\u0438\u0441\u0430"];
    const inventory = inventoryOf([{ internalName: "acme", name: "\u0410cme", sites: [], users }]);
    const text = manifestOfInventory(inventory);
    const lines = text.split("\n");
    for (const line of [
      '  - name: "<U+0410>cme" # decide: it mixes Cyrillic and Latin letters in one word',
      "      - alice",
      '      - "<U+0430>lice" # decide: it mixes Cyrillic and Latin letters in one word',
      '      - "<U+201C>bob<U+201D>" # decide: it has U+201C, which looks like "; it has U+201D, which looks like "',
      "      - \u0430\u043b\u0438\u0441\u0430",
    ]) {
      assert.ok(lines.includes(line), `${line}\nis not in\n${text}`);
    }
    assert.deepEqual(declared(text)[0]?.users.length, users.length, "it is a manifest as it is");
  });

  it("dumped manifest: an empty server gives an empty list of clients", () => {
    assert.deepEqual(declared(manifestOfInventory(inventoryOf([]))), []);
  });

  it("dumped manifest: comments out both of two clients that share a title or a login (traps 8, 21)", () => {
    const client = (internalName: string, name: string): Client => ({ internalName, name, sites: [], users: [] });
    const twins = inventoryOf([client("one", "Twin"), client("two", "TWIN"), client("three", "Three")]);
    const logins = inventoryOf([client("foo_bar", "Foo Bar"), client("foobar", "Foobar"), client("three", "Three")]);
    for (const inventory of [twins, logins]) {
      const names = declared(manifestOfInventory(inventory)).map(({ internalName }) => internalName);
      assert.deepEqual(names, ["three"]);
    }
  });

  it("dumped manifest: leaves out a client with a name that BOA reserves, on BOA only, like lint and plan", () => {
    const inventory = inventoryOf([{ internalName: "web", name: "Web", sites: ["a.example"], users: ["alice"] }]);
    const onBoa = { ...inventory, server: { ...inventory.server, clientsDirectory: "/data/disk/o1/clients" } };
    const main = { boa: { instance: "o1" }, plain: {} };
    const clientsOf = (text: string, naming: { instance?: string }) =>
      parseManifest(text, "access.yaml", { servers: { main: naming } }).clients.map(({ internalName }) => internalName);

    assert.deepEqual(clientsOf(manifestOfInventory(inventory), main.plain), ["web"]);
    assert.deepEqual(clientsOf(manifestOfInventory(onBoa), main.boa), []);
    assert.match(manifestOfInventory(onBoa), /# decide: The client "web" cannot be declared/);
    assert.deepEqual(undeclaredOf(noManifest, inventory, undefined).clients, ["client:web"]);
    assert.deepEqual(undeclaredOf(noManifest, onBoa, "o1").clients, []);
  });

  it("dumped manifest: leaves out a reserved name also if only the configuration shows that the server is BOA", () => {
    const inventory = inventoryOf([{ internalName: "web", name: "Web", sites: [], users: [] }]);
    assert.deepEqual(declared(manifestOfInventory(inventory, undefined, true)), []);
  });

  it("dumped manifest: comments out a site that is linked for other clients, and names them", () => {
    const inventory = inventoryOf([{ internalName: "acme", name: "Acme", sites: ["a.example"], users: [] }]);
    inventory.sites[0]!.links.push("beta");
    const text = manifestOfInventory(inventory);
    assert.deepEqual(declared(text)[0]?.sites, []);
    assert.match(text, /# decide: "a\.example" is not declared\. Its files are linked for "beta" as well/);
  });

  it("dumped manifest: 10,000 sites of 2,000 clients stay within the limits of time and size", () => {
    const many = Array.from({ length: 2000 }, (_, index) => ({
      internalName: `client${index}`,
      name: `Client number ${index}`,
      sites: Array.from({ length: 5 }, (_unused, site) => `site${site}.client${index}.example`),
      users: [`user${index}`, `user${index + 1}`],
    }));
    assert.equal(declared(manifestOfInventory(inventoryOf(many))).length, 2000);
  });
});
