import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseFiles, parseManifest } from "../../provider/manifest";
import { accessPage } from "../../provider/review/accessPage";
import { accessOfManifest } from "../../provider/review/fromManifest";
import { skip } from "../support/skip";
import { Browser } from "./Browser";
import { manyGrants } from "./manyGrants";
import { picture, TODAY } from "./pictures";

const evil = `</script><img src=x onerror=document.title=1>`;
const small = picture([
  `{ name: "Acme ${evil}", internalName: acme, sites: [www.acme.example, shop.acme.example], email: it@acme.example, ` +
    `users: [alice, { name: bob, expires: 2026-12-31, reason: "${evil}" }, { name: eve, expires: 2026-11-01 }] }`,
  "{ name: Beta GmbH, internalName: beta, sites: [www.beta.example], users: [alice] }",
]);

describe("The access page", () => {
  it("access page: contains everything it needs, and blocks other scripts and requests", () => {
    const page = accessPage(small);
    const policy = /content="(default-src[^"]*)"/.exec(page)?.[1] ?? "";
    for (const [kind, element] of [
      ["script", /<script>([^]*?)<\/script>/] as const,
      ["style", /<style>([^]*?)<\/style>/] as const,
    ]) {
      const hash = createHash("sha256").update(element.exec(page)![1]!).digest("base64");
      assert.ok(policy.includes(`${kind}-src 'sha256-${hash}'`), policy);
    }
    assert.match(policy, /^default-src 'none'/);
    assert.doesNotMatch(page, /(src|href)=["']?(?!x )/, "nothing is loaded");
    assert.ok(!page.includes(evil) && !page.includes("<img"));
  });

  describe("in a browser", () => {
    let browser: Browser;
    const shown = (id: string) => browser.evaluate<string>(`document.getElementById("${id}").innerText`);
    const type = (text: string) =>
      browser.evaluate(
        `(() => { const box = document.getElementById("search"); box.value = ${JSON.stringify(text)}; box.dispatchEvent(new Event("input")); })()`,
      );
    const click = (text: string) =>
      browser.evaluate(
        `[...document.querySelectorAll("button")].find((each) => each.textContent === ${JSON.stringify(text)}).click()`,
      );

    before(async function () {
      const command = Browser.find();
      if (command === undefined) skip(this, "the page of who reaches what in a browser", "apt-get install chromium");
      browser = await Browser.open(command, { width: 1100, height: 800 });
    });
    after(() => browser?.close());

    it("access page: shows what a person reaches and who reaches a site, with links between them", async () => {
      await browser.show(accessPage(small));
      await type("ALI");
      assert.equal(await shown("found"), "People (1)\nalice");
      await click("alice");
      assert.match(await shown("detail"), /^alice\s+reaches 3 sites in the panel/);
      await click("www.beta.example");
      assert.match(
        await shown("detail"),
        /^www\.beta\.example\s+belongs to beta \(Beta GmbH\)\s+In the panel\s+alice\s+Over SSH, SFTP and FTPS\s+o1\.beta$/,
      );
      await type("shop acme");
      assert.equal(await shown("found"), "Sites (1)\nshop.acme.example");
      await type("nobody");
      assert.equal(await shown("found"), "Nothing is found.");
    });

    it("access page: shows the end and the reason of a grant, hides ended ones, and explains mail addresses", async () => {
      await browser.show(accessPage(small), "#site%3Awww.acme.example");
      const text = await shown("detail");
      assert.match(text, /bob\s*until 2026-12-31/);
      assert.match(text, /it@acme\.example\s*whoever has this address/);
      assert.doesNotMatch(text, /\beve\b/);
    });

    it("access page: shows when each person last used the panel, where it is known", async () => {
      const uses = new Map([["user:alice", { day: "2026-08-25", created: "2020-01-01", asOf: TODAY }]]);
      const text = "version: 1\nclients:\n  - { name: A, internalName: a, sites: [a.example], users: [alice, bob] }\n";
      const access = accessOfManifest(parseManifest(text, "access.yaml", { asOf: TODAY }), null, uses);
      await browser.show(accessPage(access), "#site%3Aa.example");
      assert.match(await shown("detail"), /In the panel\s+alice\s*last used the panel on 2026-08-25\s+bob$/);
      await click("alice");
      assert.match(await shown("detail"), /^alice\s+reaches 1 site in the panel\s+last used the panel on 2026-08-25/);
    });

    it("access page: shows teams, ends, broken rules, and the clients and owners of a file", async () => {
      const files = {
        "people.yaml":
          "version: 1\npeople:\n  bob: { external: true, ends: 2026-12-31 }\n  ann: {}\nteams:\n  web: [bob]\n  all: [web, ann]\n" +
          "rules:\n  - { rule: Few, reason: least privilege, level: advise, mostPeople: 1 }\n",
        "web.yaml":
          'version: 1\nowners: ["@acme/web"]\nclients:\n  - { name: Acme, internalName: acme, sites: [a.example], users: [{ team: all }] }\n',
      };
      const contents = Object.entries(files).map(([file, content]) => ({ file: `access/${file}`, content }));
      await browser.show(accessPage(accessOfManifest(parseFiles("access", contents, { asOf: TODAY }))), "#team%3Aall");
      assert.match(
        await shown("detail"),
        /^all\s+People\s+ann\s+bob\s*external\s+Teams in it\s+web\s+May act for\s+acme/,
      );
      await click("bob");
      assert.match(await shown("detail"), /All access ends after 2026-12-31[^]*Teams\s+all\s+web[^]*Through Acme/);
      await click("all");
      await click("acme");
      assert.match(
        await shown("detail"),
        /Owners[^\n]*: @acme\/web\s+Broken rules\s+This breaks the rule Few: [^]*least privilege[^]*bob[^\n]*team all[^]*File\s+web\.yaml$/,
      );
      await click("web.yaml");
      assert.match(await shown("detail"), /^web\.yaml\s+Owners[^\n]*: @acme\/web\s+Clients\s+acme/);
      await type("few");
      assert.equal(await shown("found"), "Broken rules (1)\nFew");
    });

    it("access page: shows names unchanged and runs no code in them", async () => {
      await browser.show(accessPage(small), "#client%3Aacme");
      assert.ok((await shown("detail")).includes(evil));
      assert.equal(await browser.evaluate("document.images.length + document.scripts.length"), 2);
      assert.equal(await browser.evaluate("document.title"), "Who reaches which site");
    });

    it("access page: handles 10,000 sites, 2,000 clients and 5,000 people, and renders only what is visible", async () => {
      const many = accessOfManifest(parseManifest(manyGrants(10_000, 2_000, 5_000), "access.yaml", { asOf: TODAY }));
      await browser.show(accessPage(many));
      assert.match(await shown("about"), /5000 people, 2000 clients, 10000 sites/);
      await type("shop client19");
      assert.match(await shown("found"), /^Sites \(111\)/);
      assert.ok((await browser.evaluate<number>(`document.querySelectorAll("li").length`)) < 220);
    });
  });
});
