/** Every example is a program that a reader may copy: it deploys, a second up changes nothing, and it destroys. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { onEveryEngine } from "../scenarios/everyEngine";
import { expectOk, Scenario, sitesSeenBy } from "../scenarios/Scenario";

const examples = join(__dirname, "..", "..", "examples");
const programs = readdirSync(examples).filter((name) => existsSync(join(examples, name, "Pulumi.yaml")));

interface Example {
  sites: string[];
  users?: string[];
  aegir?: SmallAegirOptions;
  /** What is true on the server after the deployment, as the example's own text promises. */
  holds: (scenario: Scenario) => void | Promise<void>;
}

const plays: Record<string, Example> = {
  "one-client-and-its-site": {
    sites: ["www.acme.example"],
    async holds(scenario) {
      assert.deepEqual(await scenario.sitesOf("o1.acme"), ["www.acme.example"]);
      assert.deepEqual(scenario.aegir.panel.sitesOf("acme"), ["www.acme.example"]);
    },
  },
  "team-sharing-one-client": {
    sites: ["intranet.webteam.example", "www.webteam.example"],
    users: ["alice", "bob"],
    holds(scenario) {
      for (const user of ["alice", "bob", "erin"]) {
        assert.deepEqual(scenario.aegir.panel.sitesOf(user), ["intranet.webteam.example", "www.webteam.example"]);
      }
    },
  },
  "one-person-several-clients": {
    sites: ["www.acme.example", "www.beta.example"],
    users: ["alice"],
    holds: (scenario) =>
      assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), ["www.acme.example", "www.beta.example"]),
  },
  "moving-a-site": {
    sites: ["www.acme.example"],
    async holds(scenario) {
      assert.equal(scenario.owner("www.acme.example"), "acme");
      await scenario.configure({ "moving-a-site:owner": "beta" });
      await scenario.up();
      assert.equal(scenario.owner("www.acme.example"), "beta");
    },
  },
  "rotating-a-password": {
    sites: ["www.acme.example"],
    async holds(scenario) {
      const old = scenario.aegir.tables().passwordFiles["o1.acme"]!.trimEnd();
      await scenario.configure({ "rotating-a-password:rotation": "2026-08" });
      await scenario.up();
      assert.equal(await sitesSeenBy(scenario.aegir, "o1.acme", old), undefined);
      assert.deepEqual(await scenario.sitesOf("o1.acme"), ["www.acme.example"]);
    },
  },
  "keys-of-people": {
    sites: ["www.acme.example"],
    aegir: { user: "root", owner: "o1", accountsUser: "root" },
    async holds({ aegir, stack }) {
      const people = () => aegir.tables().authorizedKeys["o1.acme"]?.trim().split("\n").length;
      const password = () => aegir.tables().passwordFiles["o1.acme"];
      assert.equal(people(), 2);
      const old = password();
      const later = 81 * 86_400;
      aegir.clock.skip(later);
      const shifted = join(__dirname, "..", "support", "shiftedClock.cjs");
      const env = { NODE_OPTIONS: `--require ${shifted}`, CLOCK_AHEAD: `${later * 1000}` };
      expectOk(await stack.up({ env }));
      assert.notEqual(password(), old);
      assert.equal(people(), 2);
    },
  },
  "several-servers": {
    sites: ["www.acme.example"],
    holds: (scenario) => assert.equal(scenario.owner("www.acme.example"), "acme"),
  },
  manifest: {
    sites: ["www.acme.example", "shop.acme.example", "www.beta.example"],
    users: ["alice", "carol"],
    holds(scenario) {
      assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), [
        "shop.acme.example",
        "www.acme.example",
        "www.beta.example",
      ]);
      assert.deepEqual(scenario.aegir.panel.sitesOf("carol"), ["www.beta.example"]);
    },
  },
};

onEveryEngine("examples", (engine) => {
  it("each of them has its play", () => {
    assert.deepEqual(programs.sort(), Object.keys(plays).sort());
  });

  for (const [name, { sites, users = [], aegir, holds }] of Object.entries(plays)) {
    it(name, async () => {
      const program = join(examples, name);
      const second = name === "several-servers" ? await SmallAegir.start() : undefined;
      const servers = second && { us: second.configuration() };
      const server = second ? "eu" : "main";
      const scenario = await Scenario.open(engine(), { program, server, servers, ...(aegir && { aegir }) });
      try {
        scenario.aegir.addSites(sites.map((site) => ({ site })));
        second?.addSites([{ site: "us.acme.example" }]);
        for (const user of users) scenario.aegir.panel.addUser({ name: user });
        await scenario.up();
        const again = await scenario.up();
        // A manifest's program reads what its last deployment granted.
        assert.deepEqual(
          Object.keys(again.changes).filter((change) => change !== "read"),
          ["same"],
        );
        await holds(scenario);
        await scenario.configure({ "aegir:destroy": "test" });
        expectOk(await scenario.stack.destroy({ runProgram: true }));
        for (const site of sites) assert.equal(scenario.owner(site), "octopus123456");
      } finally {
        await scenario.close();
        await second?.stop();
      }
    });
  }
});
