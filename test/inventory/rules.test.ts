/** The rules of a manifest, applied to what a live server has. */
import assert from "node:assert/strict";
import { auditOf } from "../../provider/inventory/Audit";
import { planOf } from "../../provider/inventory/Plan";
import { ruledServer } from "../../provider/inventory/ruledServer";
import { parseManifest } from "../../provider/manifest";
import { brokenRules } from "../../provider/rules/judge";
import { newKey } from "../support/keys";
import { type Client, inventoryOf } from "./liveServer";

const asOf = "2026-11-24";
const KEY = newKey().public.trim();

function manifestOf(rules: string[], more = ""): ReturnType<typeof parseManifest> {
  const text = `version: 1
people: { alice: {}, bob: { external: true, keys: ["${KEY}"] }, carol: {} }
teams: { agency: [bob] }
rules:
${rules.map((rule, index) => `  - { rule: R${index}, reason: x, ${rule} }\n`).join("")}clients:
  - { name: Acme, internalName: acme, sites: [www.acme.example], users: [alice, carol] }
  - { name: Beta, internalName: beta, sites: [www.beta.example], users: [{ name: bob, expires: 2026-12-24 }, alice], shellAccount: true }
${more}`;
  return parseManifest(text, "access.yaml", { asOf });
}

const live = (acme: string[], beta = ["alice", "bob"], others: Client[] = []) =>
  inventoryOf([
    { internalName: "acme", name: "Acme", sites: ["www.acme.example"], users: acme },
    { internalName: "beta", name: "Beta", sites: ["www.beta.example"], users: beta },
    ...others,
  ]);
const noLogins = { instance: null, ages: new Map<string, never>(), problem: null };

/** The ids of what breaks rules, with the names below each. */
function audited(
  rules: string[],
  inventory: ReturnType<typeof live>,
  logins: Parameters<typeof auditOf>[2] = noLogins,
  more = "",
) {
  const { entries } = auditOf(manifestOf(rules, more), inventory, logins, undefined);
  return entries.flatMap(({ kind, finding, names }) =>
    finding?.startsWith("broken-rule:") ? [[kind, finding, ...names].join(" ")] : [],
  );
}

describe("Rules on a live server", () => {
  it("audit: a binding that is not declared breaks a rule, and the declared ones keep their ends", () => {
    const rules = [
      "level: never, clients: [acme], never: { teams: [agency] }",
      "level: refuse, externalsEnd: { within: 90 }",
    ];
    assert.deepEqual(audited(rules, live(["alice", "carol"])), []);
    assert.deepEqual(audited(rules, live(["alice", "carol", "Bob"])), [
      "rule broken-rule:R0:acme bob",
      "rule broken-rule:R1:acme bob",
    ]);
  });

  it("audit: knownFindings accept a broken rule until another person breaks it", () => {
    const rules = ["level: refuse, mostPeople: 2"];
    const known =
      "knownFindings: [{ finding: 'broken-rule:R0:acme', names: [alice, carol, dave], reason: x, until: 2026-12-24 }]\n";
    assert.deepEqual(audited(rules, live(["alice", "carol", "dave"]), noLogins, known), [
      "accepted broken-rule:R0:acme alice carol dave",
    ]);
    assert.deepEqual(audited(rules, live(["alice", "carol", "eve"]), noLogins, known), [
      "rule broken-rule:R0:acme alice carol eve",
    ]);
  });

  it("audit: a key in a login gives reach to the person whose it is, bound or not", () => {
    const rules = ["level: never, clients: [acme], never: { people: [bob] }"];
    const logins = { ...noLogins, keys: new Map([["acme", `${KEY} left behind\n`]]) };
    assert.deepEqual(audited(rules, live(["alice", "carol"]), logins), ["rule broken-rule:R0:acme bob"]);
  });

  it("audit: knows administrators, mail addresses and blocked users of the panel", () => {
    const inventory = live(["alice", "carol", "bob"]);
    const changed = {
      ...inventory,
      users: inventory.users.map((user) => ({
        ...user,
        administrator: user.name === "carol",
        active: user.name !== "bob",
        mail: user.name === "alice" ? "alice@elsewhere.example" : user.mail,
      })),
    };
    const rules = [
      "level: refuse, noAdministrators: true",
      "level: refuse, mailDomains: [example.com]",
      "level: never, clients: [acme], never: { people: [bob] }",
    ];
    assert.deepEqual(audited(rules, changed), [
      "rule broken-rule:R0:acme carol",
      "rule broken-rule:R1:acme alice",
      "rule broken-rule:R1:beta alice",
    ]);
  });

  it("audit: applies rules to clients that are not declared, and not to those of the server itself", () => {
    const rules = [
      "level: never, never: { teams: [agency] }, clients: ['*'], allow: []",
      "level: refuse, leastPeople: 1",
    ].map((rule) => rule.replace(", allow: []", "").replace("clients: ['*']", "clients: [acme, 'g*']"));
    const gamma = { internalName: "gamma", name: "Gamma", sites: [], users: ["bob"] };
    const empty = { internalName: "empty", name: "Empty", sites: [], users: [] };
    assert.deepEqual(audited(rules, live(["alice", "carol"], undefined, [gamma, empty])), [
      "rule broken-rule:R0:gamma bob",
    ]);
  });

  it("audit: advice does not alarm", () => {
    const { entries } = auditOf(
      manifestOf(["level: advise, mostPeople: 1"]),
      live(["alice", "carol"]),
      noLogins,
      undefined,
    );
    assert.deepEqual(
      entries.filter(({ kind }) => kind === "rule"),
      [],
    );
    assert.equal(entries.filter(({ kind, resource }) => kind === "known" && resource === "client:acme").length, 1);
  });

  it("plan: applies rules to what there will be after the deployment", () => {
    const manifest = manifestOf(["level: refuse, mostPeople: 2"]);
    const after = (inventory: ReturnType<typeof live>) => {
      const planned = planOf(manifest, inventory, null);
      return brokenRules(manifest.rules, ruledServer(manifest, planned.after, inventory, {})).map(
        ({ violation }) => violation.client?.internalName,
      );
    };
    assert.deepEqual(
      after(live(["dave"], ["alice", "bob", "carol"])),
      ["acme", "beta"],
      "alice and carol come, and dave stays",
    );
    assert.deepEqual(
      after(live(["alice"], ["alice", "bob"], [{ internalName: "gamma", name: "Gamma", sites: [], users: ["carol"] }])),
      [],
    );
  });
});
