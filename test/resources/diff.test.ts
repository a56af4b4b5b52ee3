/** What diff decides, and what it tells the reviewer of a preview beyond the properties that change. */
import assert from "node:assert/strict";
import { configureServers } from "../../provider/aegir/servers";
import { UNKNOWN } from "../../provider/resources/values";
import { configure, diff, stacks, type Values } from "./offline";

/** States as the providers leave them, and the inputs that made them. */
const resources: Record<string, { id: string; outputs: Values; inputs: Values }> = {
  AegirClient: {
    id: "client:acme",
    outputs: {
      name: "Acme Corp",
      internalName: "acme",
      email: "it@acme.example",
      welcomeMail: true,
      onExisting: "adopt",
      onDestroy: { sites: "refuse", bindings: "drop" },
      waitForLogin: false,
      server: "main",
      stateVersion: 1,
      nid: 12,
      panelUser: "acme",
    },
    inputs: {
      name: "Acme Corp",
      internalName: "acme",
      email: "it@acme.example",
      welcomeMail: true,
      onExisting: "adopt",
      onDestroy: { bindings: "drop", sites: "refuse" },
      waitForLogin: false,
      server: "main",
    },
  },
  SiteOwnership: {
    id: "site:www.acme.example",
    outputs: {
      site: "www.acme.example",
      client: "acme",
      takeOverFrom: "beta",
      waitFor: "effective",
      onDestroy: "default-owner",
      server: "main",
      stateVersion: 1,
      nid: 34,
      previousOwner: "octopus123456",
      verifyTask: 56,
      applied: true,
    },
    inputs: {
      site: "www.acme.example",
      client: "acme",
      takeOverFrom: "beta",
      waitFor: "effective",
      onDestroy: "default-owner",
      server: "main",
    },
  },
  ClientUserBinding: {
    id: "binding:acme:alice",
    outputs: {
      client: "acme",
      user: "alice",
      createUser: { email: "alice@acme.example" },
      server: "main",
      stateVersion: 1,
      uid: 78,
      warnings: [],
    },
    inputs: { client: "acme", user: "alice", createUser: { email: "alice@acme.example" }, server: "main" },
  },
  ShellAccount: {
    id: "account:o1.acme",
    outputs: {
      client: "acme",
      rotation: "1",
      passwordInState: true,
      server: "main",
      stateVersion: 1,
      username: "o1.acme",
      host: "aegir.example.com",
      sshPort: 22,
      ftpsPort: 21,
      password: "canary",
      fingerprint: "0123456789abcdef",
    },
    inputs: { client: "acme", rotation: "1", passwordInState: true, server: "main" },
  },
};

/** The diff of a resource of which these inputs, and these outputs, are different. */
function changed(type: string, inputs: Values, outputs: Values = {}) {
  const { id, ...old } = resources[type]!;
  return diff(type, id, { ...old.outputs, ...outputs }, { ...old.inputs, ...inputs });
}

describe("diff", () => {
  it("of a binding that has createUser now, or no longer, is not a change once its user is bound", () => {
    assert.equal(changed("ClientUserBinding", { createUser: undefined }).changes, false);
    assert.equal(changed("ClientUserBinding", {}, { createUser: undefined }).changes, false);
    assert.equal(changed("ClientUserBinding", {}, { createUser: undefined, uid: undefined }).changes, true);
    assert.equal(changed("ClientUserBinding", {}, { createUser: undefined, unbound: true }).changes, true);
  });

  for (const type of Object.keys(resources)) {
    it(`of an unchanged ${type} is not a change, and prints nothing`, () => {
      assert.deepEqual(changed(type, {}), { changes: false, replaces: [], printed: [] });
    });

    it(`of a ${type} on another server is a replacement`, () => {
      const { changes, replaces } = changed(type, { server: "other" });
      assert.deepEqual([changes, replaces], [true, ["server"]]);
    });

    it(`of a ${type} ignores the provider's text`, () => {
      assert.equal(changed(type, { __provider: "new" }, { __provider: "old" }).changes, false);
    });
  }

  const rules: [type: string, inputs: Values, replaces: string[]][] = [
    ["AegirClient", { internalName: "acme2" }, ["internalName"]],
    ["AegirClient", { internalName: UNKNOWN }, ["internalName"]],
    ["AegirClient", { internalName: "acme2", server: "other" }, ["internalName", "server"]],
    ["AegirClient", { name: "Acme Ltd" }, []],
    ["AegirClient", { email: undefined }, []],
    ["AegirClient", { onDestroy: { sites: "default-owner" } }, []],
    ["AegirClient", { waitForLogin: true }, []],
    ["AegirClient", { welcomeMail: false, onExisting: "fail" }, []],
    ["SiteOwnership", { site: "shop.acme.example" }, ["site"]],
    ["SiteOwnership", { client: "beta" }, []],
    ["SiteOwnership", { client: UNKNOWN }, []],
    ["SiteOwnership", { takeOverFrom: undefined }, []],
    ["SiteOwnership", { waitFor: "recorded" }, []],
    ["SiteOwnership", { onDestroy: "leave" }, []],
    ["ClientUserBinding", { client: "beta" }, ["client"]],
    ["ClientUserBinding", { user: "bob" }, ["user"]],
    ["ClientUserBinding", { client: "beta", user: "bob" }, ["client", "user"]],
    ["ClientUserBinding", { createUser: { email: "other@acme.example" } }, []],
    ["ShellAccount", { client: "beta" }, ["client"]],
    ["ShellAccount", { rotation: "2" }, []],
    ["ShellAccount", { passwordInState: false }, []],
  ];
  for (const [type, inputs, replaces] of rules) {
    const what = replaces.length > 0 ? "replaces" : "updates";
    it(`${what} a ${type} of which ${JSON.stringify(inputs)} is new`, () => {
      const result = changed(type, inputs);
      assert.deepEqual([result.changes, result.replaces], [true, replaces]);
    });
  }

  const spellings: [type: string, inputs: Values, outputs?: Values][] = [
    ["ClientUserBinding", { user: "ALICE" }],
    ["ClientUserBinding", { createUser: { email: "Alice@ACME.example" } }],
    ["AegirClient", { email: "IT@acme.EXAMPLE" }],
    ["SiteOwnership", {}, { site: "WWW.Acme.example." }],
  ];
  for (const [type, inputs, outputs = {}] of spellings) {
    it(`finds no change in the capitals of a ${type} (${JSON.stringify({ ...inputs, ...outputs })}), to which the server is blind`, () => {
      assert.deepEqual(changed(type, inputs, outputs), { changes: false, replaces: [], printed: [] });
    });
  }

  it("finds a change in the capitals of a client's title, which people see", () => {
    assert.deepEqual(changed("AegirClient", { name: "ACME Corp" }).changes, true);
  });

  it("repairs an ownership that is not effective, unless the stack is content with what is recorded", () => {
    assert.deepEqual(changed("SiteOwnership", {}, { applied: false }), {
      changes: true,
      replaces: [],
      printed: [
        "site:www.acme.example: is recorded for acme, but its files are not linked so: it will be verified again.",
      ],
    });
    const recorded = changed("SiteOwnership", { waitFor: "recorded" }, { applied: false, waitFor: "recorded" });
    assert.deepEqual(recorded, { changes: false, replaces: [], printed: [] });
  });

  it("finds an address that no bound user has any more, as a refresh leaves it", () => {
    assert.deepEqual(changed("AegirClient", {}, { email: undefined, panelUser: undefined }), {
      changes: true,
      replaces: [],
      printed: [],
    });
  });

  it("replaces a login when the configuration has another instance, and no login when it has the same", () => {
    const { main } = stacks.oneServer;
    try {
      configure({ main });
      assert.deepEqual(changed("ShellAccount", {}), { changes: false, replaces: [], printed: [] });
      configure({ main: { ...main, accounts: { instance: "o2" } } });
      const { replaces, printed } = changed("ShellAccount", {});
      assert.deepEqual(replaces, ["client"]);
      assert.match(printed.join(), /^account:o1\.acme: is replaced by o2\.acme, .*; o1\.acme is only forgotten\.$/);
    } finally {
      configureServers(undefined);
    }
  });

  const consequences: [promise: string, type: string, inputs: Values, line: string, outputs?: Values][] = [
    [
      "what a new internal name costs",
      "AegirClient",
      { internalName: "acme2" },
      "client:acme: becomes client:acme2: a new client node, and on BOA a new login with a new password and an empty home; " +
        "the old login goes when its last site has left. Platform restrictions and the panel user's name do not follow.",
    ],
    [
      "what a new name does not change",
      "AegirClient",
      { name: "Acme Ltd" },
      'client:acme: is renamed from "Acme Corp" to "Acme Ltd": internal name, login, node and the panel user\'s name stay ' +
        "as they are.",
    ],
    [
      "that a user with an address which is no longer declared keeps access",
      "AegirClient",
      { email: undefined },
      "client:acme: no longer ensures a user with it@acme.example: that user stays bound.",
    ],
    [
      "that a user with the old address keeps access",
      "AegirClient",
      { email: "ops@acme.example" },
      "client:acme: a user with ops@acme.example will be bound; the one with it@acme.example stays bound as well.",
    ],
    [
      "who loses a site and who gains it",
      "SiteOwnership",
      { client: "beta" },
      "site:www.acme.example: moves from acme to beta: users bound to acme and its shell login lose the site, those of " +
        "beta gain it.",
    ],
    [
      "who loses a site to somebody whom a preview does not know yet",
      "SiteOwnership",
      { client: UNKNOWN },
      "site:www.acme.example: moves from acme to a client not known yet: users bound to acme and its shell login lose the " +
        "site, those of a client not known yet gain it.",
    ],
    [
      "where a site goes that is no longer declared",
      "SiteOwnership",
      { site: "shop.acme.example", client: "beta" },
      "site:www.acme.example: is no longer declared here, another site is: this one goes from acme to default-owner.",
    ],
    [
      "that a site which is no longer declared stays",
      "SiteOwnership",
      { site: "shop.acme.example" },
      "site:www.acme.example: is no longer declared here, another site is: this one stays with acme.",
      { onDestroy: "leave" },
    ],
    [
      "what a rotation costs (trap 15)",
      "ShellAccount",
      { rotation: "2" },
      "account:o1.acme: gets a new password: BOA deletes the account with its home and SSH keys and creates it again, " +
        "which takes minutes. Open sessions keep the old account until they end.",
    ],
    [
      "that another client's login does not end the old one",
      "ShellAccount",
      { client: "beta" },
      "account:o1.acme: is replaced by the login of beta; o1.acme works as long as its client owns a site.",
    ],
  ];
  for (const [promise, type, inputs, line, outputs] of consequences) {
    it(`shows ${promise}`, () => {
      assert.deepEqual(changed(type, inputs, outputs).printed, [line]);
    });
  }

  it("never shows the sign that Pulumi puts in the place of an unknown value", () => {
    for (const [type, { inputs }] of Object.entries(resources)) {
      for (const key of Object.keys(inputs)) {
        const { printed } = changed(type, { [key]: UNKNOWN }, { applied: false });
        assert.ok(!printed.join("\n").includes(UNKNOWN), `${type}.${key}: ${printed.join("\n")}`);
      }
    }
  });

  it("prints what a server said on one line, escaped", () => {
    const { printed } = changed("AegirClient", { name: "Acme" }, { name: "Acme\n::error::\u001b[31mCorp\u202e" });
    assert.deepEqual(printed, [
      'client:acme: is renamed from "Acme\\n\\x3a:error::\\x1b[31mCorp\\u{202e}" to "Acme": internal name, login, node and ' +
        "the panel user's name stay as they are.",
    ]);
    const { id, outputs, inputs } = resources["SiteOwnership"]!;
    const moved = diff("SiteOwnership", `${id}\r\u009b`, { ...outputs, client: "a\nb" }, { ...inputs, client: "beta" });
    assert.deepEqual(moved.printed, [
      "site:www.acme.example\\r\\x9b: moves from a\\nb to beta: users bound to a\\nb and its shell login lose the site, " +
        "those of beta gain it.",
    ]);
  });

  it("never prints a password (trap 30)", () => {
    for (const inputs of [{ rotation: "2" }, { client: "beta" }, { passwordInState: false }]) {
      assert.ok(!changed("ShellAccount", inputs).printed.join("\n").includes("canary"));
    }
  });
});
