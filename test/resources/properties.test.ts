/** Laws of check and diff, for whatever a program may send. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { UNKNOWN } from "../../provider/resources/values";
import { runs, seed } from "../support/random";
import { check, configure, diff, stacks, type Values } from "./offline";

/** Texts that are right, nearly right, or known to break code that takes objects for maps and texts for patterns. */
const text = fc.oneof(
  fc.constantFrom("Acme Corp", "acme", "foo_bar", "alice", "www.acme.example", "WWW.Acme.Example.", "BÜCHER.example"),
  fc.constantFrom("it@acme.example", "client:beta", "default-owner", "leave", "recorded", "adopt", "main", "plain"),
  fc.constantFrom("", " ", "0", "admin", "constructor", "__proto__", "toString", "(", "[a-", "xn--", "a..b", "\u0000"),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.stringMatching(/^[A-Za-z0-9_. -]{0,20}$/),
  fc.domain(),
  fc.emailAddress(),
);

const value = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: fc.constant(UNKNOWN) },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 2, arbitrary: fc.jsonValue().map((json) => JSON.parse(JSON.stringify(json)) as unknown) },
  { weight: 1, arbitrary: fc.constantFrom({ toString: 1 }, [{ valueOf: null }], { length: -1 }) },
);

const properties: Record<string, string[]> = {
  AegirClient: ["name", "internalName", "email", "welcomeMail", "onExisting", "onDestroy", "waitForLogin", "server"],
  SiteOwnership: ["site", "client", "takeOverFrom", "waitFor", "onDestroy", "server"],
  ClientUserBinding: ["client", "user", "createUser", "server"],
  ShellAccount: ["client", "rotation", "passwordInState", "server"],
};

const nested: Record<string, fc.Arbitrary<unknown>> = {
  onDestroy: fc.record({ sites: value, bindings: value, platforms: value }, { requiredKeys: [] }),
  createUser: fc.record({ email: value, welcomeMail: value }, { requiredKeys: [] }),
};

/** Mostly the properties of the type, each present or not; sometimes anything else besides. */
function inputsOf(type: string): fc.Arbitrary<Values> {
  const known = Object.fromEntries(
    properties[type]!.map((key) => [key, nested[key] ? fc.oneof(value, nested[key]) : value]),
  );
  return fc
    .tuple(fc.record(known, { requiredKeys: [] }), fc.dictionary(fc.string(), value, { maxKeys: 2 }))
    .map(([some, others]) => ({ ...others, ...some }));
}

/** What the engine calls old inputs: what an earlier check passed. */
function oldInputsOf(type: string): fc.Arbitrary<Values> {
  return inputsOf(type).map((news) => {
    configure(stacks.oneServer);
    const { inputs, failures } = check(type, news);
    return failures.length === 0 ? inputs : {};
  });
}

/** What gets as far as diff: of the right types, but any text, since a server may have been read. */
function checkedOf(type: string, unknown: fc.Arbitrary<string>): fc.Arbitrary<Values> {
  const texts = fc.oneof(text, unknown);
  const records: Record<string, fc.Arbitrary<unknown>> = {
    onDestroy: type === "AegirClient" ? fc.record({ sites: texts, bindings: texts }, { requiredKeys: [] }) : texts,
    createUser: fc.record({ email: texts }),
    waitForLogin: fc.boolean(),
    passwordInState: fc.boolean(),
  };
  const required = ["name", "internalName", "site", "client", "user", "server"];
  return fc.record(Object.fromEntries(properties[type]!.map((key) => [key, records[key] ?? texts])), {
    requiredKeys: required.filter((key) => properties[type]!.includes(key)),
  });
}

const configurations = fc.constantFrom(stacks.oneServer, stacks.twoServers, stacks.prefixed);

describe(`whatever a program sends (seed ${seed})`, () => {
  for (const type of Object.keys(properties)) {
    const run = runs(1500);

    it(`check of ${type} answers, does not throw, and complains about properties of ${type} alone`, () => {
      fc.assert(
        fc.property(oldInputsOf(type), inputsOf(type), configurations, (olds, news, servers) => {
          configure(servers);
          for (const { property, reason } of check(type, news, olds).failures) {
            assert.ok(properties[type]!.includes(property) && reason !== "");
          }
        }),
        run,
      );
    });

    it(`check of ${type} is idempotent`, () => {
      fc.assert(
        fc.property(oldInputsOf(type), inputsOf(type), configurations, (olds, news, servers) => {
          configure(servers);
          const once = check(type, news, olds);
          assert.deepEqual(check(type, once.inputs, olds), once);
        }),
        run,
      );
    });

    it(`diff of ${type} finds no change between a state and the inputs that made it`, () => {
      fc.assert(
        fc.property(checkedOf(type, text), text, (state, id) => {
          const unchanged = { changes: false, replaces: [], printed: [] };
          assert.deepEqual(diff(type, id, { ...state, applied: true, stateVersion: 1 }, state), unchanged);
        }),
        run,
      );
    });

    it(`diff of ${type} answers in a way that Pulumi heeds, and prints whole lines`, () => {
      fc.assert(
        fc.property(checkedOf(type, text), checkedOf(type, fc.constant(UNKNOWN)), text, (state, news, id) => {
          const { changes, replaces, printed } = diff(type, id, state, news);
          assert.ok(changes || replaces.length === 0, "replaces without changes is taken for unchanged");
          for (const line of printed) {
            assert.doesNotMatch(line, /[\p{C}\p{Zl}\p{Zp}]/u);
            assert.ok(!line.includes(UNKNOWN));
          }
        }),
        run,
      );
    });
  }
});
