import assert from "node:assert/strict";
import { ownerRefused } from "../../provider/aegir/ownerRefused";
import type { SiteFacts } from "../../provider/worker/facts";

const siteOf = (owner: SiteFacts["owner"]): SiteFacts => ({
  ...{ nid: 7, site: "www.acme.example", status: 1, ownerNid: owner?.nid ?? 0, owner },
  ...{ hostmaster: false, links: [], tasks: [], lastVerify: null },
});

describe("The refusal to take a site that was reinstalled for another client", () => {
  const recorded = { nid: 5, client: "acme", ownerNid: 3 };

  it("names that client in both ways out", () => {
    const beta = { nid: 4, internalName: "beta", name: "Beta GmbH" };
    const { message } = ownerRefused("otherSite", siteOf(beta), "acme", recorded, "aegir@server:22");
    assert.match(message, /takeOverFrom: "?beta"?/);
  });

  it("advises no takeOverFrom that check would reject, if the site has no owner", () => {
    const { message } = ownerRefused("otherSite", siteOf(null), "acme", recorded, "aegir@server:22");
    assert.doesNotMatch(message, /takeOverFrom/);
    assert.match(message, /panel/);
  });
});
