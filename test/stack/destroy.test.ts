/** No flag of `pulumi destroy` takes access that the manifest still declares, and one documented way destroys the stack. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OperationOptions, Outcome } from "../engine/Engine";
import { onEveryEngine } from "../scenarios/everyEngine";
import { expectOk, Scenario } from "../scenarios/Scenario";
import { skipUnlessLong } from "../support/random";

const program = join(__dirname, "..", "..");
const acme = `  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example]
    users: [alice, bob]
    shellAccount: true
`;
const beta = `  - name: Beta GmbH
    internalName: beta
    sites: [www.beta.example]
    users: [alice]
`;
const head = "version: 1\nremovalLimit: { atLeast: 100 }\nclients:\n";
const sites = ["www.acme.example", "www.beta.example"];

const flags: Record<string, OperationOptions> = {
  "without flags": {},
  "--exclude-protected": { excludeProtected: true },
  "--continue-on-error": { continueOnError: true },
  "--target of a site": {
    target: ["urn:pulumi:test::aegir-access::pulumi-nodejs:dynamic/aegir:SiteOwnership::site:www.acme.example"],
  },
  "--target of what stands for all access": {
    target: ["urn:pulumi:test::aegir-access::aegir-access:index:Access::access"],
  },
};

onEveryEngine(
  "pulumi destroy of an access manifest",
  (engine) => {
    let scenario: Scenario;
    let file: string;
    const write = (...clients: string[]) => writeFileSync(file, head + clients.join(""));

    before(async () => {
      scenario = await Scenario.open(engine(), { program });
      file = join(scenario.directory, "access.yaml");
      await scenario.configure({ "aegir-access:manifest": file });
      scenario.aegir.addSites(sites.map((site) => ({ site })));
      for (const name of ["alice", "bob"]) scenario.aegir.panel.addUser({ name });
      write(acme, beta);
      await scenario.up();
    });
    after(() => scenario?.close());

    function unchanged(): void {
      assert.deepEqual(
        sites.map((site) => scenario.owner(site)),
        ["acme", "beta"],
      );
      assert.deepEqual(scenario.aegir.panel.sitesOf("alice").sort(), sites);
      assert.deepEqual(scenario.aegir.panel.sitesOf("bob"), ["www.acme.example"]);
    }

    it("the way to destroy the stack on purpose is said once, however much is refused", async () => {
      const { diagnostics } = await scenario.stack.previewDestroy({ runProgram: true, continueOnError: true });
      assert.equal(diagnostics.split("pulumi config set aegir:destroy test").length, 2, diagnostics);
    });

    function refused(outcome: Outcome, why: RegExp, writes: number): void {
      assert.equal(outcome.ok, false, outcome.output);
      assert.match(outcome.diagnostics, why);
      assert.equal(scenario.aegir.counts.writes, writes, outcome.output);
      unchanged();
    }

    const runs: [string, OperationOptions, RegExp][] = [
      ["", {}, /You must run with the `--run-program` flag/],
      [
        " and --run-program",
        { runProgram: true },
        /is still declared by this program, so it is not destroyed\. Nothing was done/,
      ],
    ];
    for (const unprotected of [false, true]) {
      describe(unprotected ? "after `pulumi state unprotect --all`" : "as it was deployed", () => {
        before(async () => {
          if (unprotected) await scenario.stack.unprotectAll();
        });
        for (const [turn, [flag, options]] of Object.entries(flags).entries()) {
          for (const [also, more, why] of runs) {
            it(`${flag}${also}: refused by the preview and without one, and nothing is written`, async function () {
              // Every day each flag is tried with and without --run-program, protected and unprotected: each pair of these.
              const isPlayedDaily = (turn + Number(unprotected) + Number(more.runProgram ?? false)) % 2 === 0;
              if (!isPlayedDaily) skipUnlessLong(this, "further combinations of the flags of `pulumi destroy`");
              const { writes } = scenario.aegir.counts;
              refused(await scenario.stack.previewDestroy({ ...options, ...more }), why, writes);
              refused(await scenario.stack.destroy({ ...options, ...more }), why, writes);
            });
          }
        }
      });
    }

    describe("otherwise", () => {
      it("a client that leaves the manifest is still taken away by `pulumi up`", async () => {
        write(acme);
        await scenario.up();
        assert.equal(scenario.owner("www.beta.example"), "octopus123456");
        write(acme, beta);
        await scenario.up();
        unchanged();
      });

      it("a resource that is replaced by force loses nothing", async () => {
        const { writes } = scenario.aegir.counts;
        const urn = "urn:pulumi:test::aegir-access::pulumi-nodejs:dynamic/aegir:SiteOwnership::site:www.acme.example";
        const replaced = expectOk(await scenario.stack.up({ replace: [urn] }));
        assert.equal(replaced.changes["delete-replaced"], 1);
        assert.equal(scenario.aegir.counts.writes, writes);
        unchanged();
      });

      it("aegir:destroy is refused with the name of another stack, and as long as something is protected", async () => {
        await scenario.configure({ "aegir:destroy": "production" });
        assert.match(
          (await scenario.stack.previewDestroy({ runProgram: true })).diagnostics,
          /this stack is called "test"/,
        );
        await scenario.configure({ "aegir:destroy": "test" });
        write(acme, beta.replace("sites:", "protect: true\n    sites:"));
        const outcome = await scenario.stack.destroy({ runProgram: true });
        assert.equal(outcome.ok, false);
        assert.match(
          outcome.diagnostics,
          /protects the client beta, so this stack cannot be destroyed\. Nothing was done/,
        );
        write(acme, beta);
        unchanged();
      });

      it("aegir:destroy and --run-program destroy the stack, and say first who loses what", async () => {
        await scenario.configure({ "aegir:destroy": "test" });
        const preview = expectOk(await scenario.stack.previewDestroy({ runProgram: true }));
        unchanged();
        for (const said of [/alice/, /bob/, /www\.acme\.example/, /www\.beta\.example/, /of \d+ grants/]) {
          assert.match(preview.diagnostics, said);
        }
        expectOk(await scenario.stack.destroy({ runProgram: true }));
        for (const site of sites) assert.equal(scenario.owner(site), "octopus123456");
        assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), []);
      });

      it("a destroy stops at a client with undeclared sites, bindings and a platform's only row, and onDestroy takes it to the end (trap 10)", async () => {
        const { panel } = scenario.aegir;
        await scenario.up();
        panel.addUser({ name: "eve" });
        panel.bind("acme", "eve");
        scenario.aegir.addSites([{ site: "other.acme.example", owner: "acme" }]);
        panel.addPlatform("acme-only", ["acme"]);
        await scenario.configure({ "aegir:destroy": "test" });
        const stopped = await scenario.stack.destroy({ runProgram: true });
        assert.equal(stopped.ok, false);
        assert.match(stopped.diagnostics, /other\.acme\.example.*eve.*acme-only/);

        const releases = "{ undeclaredSites: default-owner, undeclaredBindings: drop, platforms: default-owner }";
        write(acme.replace("sites:", `onDestroy: ${releases}\n    sites:`), beta);
        await scenario.up();
        await scenario.configure({ "aegir:destroy": "test" });
        assert.match(
          expectOk(await scenario.stack.previewDestroy({ runProgram: true })).diagnostics,
          /its other\s+sites\s+go\s+to\s+the\s+default\s+owner/,
        );
        expectOk(await scenario.stack.destroy({ runProgram: true }));
        const { clients, platformAccess } = scenario.aegir.tables();
        assert.ok(!clients.some(({ internalName }) => ["acme", "beta"].includes(internalName)));
        assert.equal(scenario.owner("other.acme.example"), "octopus123456");
        assert.deepEqual(panel.sitesOf("eve"), []);
        assert.deepEqual(
          platformAccess.filter(({ platform }) => platform === "acme-only"),
          [{ platform: "acme-only", client: "octopus123456" }],
        );
      });
    });
  },
  10,
);
