/** What check makes of good inputs: derived, normalised and selected values, unknown ones, and what it notes. */
import assert from "node:assert/strict";
import { configureServers } from "../../provider/aegir/servers";
import { isDeclared } from "../../provider/resources/uniqueIdentities";
import { UNKNOWN } from "../../provider/resources/values";
import { newProviderProcess } from "../support/newProviderProcess";
import { check, configure, stacks, type Values } from "./offline";

/** One complete, valid set of inputs per type. */
const complete: Record<string, Values> = {
  AegirClient: {
    name: "Acme Corp",
    internalName: "acme",
    email: "it@acme.example",
    welcomeMail: true,
    onExisting: "adopt",
    onDestroy: { sites: "client:beta", bindings: "drop", platforms: "refuse" },
    waitForLogin: true,
    server: "main",
  },
  SiteOwnership: {
    site: "www.acme.example",
    client: "acme",
    takeOverFrom: "beta",
    waitFor: "recorded",
    onDestroy: "client:beta",
    server: "main",
  },
  ClientUserBinding: {
    client: "acme",
    user: "alice",
    createUser: { email: "alice@acme.example", welcomeMail: false },
    server: "main",
  },
  ShellAccount: { client: "acme", rotation: "2026-07", passwordInState: false, server: "main" },
};

/** The inputs with one value, at whatever depth, replaced by what a preview does not know; every such variant. */
function variants(values: Values): { path: string; values: Values }[] {
  return Object.entries(values).flatMap(([key, value]) => [
    { path: key, values: { ...values, [key]: UNKNOWN } },
    ...(typeof value === "object" && value !== null
      ? variants(value as Values).map((nested) => ({
          path: `${key}.${nested.path}`,
          values: { ...values, [key]: nested.values },
        }))
      : []),
  ]);
}

describe("check", () => {
  beforeEach(() => configure(stacks.oneServer));
  afterEach(() => newProviderProcess());

  for (const [type, inputs] of Object.entries(complete)) {
    it(`gives back complete and right inputs of ${type} as they are`, () => {
      assert.deepEqual(check(type, inputs), { inputs, failures: [] });
    });

    for (const { path, values } of variants(inputs)) {
      it(`passes a value of ${type}.${path} that a preview does not know yet`, () => {
        assert.deepEqual(check(type, values), { inputs: values, failures: [] });
      });
    }

    it(`takes a property of ${type} that is null for one that is absent`, () => {
      const absent = Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== "server"));
      const optional = ["email", "welcomeMail", "onExisting", "onDestroy", "takeOverFrom", "createUser", "rotation"];
      for (const key of Object.keys(absent)) if (optional.includes(key)) delete absent[key];
      const nulls = Object.fromEntries(optional.map((key) => [key, null]));
      assert.deepEqual(check(type, { ...nulls, ...absent, server: null }), {
        inputs: { ...absent, server: "main" },
        failures: [],
      });
    });

    it(`leaves Pulumi's own entries of ${type} alone`, () => {
      assert.equal(check(type, { ...inputs, __provider: "text" }).inputs["__provider"], "text");
    });

    it(`puts the name of the only server into the inputs of ${type}`, () => {
      assert.equal(check(type, { ...inputs, server: undefined }).inputs["server"], "main");
    });

    it(`says how to configure a server if a stack with a ${type} has none`, () => {
      configureServers(undefined);
      assert.deepEqual(check(type, { ...inputs, server: undefined }).failures, [
        {
          property: "server",
          reason:
            "the configuration has no `aegir:servers` (server not known). Nothing was changed. Set `aegir:servers` in the " +
            "stack's configuration (see docs/servers.md of this package); destroy and refresh use the configuration of the " +
            "last `pulumi up`, unless they run with --run-program.",
        },
      ]);
    });
  }

  describe("of a site", () => {
    const spellings = ["WWW.Acme.Example", " www.acme.example ", "www.acme.example.", "www.ACME.example.\n"];
    for (const site of spellings) {
      it(`writes ${JSON.stringify(site)} in its normal form`, () => {
        assert.deepEqual(check("SiteOwnership", { site, client: "acme" }), {
          inputs: { site: "www.acme.example", client: "acme", server: "main" },
          failures: [],
        });
      });
    }

    it("writes an international name in its ASCII form", () => {
      const { inputs, failures } = check("SiteOwnership", { site: "Bücher.example", client: "acme" });
      assert.deepEqual([inputs["site"], failures], ["xn--bcher-kva.example", []]);
    });

    it("leaves what is not a domain as it is, so that a message shows what was written", () => {
      assert.equal(check("SiteOwnership", { site: "HTTPS://Acme", client: "acme" }).inputs["site"], "HTTPS://Acme");
    });
  });

  describe("of an internal name that is not given", () => {
    it("derives it as Aegir does, and shows it", () => {
      assert.deepEqual(check("AegirClient", { name: "Acme & Söhne GmbH" }), {
        inputs: { name: "Acme & Söhne GmbH", internalName: "acmeshnegmbh", server: "main" },
        failures: [],
      });
    });

    it("derives it with the prefix of the server that is meant", () => {
      configure({ ...stacks.prefixed, plain: stacks.twoServers.plain });
      assert.equal(check("AegirClient", { name: "Acme", server: "main" }).inputs["internalName"], "cl_acme");
      assert.equal(check("AegirClient", { name: "Acme", server: "plain" }).inputs["internalName"], "acme");
    });

    it("keeps it while the name derives the same", () => {
      const { inputs, failures } = check("AegirClient", { name: "ACME" }, { name: "Acme", internalName: "acme" });
      assert.deepEqual([inputs["internalName"], failures], ["acme", []]);
    });

    it("fails if another name would change it, and shows both lines that could be meant", () => {
      const olds = { name: "Acme Corp", internalName: "acmecorp", server: "main" };
      assert.deepEqual(check("AegirClient", { name: "Globex" }, olds).failures, [
        {
          property: "internalName",
          reason:
            'The internal name is acmecorp, but would be globex if it were derived from "Globex". ' +
            'Write internalName: "acmecorp" to keep client, login and password; ' +
            'write internalName: "globex" to replace the client on purpose.',
        },
      ]);
      for (const internalName of ["acmecorp", "globex"]) {
        assert.deepEqual(check("AegirClient", { name: "Globex", internalName }, olds).failures, []);
      }
    });

    it("proposes no line that would fail in its turn", () => {
      const olds = { name: "Acme Corp", internalName: "acmecorp" };
      assert.deepEqual(
        check("AegirClient", { name: "Web" }, olds).failures.map(({ reason }) => reason),
        [
          'The internal name is acmecorp, but would be web if it were derived from "Web". ' +
            'Write internalName: "acmecorp" to keep client, login and password; ' +
            "write another one to replace the client on purpose.",
        ],
      );
    });

    it("keeps it while a preview does not know the name, since it never changes by itself", () => {
      const olds = { name: "Acme", internalName: "acme" };
      assert.equal(check("AegirClient", { name: UNKNOWN }, olds).inputs["internalName"], "acme");
      assert.deepEqual(check("AegirClient", { name: UNKNOWN }), {
        inputs: { name: UNKNOWN, server: "main" },
        failures: [],
      });
    });
  });

  describe("with several servers", () => {
    beforeEach(() => configure(stacks.twoServers));

    it("takes the one that is named", () => {
      for (const server of ["main", "plain"]) {
        assert.deepEqual(check("ClientUserBinding", { client: "acme", user: "alice", server }).failures, []);
      }
    });

    it("does not guess", () => {
      for (const [type, inputs] of Object.entries(complete)) {
        const { failures } = check(type, { ...inputs, server: undefined });
        assert.deepEqual(failures, [
          {
            property: "server",
            reason: 'This stack has several servers (main, plain). Choose one: server: "main".',
          },
        ]);
      }
    });

    it("judges by the rules of the server that is meant", () => {
      assert.deepEqual(check("AegirClient", { name: "Acme", waitForLogin: true, server: "main" }).failures, []);
      assert.equal(check("AegirClient", { name: "Acme", waitForLogin: true, server: "plain" }).failures.length, 1);
    });
  });

  describe("notes what the program declares", () => {
    it("for the Aegir that a server is, under whatever name it is configured", () => {
      configure({ main: stacks.oneServer.main, renamed: stacks.oneServer.main });
      check("AegirClient", { name: "Acme", server: "main" });
      assert.equal(isDeclared("renamed", "client:acme"), true);
    });

    it("for one server, not for another", () => {
      configure(stacks.twoServers);
      check("AegirClient", { name: "Acme", server: "main" });
      assert.equal(isDeclared("main", "client:acme"), true);
      assert.equal(isDeclared("plain", "client:acme"), false);
    });

    it("by the derived name, the normal form, and the pair", () => {
      for (const [type, inputs] of Object.entries(complete)) check(type, inputs);
      check("SiteOwnership", { site: "Shop.Acme.Example.", client: "acme" });
      check("AegirClient", { name: "Acme Ltd" });
      check("ClientUserBinding", { client: "acme", user: "Bob" });
      const declared = [
        "client:acme",
        "client:acmeltd",
        "site:www.acme.example",
        "site:shop.acme.example",
        "binding:acme:alice",
        "binding:acme:bob",
        "account:o1.acme",
      ];
      assert.deepEqual(
        declared.filter((id) => !isDeclared("main", id)),
        [],
      );
    });

    it("but nothing that it cannot know", () => {
      check("SiteOwnership", { site: UNKNOWN, client: "acme" });
      check("AegirClient", { name: UNKNOWN });
      check("ClientUserBinding", { client: "acme", user: UNKNOWN });
      check("ShellAccount", { client: UNKNOWN });
      for (const kind of ["site", "client", "binding:acme", "account:o1"]) {
        assert.equal(isDeclared("main", `${kind}:${UNKNOWN}`), false);
      }
    });
  });
});
