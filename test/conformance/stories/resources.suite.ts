/** The table of design.md, section 2, row by row: what is there already, what a destroy leaves, what is waited for. */
import assert from "node:assert/strict";
import type { Outcome } from "../../engine/Engine";
import { bound, client, expectOk, login, owned } from "../../scenarios/ScenarioStack";
import type { Declaration } from "../../scenarios/program/index";
import { skip } from "../../support/skip";
import { until, type StoryStage } from "./StoryStage";

/** Declares a resource whose client is a name, not a link: it does not wait for, nor fail with, the client's resource. */
function unlinked(declaration: Declaration, client: string): Declaration {
  return { ...declaration, args: { ...declaration.args, client } };
}

export function tellResources(stage: StoryStage): void {
  describe("what is there already", () => {
    let first: string;
    let second: string;
    let acme: string;
    let other: string;
    const titled = (name: string) => `${stage.server.prefix} ${name}`;

    before(async () => {
      await stage.open();
      [first, second] = stage.sites;
      [acme, other] = [stage.named("acme"), stage.named("other")];
      const { backstage } = stage;
      await backstage.addClient({ uname: acme, title: titled("Acme Incorporated") });
      const owner = await backstage.addClient({ uname: other, title: titled("Other") });
      await backstage.addUser({ name: stage.named("new"), mail: stage.mail("somebody") });
      await backstage.bind(owner, await backstage.addUser({ name: stage.named("alice"), mail: stage.mail("alice") }));
      const { nid } = await stage.site(second);
      await backstage.addAlias(nid, stage.domain("alias"));
      await backstage.addDeletedSite({ title: stage.domain("deleted"), client: owner, like: nid });
      for (const site of stage.sites) await stage.give(site, owner);
      if (!stage.server.configuration.accounts) return;
      await until("the login is made", async () => Boolean(await stage.password(stage.account(other))));
    });
    after(() => stage.close());

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
          declared: () => client(stage.named("oth_er"), titled("Oth Er")),
          says: () => `${stage.named("oth_er")} would share its shell login with ${other}`,
        },
        {
          what: "a client whose user's name another user has is refused before anything is written (trap 8)",
          declared: () => client(stage.named("new"), titled("New"), { email: stage.mail("new") }),
          says: () =>
            `no user has the address ${stage.mail("new")}, and none can be created: another user already has the name ${stage.named("new")}`,
        },
        {
          what: "another client's site is refused, naming that client",
          declared: () => unlinked(owned(first, acme), acme),
          says: () =>
            `${first} belongs to another client, ${other} ("${titled("Other")}"), and is declared for ${acme}`,
        },
        {
          what: "another client's site is refused if takeOverFrom names a third one",
          declared: () => unlinked(owned(second, acme, { takeOverFrom: stage.named("third") }), acme),
          says: () => `Write takeOverFrom: "${other}" to take it from ${other}`,
        },
        {
          what: "a domain that is only an alias is refused, naming its site (trap 23)",
          declared: () => unlinked(owned(stage.domain("alias"), acme), acme),
          says: () => `there is no site ${stage.domain("alias")}: it is an alias of ${second}`,
        },
        {
          what: "a domain that only a deleted site had is refused (trap 24)",
          declared: () => unlinked(owned(stage.domain("deleted"), acme), acme),
          says: () => `there is no site ${stage.domain("deleted")}: only a deleted site had this name`,
        },
        {
          what: "a domain that no site has is refused",
          declared: () => unlinked(owned(stage.domain("none"), acme), acme),
          says: () => `there is no site ${stage.domain("none")}: no site has this name`,
        },
        {
          what: "a user who does not exist is refused, naming the input that makes one",
          declared: () => unlinked(bound(acme, stage.named("nobody")), acme),
          says: () => `there is no panel user ${stage.named("nobody")} to bind to ${acme}`,
        },
        {
          what: "a new user whose address somebody has is refused",
          declared: () =>
            unlinked(bound(acme, stage.named("al"), { createUser: { email: stage.mail("alice") } }), acme),
          says: () =>
            `the user ${stage.named("al")} cannot be created: another user has the address ${stage.mail("alice")}`,
        },
        {
          what: "a login of a client without a site is refused at once (trap 14)",
          declared: () => unlinked(login(acme, first), acme),
          says: () => `the client ${acme} has no active site (it owns none), so BOA keeps no login for it`,
          accounts: true,
        },
      ];

      before(async () => {
        const { accounts } = stage.server.configuration;
        const possible = refusals.filter((refusal) => accounts || !refusal.accounts);
        const before = await stage.backstage.digest("everything");
        stage.stack.declare(possible.map(({ declared }) => declared()));
        outcome = await stage.stack.stack.up({ continueOnError: true });
        digests = [before, await stage.backstage.digest("everything")];
      });

      for (const { what, says, accounts } of refusals) {
        it(what, function () {
          if (accounts && !stage.server.configuration.accounts) skip(this, "this server makes no shell accounts");
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
        const { accounts } = stage.server.configuration;
        const password = accounts && (await stage.password(stage.account(other)));
        const before = await stage.backstage.digest("everything");
        const declared = [
          client(other, titled("Other")),
          bound(other, stage.named("alice")),
          owned(second, other),
          ...(accounts ? [login(other, second)] : []),
        ];
        assert.deepEqual((await stage.stack.up(declared)).changes, { create: declared.length });
        assert.equal(await stage.backstage.digest("everything"), before);
        if (accounts) assert.equal(await stage.password(stage.account(other)), password);
      });

      it("what may be taken is taken: a name, a site from the client that is named, a user, a pair", async () => {
        await stage.stack.up([
          client(other, titled("Other")),
          bound(other, stage.named("alice")),
          owned(second, other),
          client(acme, titled("Acme Corp"), { onExisting: "adopt", email: stage.mail("somebody") }),
          bound(acme, stage.named("al"), { createUser: { email: stage.mail("al") } }),
          owned(first, acme, { takeOverFrom: other, onDestroy: `client:${other}` }),
        ]);
        const { users } = await stage.backstage.state();
        const found = await stage.client(acme);
        assert.deepEqual([found?.title, found?.author], [titled("Acme Corp"), 1]);
        // The user with the address of `email` is bound whatever the name; the new one has the role of clients.
        assert.deepEqual(found?.users, [stage.named("al"), stage.named("new")]);
        assert.deepEqual(users.find(({ name }) => name === stage.named("al"))?.roles, ["aegir client"]);
        await stage.reachedBy(first, acme);
        assert.equal(await stage.owner(second), other);
      });

      it("a destroy hands a site where it was told to, and leaves one that somebody else owns by now", async () => {
        const { backstage } = stage;
        const third = await backstage.addClient({ uname: stage.named("third"), title: titled("Third") });
        await stage.give(second, third);
        const owner = (await stage.client(other))!.nid;
        await backstage.bind(owner, await backstage.addUser({ name: stage.named("bob"), mail: stage.mail("bob") }));
        refused = await stage.stack.stack.destroy({ continueOnError: true });
        await stage.reachedBy(first, other);
        assert.equal(await stage.owner(second), stage.named("third"));
      });

      it("it refuses a client with undeclared sites and bindings, lists them, and takes the declared pair alone (trap 10)", async () => {
        assert.equal(refused.ok, false);
        const remaining = `the client ${other} still has sites ${first}; bindings of ${stage.named("bob")} (`;
        assert.ok(refused.output.includes(remaining), refused.output);
        assert.deepEqual((await stage.client(other))?.users, [stage.named("bob")]);
        assert.equal(await stage.client(acme), undefined);
      });

      it("a client's undeclared sites and bindings go where onDestroy says, but never the last row of a platform (trap 10)", async function () {
        const { backstage } = stage;
        const platform = await backstage.platform();
        if (platform === null) skip(this, `no platform has a title that begins with "${stage.server.prefix}"`);
        const onDestroy = { sites: "default-owner", bindings: "drop", platforms: "drop" };
        const owner = (await stage.client(other))!.nid;
        await backstage.restrict(platform, [owner]);
        await stage.stack.up([client(other, titled("Other"), { onDestroy })]);
        const before = await backstage.digest("everything");
        const last = await stage.stack.stack.destroy();
        assert.match(last.output, new RegExp(`the client ${other} is the only one allowed on `));
        assert.equal(await backstage.digest("everything"), before);

        const third = (await stage.client(stage.named("third")))!.nid;
        await backstage.restrict(platform, [owner, third]);
        expectOk(await stage.stack.stack.destroy());
        assert.deepEqual(await backstage.allowed(platform), [third]);
        assert.equal(await stage.client(other), undefined);
        await stage.reachedBy(first, (await backstage.state()).defaultClient.uname);
      });

      it("no user is ever deleted (trap 9)", async () => {
        const names = (await stage.backstage.state()).users.map(({ name }) => name);
        assert.deepEqual(
          names,
          ["al", "alice", "bob", "new"].map((name) => stage.named(name)),
        );
      });

      stage.tellTheEnd();
    });
  });

  describe("what changes meanwhile, and what is waited for", () => {
    let site: string;
    let acme: string;
    let beta: string;
    const titled = (name: string) => `${stage.server.prefix} ${name}`;
    const people = () => [client(acme, titled("Acme")), client(beta, titled("Beta"))];

    before(async () => {
      await stage.open();
      [site] = stage.sites;
      [acme, beta] = [stage.named("acme"), stage.named("beta")];
      await stage.backstage.addUser({ name: stage.named("alice"), mail: stage.mail("alice") });
    });
    after(() => stage.close());

    it("a task that runs on the site is waited for; if it does not end, nothing is written (trap 11)", async () => {
      const { configuration } = stage.server;
      const impatient = { ...configuration, waits: { ...configuration.waits, taskMinutes: 0.02 } };
      await stage.stack.configure({ "aegir:servers": { secret: JSON.stringify({ main: impatient }) } });
      const before = await stage.owner(site);
      const task = await stage.backstage.addRunningTask((await stage.site(site)).nid);
      stage.stack.declare([...people(), owned(site, acme)]);
      const outcome = await stage.stack.stack.up({ continueOnError: true });
      assert.equal(outcome.ok, false);
      assert.match(outcome.output, new RegExp(`the login-reset task of .*\\(task ${task}\\).*Nothing was changed`));
      assert.equal(await stage.owner(site), before);
      await stage.backstage.removeTask(task);
      await stage.stack.configure({ "aegir:servers": { secret: JSON.stringify({ main: configuration }) } });
    });

    it("waitFor: recorded waits for the owner alone, and the files follow", async () => {
      await stage.stack.up([
        ...people(),
        bound(acme, stage.named("alice")),
        owned(site, acme, { waitFor: "recorded" }),
      ]);
      assert.equal(await stage.owner(site), acme);
      await stage.settled();
      await stage.reachedBy(site, acme);
    });

    it("what others change by hand is not overwritten unseen", async () => {
      const { nid } = (await stage.client(beta))!;
      const gamma = await stage.backstage.addClient({ uname: stage.named("gamma"), title: titled("Gamma") });
      await stage.backstage.renameClient(nid, titled("By Hand"));
      await stage.give(site, gamma);
      stage.stack.declare([
        client(acme, titled("Acme")),
        client(beta, titled("Beta Limited")),
        bound(acme, stage.named("alice")),
        unlinked(owned(site, beta), beta),
      ]);
      const outcome = await stage.stack.stack.up({ continueOnError: true });
      assert.equal(outcome.ok, false);
      for (const conflict of [
        `the name of the client ${beta} changed since this stack last saw it: expected "${titled("Beta")}", found "${titled("By Hand")}"`,
        `the owner of ${site} changed since this stack last saw it: expected ${acme}, found ${stage.named("gamma")}`,
      ]) {
        assert.ok(outcome.output.includes(conflict), `not said: ${conflict}\n${outcome.output}`);
      }
      assert.equal((await stage.client(beta))?.title, titled("By Hand"));
      assert.equal(await stage.owner(site), stage.named("gamma"));
    });

    it("a refresh sees an owner, a name and a pair that others changed, and they are put back", async () => {
      const { nid, bindings } = (await stage.client(acme))!;
      await stage.backstage.unbind(nid, bindings[0]!);
      stage.stack.declare([...people(), bound(acme, stage.named("alice")), owned(site, acme)]);
      const outcome = expectOk(await stage.stack.stack.up({ refresh: true }));
      assert.ok(outcome.output.includes(titled("By Hand")) && outcome.output.includes(stage.named("gamma")));
      assert.equal((await stage.client(beta))?.title, titled("Beta"));
      assert.deepEqual((await stage.client(acme))?.users, [stage.named("alice")]);
      await stage.reachedBy(site, acme);
    });

    stage.tellTheEnd();
  });
}
