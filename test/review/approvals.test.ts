import assert from "node:assert/strict";
import { parseFiles } from "../../provider/manifest";
import { approvalsOf } from "../../provider/review/approvals";
import { accessOfManifest } from "../../provider/review/fromManifest";

/** By client: the file's owner, and what else the client has. */
type Files = Record<string, [owner: string, more: string]>;

function accessOf(files: Files) {
  const contents = Object.entries(files).map(([client, [owner, more]]) => ({
    file: `access/${client}.yaml`,
    content: `version: 1\nowners: ["${owner}"]\nclients:\n  - { name: ${client}, internalName: ${client}, users: [alice], ${more} }\n`,
  }));
  return accessOfManifest(parseFiles("access", contents, { asOf: "2026-11-24" }));
}

function approvals(before: Files, after: Files): string[] {
  return approvalsOf(accessOf(before), accessOf(after)).map(
    ({ owners, clients }) => `${owners.join(" ")}: ${clients.join(" ")}`,
  );
}

const base: Files = {
  acme: ["@org/web", "sites: [www.acme.example]"],
  beta: ["@org/shop", "sites: [www.beta.example]"],
};

describe("Approvals", () => {
  it("approvals: a client that changes hands needs the owners before and after", () => {
    assert.deepEqual(approvals(base, { ...base, acme: ["@org/shop", "sites: [www.acme.example]"] }), [
      "@org/shop: acme",
      "@org/web: acme",
    ]);
  });

  it("approvals: a site that moves between clients needs the owners of both", () => {
    const moved: Files = {
      acme: ["@org/web", "sites: []"],
      beta: ["@org/shop", "sites: [www.acme.example, www.beta.example]"],
    };
    assert.deepEqual(approvals(base, moved), ["@org/shop: beta", "@org/web: acme"]);
  });

  it("approvals: a client that is new, and one that goes, need the owners that it has", () => {
    const { acme, beta } = base as { acme: [string, string]; beta: [string, string] };
    assert.deepEqual(approvals({ acme }, base), ["@org/shop: beta"]);
    assert.deepEqual(approvals(base, { beta }), ["@org/web: acme"]);
    assert.deepEqual(approvals(base, base), []);
  });
});
