/** The table of design.md, section 2, row by row: what is there already, what a destroy leaves, what is waited for. */
import assert from "node:assert/strict";
import type { Outcome } from "../../engine/Engine";
import type { Declaration } from "../../scenarios/program/index";
import { bound, client, expectOk, login, owned } from "../../scenarios/ScenarioStack";
import { skip } from "../../support/skip";
import { type ScenarioFixture, until } from "./ScenarioFixture";

/** Declares a resource whose client is a name, not a link: it does not wait for, nor fail with, the client's resource. */
function unlinked(declaration: Declaration, client: string): Declaration {
  return { ...declaration, args: { ...declaration.args, client } };
}

export function describeResources(scenario: ScenarioFixture): void {
  describe("what is there already", () => {
    let first: string;
    let second: string;
    let acme: string;
    let other: string;
    const titled = (name: string) => `${scenario.server.prefix} ${name}`;

    before(async () => {
      await scenario.open();
      [first, second] = scenario.sites;
      [acme, other] = [scenario.named("acme"), scenario.named("other")];
      const { fixture } = scenario;
      await fixture.addClient({ uname: acme, title: titled("Acme Incorporated") });
      const owner = await fixture.addClient({ uname: other, title: titled("Other") });
      await fixture.addUser({ name: scenario.named("new"), mail: scenario.mail("somebody") });
      await fixture.bind(owner, await fixture.addUser({ name: scenario.named("alice"), mail: scenario.mail("alice") }));
      const { nid } = await scenario.site(second);
      await fixture.addAlias(nid, scenario.domain("alias"));
      await fixture.addDeletedSite({ title: scenario.domain("deleted"), client: owner, like: nid });
      for (const site of scenario.sites) await scenario.give(site, owner);
      if (!scenario.server.configuration.accounts) return;
      await until("the login is made", async () => Boolean(await scenario.password(scenario.account(other))));
    });
    after(() => scenario.close());

    describe("and is not what is declared", () => {
      let outcome: Outcome;
      let digests: string[];

      const refusals: { what: string; declared: () => Declaration; says: () => string; accounts?: true }[] = [
        {
          what: "a client of this internal name and another name is refused, showing both",
          declared: () => client(acme, titled("Acme Corp")),
          says: () => `the server has "${titled("Acme Incorporated")}", the stack declares "${titled("Acme Corp")}"`,
        },
        {
          what: "a client whose shell login another client has is refused (trap 21)",
          declared: () => client(scenario.named("oth_er"), titled("Oth Er")),
          says: () => `${scenario.named("oth_er")} would share its shell login with ${other}`,
        },
        {
          what: "a client whose user's name another user has is refused before anything is written (trap 8)",
          declared: () => client(scenario.named("new"), titled("New"), { email: scenario.mail("new") }),
          says: () =>
            `no user has the address ${scenario.mail("new")}, and none can be created: another user already has the name ${scenario.named("new")}`,
        },
        {
          what: "another client's site is refused, naming that client",
          declared: () => unlinked(owned(first, acme), acme),
          says: () =>
            `${first} belongs to another client, ${other} ("${titled("Other")}"), and is declared for ${acme}`,
        },
        {
          what: "another client's site is refused if takeOverFrom names a third one",
          declared: () => unlinked(owned(second, acme, { takeOverFrom: scenario.named("third") }), acme),
          says: () => `Write takeOverFrom: "${other}" to take it from ${other}`,
        },
        {
          what: "a domain that is only an alias is refused, naming its site (trap 23)",
          declared: () => unlinked(owned(scenario.domain("alias"), acme), acme),
          says: () => `there is no site ${scenario.domain("alias")}: it is an alias of ${second}`,
        },
        {
          what: "a domain that only a deleted site had is refused (trap 24)",
          declared: () => unlinked(owned(scenario.domain("deleted"), acme), acme),
          says: () => `there is no site ${scenario.domain("deleted")}: only a deleted site had this name`,
        },
        {
          what: "a domain that no site has is refused",
          declared: () => unlinked(owned(scenario.domain("none"), acme), acme),
          says: () => `there is no site ${scenario.domain("none")}: no site has this name`,
        },
        {
          what: "a user who does not exist is refused, naming the input that makes one",
          declared: () => unlinked(bound(acme, scenario.named("nobody")), acme),
          says: () => `there is no panel user ${scenario.named("nobody")} to bind to ${acme}`,
        },
        {
          what: "a new user whose address somebody has is refused",
          declared: () =>
            unlinked(bound(acme, scenario.named("al"), { createUser: { email: scenario.mail("alice") } }), acme),
          says: () =>
            `the user ${scenario.named("al")} cannot be created: another user has the address ${scenario.mail("alice")}`,
        },
        {
          what: "a login of a client without a site is refused at once (trap 14)",
          declared: () => unlinked(login(acme, first), acme),
          says: () => `the client ${acme} has no active site (it owns none), so BOA keeps no login for it`,
          accounts: true,
        },
      ];

      before(async () => {
        const { accounts } = scenario.server.configuration;
        const possible = refusals.filter((refusal) => accounts || !refusal.accounts);
        const before = await scenario.fixture.digest("everything");
        scenario.stack.declare(possible.map(({ declared }) => declared()));
        outcome = await scenario.stack.stack.up({ continueOnError: true });
        digests = [before, await scenario.fixture.digest("everything")];
      });

      for (const { what, says, accounts } of refusals) {
        it(what, function () {
          if (accounts && !scenario.server.configuration.accounts) skip(this, "this server makes no shell accounts");
          assert.ok(outcome.output.includes(says()), `not said: ${says()}\n${outcome.output}`);
        });
      }

      it("and nothing at all is written", () => {
        assert.deepEqual(
          outcome.steps.filter((step) => step.outcome !== "failed"),
          [],
        );
        assert.equal(digests[1], digests[0]);
      });
    });

    describe("and may be adopted, taken and given back", () => {
      let refused: Outcome;

      it("what is as declared is adopted with no write", async () => {
        const { accounts } = scenario.server.configuration;
        const password = accounts && (await scenario.password(scenario.account(other)));
        const before = await scenario.fixture.digest("everything");
        const declared = [
          client(other, titled("Other")),
          bound(other, scenario.named("alice")),
          owned(second, other),
          ...(accounts ? [login(other, second)] : []),
        ];
        assert.deepEqual((await scenario.stack.up(declared)).changes, { create: declared.length });
        assert.equal(await scenario.fixture.digest("everything"), before);
        if (accounts) assert.equal(await scenario.password(scenario.account(other)), password);
      });

      it("what may be taken is taken: a name, a site from the client that is named, a user, a pair", async () => {
        await scenario.stack.up([
          client(other, titled("Other")),
          bound(other, scenario.named("alice")),
          owned(second, other),
          client(acme, titled("Acme Corp"), { onExisting: "adopt", email: scenario.mail("somebody") }),
          bound(acme, scenario.named("al"), { createUser: { email: scenario.mail("al") } }),
          owned(first, acme, { takeOverFrom: other, onDestroy: `client:${other}` }),
        ]);
        const { users } = await scenario.fixture.state();
        const found = await scenario.client(acme);
        assert.deepEqual([found?.title, found?.author], [titled("Acme Corp"), 1]);
        // The user with the address of `email` is bound whatever the name; the new one has the role of clients.
        assert.deepEqual(found?.users, [scenario.named("al"), scenario.named("new")]);
        assert.deepEqual(users.find(({ name }) => name === scenario.named("al"))?.roles, ["aegir client"]);
        await scenario.reachedBy(first, acme);
        assert.equal(await scenario.owner(second), other);
      });

      it("a destroy hands a site over as onDestroy says, and leaves one that another client owns by now", async () => {
        const { fixture } = scenario;
        const third = await fixture.addClient({ uname: scenario.named("third"), title: titled("Third") });
        await scenario.give(second, third);
        const owner = (await scenario.client(other))!.nid;
        await fixture.bind(owner, await fixture.addUser({ name: scenario.named("bob"), mail: scenario.mail("bob") }));
        refused = await scenario.stack.stack.destroy({ continueOnError: true });
        await scenario.reachedBy(first, other);
        assert.equal(await scenario.owner(second), scenario.named("third"));
      });

      it("it refuses a client with undeclared sites and bindings, lists them, and takes the declared pair alone (trap 10)", async () => {
        assert.equal(refused.ok, false);
        const remaining = `the client ${other} still has sites ${first}; bindings of ${scenario.named("bob")} (`;
        assert.ok(refused.output.includes(remaining), refused.output);
        assert.deepEqual((await scenario.client(other))?.users, [scenario.named("bob")]);
        assert.equal(await scenario.client(acme), undefined);
      });

      it("a client's undeclared sites and bindings go where onDestroy says, but never the last row of a platform (trap 10)", async function () {
        const { fixture } = scenario;
        const platform = await fixture.platform();
        if (platform === null) skip(this, `no platform has a title that begins with "${scenario.server.prefix}"`);
        const onDestroy = { sites: "default-owner", bindings: "drop", platforms: "drop" };
        const owner = (await scenario.client(other))!.nid;
        await fixture.restrict(platform, [owner]);
        await scenario.stack.up([client(other, titled("Other"), { onDestroy })]);
        const before = await fixture.digest("everything");
        const last = await scenario.stack.stack.destroy();
        assert.match(last.output, new RegExp(`the client ${other} is the only one allowed on `));
        assert.equal(await fixture.digest("everything"), before);

        const third = (await scenario.client(scenario.named("third")))!.nid;
        await fixture.restrict(platform, [owner, third]);
        expectOk(await scenario.stack.stack.destroy());
        assert.deepEqual(await fixture.allowed(platform), [third]);
        assert.equal(await scenario.client(other), undefined);

        const replaced = client(scenario.named("third"), titled("Third"), {
          onDestroy: { ...onDestroy, platforms: "default-owner" },
        });
        await scenario.stack.up([replaced]);
        expectOk(await scenario.stack.stack.destroy());
        assert.deepEqual(await fixture.allowed(platform), [(await fixture.state()).defaultClient.nid]);
        await fixture.restrict(platform, []);
        await scenario.reachedBy(first, (await fixture.state()).defaultClient.uname);
      });

      it("no user is ever deleted (trap 9)", async () => {
        const names = (await scenario.fixture.state()).users.map(({ name }) => name);
        assert.deepEqual(
          names,
          ["al", "alice", "bob", "new"].map((name) => scenario.named(name)),
        );
      });

      scenario.tellTheEnd();
    });
  });

  describe("what changes meanwhile, and what is waited for", () => {
    let site: string;
    let acme: string;
    let beta: string;
    const titled = (name: string) => `${scenario.server.prefix} ${name}`;
    const people = () => [client(acme, titled("Acme")), client(beta, titled("Beta"))];

    before(async () => {
      await scenario.open();
      [site] = scenario.sites;
      [acme, beta] = [scenario.named("acme"), scenario.named("beta")];
      await scenario.fixture.addUser({ name: scenario.named("alice"), mail: scenario.mail("alice") });
    });
    after(() => scenario.close());

    it("a task that runs on the site is waited for; if it does not end, nothing is written (trap 11)", async () => {
      const { configuration } = scenario.server;
      const impatient = { ...configuration, waits: { ...configuration.waits, taskMinutes: 0.02 } };
      await scenario.stack.configure({ "aegir:servers": { secret: JSON.stringify({ main: impatient }) } });
      const before = await scenario.owner(site);
      const task = await scenario.fixture.addRunningTask((await scenario.site(site)).nid);
      scenario.stack.declare([...people(), owned(site, acme)]);
      const outcome = await scenario.stack.stack.up({ continueOnError: true });
      assert.equal(outcome.ok, false);
      assert.match(outcome.output, new RegExp(`the login-reset task of .*\\(task ${task}\\).*Nothing was changed`));
      assert.equal(await scenario.owner(site), before);
      await scenario.fixture.removeTask(task);
      await scenario.stack.configure({ "aegir:servers": { secret: JSON.stringify({ main: configuration }) } });
    });

    it("waitFor: recorded waits for the owner alone, and the files follow", async () => {
      await scenario.stack.up([
        ...people(),
        bound(acme, scenario.named("alice")),
        owned(site, acme, { waitFor: "recorded" }),
      ]);
      assert.equal(await scenario.owner(site), acme);
      await scenario.settled();
      await scenario.reachedBy(site, acme);
    });

    it("what others change by hand is not overwritten unseen", async () => {
      const { nid } = (await scenario.client(beta))!;
      const gamma = await scenario.fixture.addClient({ uname: scenario.named("gamma"), title: titled("Gamma") });
      await scenario.fixture.renameClient(nid, titled("By Hand"));
      await scenario.give(site, gamma);
      scenario.stack.declare([
        client(acme, titled("Acme")),
        client(beta, titled("Beta Limited")),
        bound(acme, scenario.named("alice")),
        unlinked(owned(site, beta), beta),
      ]);
      const outcome = await scenario.stack.stack.up({ continueOnError: true });
      assert.equal(outcome.ok, false);
      for (const conflict of [
        `the name of the client ${beta} changed since this stack last saw it: expected "${titled("Beta")}", found "${titled("By Hand")}"`,
        `the owner of ${site} changed since this stack last saw it: expected ${acme}, found ${scenario.named("gamma")}`,
      ]) {
        assert.ok(outcome.output.includes(conflict), `not said: ${conflict}\n${outcome.output}`);
      }
      assert.equal((await scenario.client(beta))?.title, titled("By Hand"));
      assert.equal(await scenario.owner(site), scenario.named("gamma"));
    });

    it("a refresh sees an owner, a name and a pair that others changed, and they are put back", async () => {
      const { nid, bindings } = (await scenario.client(acme))!;
      await scenario.fixture.unbind(nid, bindings[0]!);
      scenario.stack.declare([...people(), bound(acme, scenario.named("alice")), owned(site, acme)]);
      const outcome = expectOk(await scenario.stack.stack.up({ refresh: true }));
      assert.ok(outcome.output.includes(titled("By Hand")) && outcome.output.includes(scenario.named("gamma")));
      assert.equal((await scenario.client(beta))?.title, titled("Beta"));
      assert.deepEqual((await scenario.client(acme))?.users, [scenario.named("alice")]);
      await scenario.reachedBy(site, acme);
    });

    scenario.tellTheEnd();
  });
}
