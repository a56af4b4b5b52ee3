/**
 * The life cycles as Pulumi runs them: serialised, in its own provider process, against a small Aegir over SSH. What is
 * claimed is looked up in the server's own tables.
 */
import assert from "node:assert/strict";
import type { ServiceError } from "@grpc/grpc-js";
import { fullSeed } from "../aegir/seed";
import { SmallAegir } from "../aegir/SmallAegir";
import { foundIn } from "../support/canary";
import { initFailure, ProviderProcess, type ResourceType, type Values } from "./ProviderProcess";

const SERVERS = "aegir:servers";

describe("the provider process", () => {
  let aegir: SmallAegir;
  let provider: ProviderProcess;

  beforeEach(async () => {
    aegir = await SmallAegir.start({ seed: fullSeed });
    provider = await ProviderProcess.start();
    await provider.configure(stackConfiguration());
  });

  afterEach(async () => {
    const { signal, code } = await provider.end();
    const said = [...provider.stdout, ...provider.stderr].join("\n");
    const secrets = aegir.secrets();
    await aegir.stop();
    assert.deepEqual(foundIn([said], secrets), [], "a secret was printed");
    assert.equal(signal, "SIGINT", `it ended with ${code}`);
  });

  /** A whole configuration, as the engine gives it: other projects' and packages' values besides. */
  function stackConfiguration(): Record<string, string> {
    return {
      "project:greeting": "hello",
      "aws:region": "eu-central-1",
      [SERVERS]: JSON.stringify({ main: aegir.configuration() }),
    };
  }

  /** As the engine does it: what check gives back is what create gets. */
  async function make(type: ResourceType, news: Values): Promise<{ id: string; inputs: Values; properties: Values }> {
    const { inputs, failures } = await provider.check(type, news);
    assert.deepEqual(failures, []);
    return { inputs, ...(await provider.create(type, inputs)) };
  }

  const owner = (site: string) => aegir.tables().sites.find((row) => row.site === site && row.status !== -2)?.owner;
  const links = (site: string) => aegir.tables().sites.find((row) => row.site === site && row.status !== -2)?.links;
  const bound = (client: string) =>
    aegir
      .tables()
      .bindings.flatMap((row) => (row.client === client && row.user !== null ? [row.user] : []))
      .sort();

  describe("without a server to reach", () => {
    it("checks and diffs, and reports all failures as failures", async () => {
      const checked = await provider.check("SiteOwnership", {
        site: "https://free1.example.com",
        client: "",
        waitFor: "x",
      });
      assert.deepEqual(
        checked.failures.map(({ property }) => property),
        ["site", "client", "waitFor"],
      );
      const { inputs, failures } = await provider.check("SiteOwnership", { site: "Free1.Example.COM", client: "acme" });
      assert.deepEqual([inputs, failures], [{ site: "free1.example.com", client: "acme", server: "main" }, []]);
      const olds = { ...inputs, client: "beta", applied: true };
      assert.deepEqual(await provider.diff("SiteOwnership", "site:free1.example.com", olds, inputs), {
        changes: true,
        replaces: [],
      });
      await provider.end();
      assert.deepEqual(provider.stdout, [
        "site:free1.example.com: moves from beta to acme: users bound to beta and its shell login lose the site, those of " +
          "acme gain it.",
      ]);
      assert.deepEqual(aegir.counts.connections, {});
    });

    it("fails a read instead of taking the resource for gone, and prints one line for it", async () => {
      await aegir.down();
      const impatient = { ...aegir.configuration() };
      impatient.connection = Object.assign(impatient.connection, { dialErrorLimit: 0 });
      await provider.configure({ [SERVERS]: JSON.stringify({ main: impatient }) });
      await assert.rejects(provider.read("AegirClient", "client:acme", { internalName: "acme", server: "main" }));
      await provider.end();
      assert.equal(provider.stderr.length, 1, provider.stderr.join("\n"));
    });
  });

  describe("makes, changes and removes", () => {
    it("a client", async () => {
      const { id, inputs, properties } = await make("AegirClient", { name: "New Ltd", email: "it@new.example" });
      assert.equal(id, "client:newltd");
      const nid = aegir.tables().clients.find(({ internalName }) => internalName === "newltd")?.nid;
      assert.deepEqual(properties, {
        name: "New Ltd",
        internalName: "newltd",
        email: "it@new.example",
        server: "main",
        stateVersion: 1,
        nid,
        panelUser: "newltd",
      });
      assert.deepEqual(bound("newltd"), ["newltd"]);

      const read = await provider.read("AegirClient", id, properties);
      assert.deepEqual([read.id, read.properties], [id, properties]);
      assert.deepEqual(read.inputs, inputs);

      const renamed = { ...inputs, name: "Newer Ltd" };
      const updated = await provider.update("AegirClient", id, properties, renamed);
      assert.deepEqual(updated, { ...properties, name: "Newer Ltd" });
      assert.equal(aegir.tables().clients.find((client) => client.nid === nid)?.name, "Newer Ltd");

      await restart();
      await provider.delete("AegirClient", id, updated);
      assert.equal(
        aegir.tables().clients.find((client) => client.nid === nid),
        undefined,
      );
      assert.deepEqual((await provider.read("AegirClient", id, updated)).id, "");
    });

    it("the owner of a site, effectively", async () => {
      const { id, inputs, properties } = await make("SiteOwnership", { site: "free1.example.com", client: "acme" });
      assert.equal(id, "site:free1.example.com");
      const { nid, ownerNid, verifyTask, ...others } = properties;
      assert.equal(ownerNid, aegir.tables().clients.find(({ internalName }) => internalName === "acme")?.nid);
      assert.deepEqual(others, {
        site: "free1.example.com",
        client: "acme",
        server: "main",
        stateVersion: 1,
        previousOwner: "octopus123456",
        applied: true,
      });
      assert.deepEqual([owner("free1.example.com"), links("free1.example.com")], ["acme", ["acme"]]);
      assert.equal(aegir.tables().tasks.find((task) => task.nid === verifyTask)?.type, "verify");

      const moved = await provider.update("SiteOwnership", id, properties, { ...inputs, client: "beta" });
      assert.deepEqual([moved["client"], moved["previousOwner"], moved["nid"]], ["beta", "acme", nid]);
      assert.deepEqual([owner("free1.example.com"), links("free1.example.com")], ["beta", ["beta"]]);

      aegir.panel.setOwner("free1.example.com", "Empty Ltd");
      const drifted = await provider.read("SiteOwnership", id, moved);
      assert.equal(drifted.properties["client"], "empty");
      assert.equal(drifted.inputs["client"], "empty");

      const repaired = await provider.update("SiteOwnership", id, drifted.properties, { ...inputs, client: "beta" });
      await restart();
      await provider.delete("SiteOwnership", id, repaired);
      assert.equal(owner("free1.example.com"), "octopus123456");
      assert.deepEqual(links("free1.example.com"), ["octopus123456"]);
    });

    it("a binding, with the person if need be", async () => {
      const createUser = { email: "dave@example.com" };
      const { id, inputs, properties } = await make("ClientUserBinding", { client: "acme", user: "dave", createUser });
      assert.equal(id, "binding:acme:dave");
      const uid = aegir.tables().users.find(({ name }) => name === "dave")?.uid;
      assert.deepEqual(properties, {
        client: "acme",
        clientNid: aegir.tables().clients.find(({ internalName }) => internalName === "acme")?.nid,
        user: "dave",
        createUser,
        server: "main",
        stateVersion: 1,
        uid,
        warnings: [],
      });
      assert.deepEqual((await provider.read("ClientUserBinding", id, properties)).inputs, inputs);
      await restart();
      await provider.delete("ClientUserBinding", id, properties);
      assert.deepEqual(bound("acme"), ["alice"]);
      assert.ok(aegir.tables().users.some(({ name, active }) => name === "dave" && active));
      const left = await provider.read("ClientUserBinding", id, properties);
      assert.deepEqual([left.id, left.properties["unbound"]], [id, true], "the state keeps the person's uid");
    });

    it("the password of a shell account, whose login it never removes", async () => {
      const { id, inputs, properties } = await make("ShellAccount", { client: "acme", rotation: "1" });
      const password = () => aegir.tables().passwordFiles["o1.acme"]?.trim();
      const first = password();
      assert.equal(id, "account:o1.acme");
      assert.deepEqual(
        [properties["username"], properties["password"], properties["sshPort"], properties["ftpsPort"]],
        ["o1.acme", first, aegir.accounts.port, 21],
      );

      const rotated = await provider.update("ShellAccount", id, properties, { ...inputs, rotation: "2" });
      assert.notEqual(password(), first);
      assert.deepEqual([rotated["password"], rotated["rotation"]], [password(), "2"]);

      const without = await provider.update("ShellAccount", id, rotated, {
        ...inputs,
        rotation: "2",
        passwordInState: false,
      });
      assert.equal(without["password"], null);
      assert.equal(without["fingerprint"], rotated["fingerprint"]);

      await restart();
      await provider.delete("ShellAccount", id, without);
      assert.ok(aegir.tables().accounts.some(({ name }) => name === "o1.acme"));
      await provider.end();
      assert.deepEqual(provider.stdout, [
        "account:o1.acme: is forgotten, not removed: o1.acme can log in as long as the client acme owns a site.",
      ]);
    });

    /** A later run of Pulumi, to which nothing has been declared yet. */
    async function restart(): Promise<void> {
      await provider.end();
      provider = await ProviderProcess.start();
      await provider.configure(stackConfiguration());
    }
  });

  it("looks up with an id alone", async () => {
    const found = await Promise.all([
      provider.read("AegirClient", "client:acme"),
      provider.read("SiteOwnership", "site:acme.example.com"),
      provider.read("ClientUserBinding", "binding:acme:alice"),
      provider.read("ShellAccount", "account:o1.acme"),
    ]);
    assert.deepEqual(
      found.map(({ id, properties: { name, site, user, username, client } }) => [
        id,
        name ?? site ?? user ?? username,
        client,
      ]),
      [
        ["client:acme", "Acme Corp", undefined],
        ["site:acme.example.com", "acme.example.com", "acme"],
        ["binding:acme:alice", "alice", "acme"],
        ["account:o1.acme", "o1.acme", "acme"],
      ],
    );
    const gone = await Promise.all([
      provider.read("AegirClient", "client:nobody"),
      provider.read("SiteOwnership", "site:deleted.example.com"),
      provider.read("ClientUserBinding", "binding:acme:bob"),
      provider.read("ShellAccount", "account:o1.nobody"),
    ]);
    assert.deepEqual(
      gone.map(({ id }) => id),
      ["", "", "", ""],
    );
    assert.equal(aegir.counts.requests.inventory, 1);
    assert.equal(aegir.counts.writes, 0);
  });

  describe("of a change that was made in part", () => {
    it("carries id, properties and reasons, and is repaired by the next run", async () => {
      aegir.faults.nextVerify("free1.example.com", "failure");
      const failure = initFailure(
        await failureOf(make("SiteOwnership", { site: "free1.example.com", client: "acme" })),
      );
      assert.ok(failure);
      assert.equal(failure.id, "site:free1.example.com");
      assert.deepEqual([failure.properties["client"], failure.properties["applied"]], ["acme", false]);
      assert.equal(failure.reasons.length, 1);
      assert.match(failure.reasons[0]!, /free1\.example\.com is recorded as owned by acme, but that is not effective/);
      assert.deepEqual([owner("free1.example.com"), links("free1.example.com")], ["acme", ["octopus123456"]]);

      const inputs = { site: "free1.example.com", client: "acme", server: "main" };
      const diff = await provider.diff("SiteOwnership", failure.id, failure.properties, inputs);
      assert.deepEqual(diff, { changes: true, replaces: [] });
      const repaired = await provider.update("SiteOwnership", failure.id, failure.properties, inputs);
      assert.equal(repaired["applied"], true);
      assert.deepEqual(links("free1.example.com"), ["acme"]);
    });

    it("is not a partial failure if nothing was changed", async () => {
      const digest = aegir.digest();
      const refused = await failureOf(make("SiteOwnership", { site: "beta.example.com", client: "acme" }));
      assert.equal(initFailure(refused), undefined);
      assert.match(
        refused.details,
        /belongs to another client, beta .* Write takeOverFrom: "beta" to take it from beta\.$/,
      );
      assert.equal(aegir.digest(), digest);
      assert.equal(aegir.counts.writes, 0);
    });
  });

  it("never runs unconfigured, however many calls come first", async () => {
    const calls: [ResourceType, string, Values][] = ["free1", "free2", "free3"].map((name) => [
      "SiteOwnership",
      `site:${name}.example.com`,
      { site: `${name}.example.com`, client: "octopus123456", server: "main" },
    ]);
    for (const user of ["alice", "bob"]) {
      calls.push(["ClientUserBinding", `binding:beta:${user}`, { client: "beta", user, server: "main" }]);
    }
    calls.push(["AegirClient", "client:twin1", { internalName: "twin1", name: "Twin Ltd", server: "main" }]);
    calls.push(["AegirClient", "client:twin2", { internalName: "twin2", name: "Twin Ltd", server: "main" }]);
    calls.push(["ShellAccount", "account:o1.beta", { client: "beta", username: "o1.beta", server: "main" }]);
    await Promise.all(calls.map(([type, id, properties]) => provider.delete(type, id, properties)));
    assert.deepEqual(bound("beta"), []);
    const clients = aegir.tables().clients.map(({ internalName }) => internalName);
    assert.ok(!clients.includes("twin1") && !clients.includes("twin2"));
  });

  it("serves everything that runs at the same time over one connection per login and one worker", async () => {
    await Promise.all([
      ...["a", "b", "c", "d"].map((letter) => make("AegirClient", { name: `Client ${letter}` })),
      ...["free1", "free2", "free3"].map((name) =>
        make("SiteOwnership", { site: `${name}.example.com`, client: "acme" }),
      ),
      ...["bob", "carol"].map((user) => make("ClientUserBinding", { client: "acme", user })),
      make("ShellAccount", { client: "acme" }),
    ]);
    assert.deepEqual(aegir.counts.connections, { aegir: 1, "o1.ftp": 1 });
    assert.equal(aegir.counts.workerStarts, 1);
  });

  it("ends at once when it is interrupted, whatever connections are open", async () => {
    await provider.read("AegirClient", "client:acme");
    await provider.read("ShellAccount", "account:o1.acme");
    assert.deepEqual(aegir.counts.connections, { aegir: 1, "o1.ftp": 1 });
    assert.deepEqual(await provider.end(), { code: null, signal: "SIGINT" });
  });

  describe("only forgets what the program still declares", () => {
    it("under another logical name", async () => {
      await provider.check("SiteOwnership", { site: "ACME.example.com", client: "acme" });
      await provider.check("AegirClient", { name: "Empty", internalName: "empty" });
      await provider.check("ClientUserBinding", { client: "beta", user: "BOB" });
      const digest = aegir.digest();
      await provider.delete("SiteOwnership", "site:acme.example.com", {
        site: "acme.example.com",
        client: "acme",
        server: "main",
      });
      await provider.delete("AegirClient", "client:empty", { internalName: "empty", server: "main" });
      await provider.delete("ClientUserBinding", "binding:beta:bob", { client: "beta", user: "bob", server: "main" });
      assert.equal(aegir.digest(), digest);
      await provider.end();
      assert.deepEqual(
        provider.stdout,
        ["site:acme.example.com", "client:empty", "binding:beta:bob"].map(
          (id) => `${id}: is still declared by this program: only this entry of the state is forgotten.`,
        ),
      );
    });
  });

  describe("of an error", () => {
    it("leaves the message to the engine, and prints one line without it and without frames", async () => {
      const properties = { internalName: "beta", name: "Beta GmbH", server: "main" };
      const { details } = await failureOf(provider.delete("AegirClient", "client:beta", properties));
      assert.match(details, /the client beta still has sites .*; bindings of .*; platforms/);
      await provider.end();
      assert.deepEqual(provider.stderr, ["delete failed: the error of the resource says why"]);
    });

    it("lets no text of the server act on a terminal", async () => {
      aegir.panel.saveClient("acme", { title: "Acme\u001b[2J\u202e" });
      const { details } = await failureOf(make("AegirClient", { name: "Acme Corp", internalName: "acme" }));
      assert.match(details, /exists under another name: the server has "Acme\\x1b\[2J\\u\{202e\}"/);
    });

    it("says how to configure a server where there is none", async () => {
      await provider.configure({ "project:greeting": "hello" });
      const { failures } = await provider.check("AegirClient", { name: "Acme" });
      assert.deepEqual(
        failures.map(({ property }) => property),
        ["server"],
      );
      await assert.rejects(
        provider.delete("AegirClient", "client:acme", { internalName: "acme", server: "main" }),
        /the configuration has no `aegir:servers`/,
      );
    });
  });
});

function failureOf(operation: Promise<unknown>): Promise<ServiceError> {
  return operation.then(
    () => assert.fail("it succeeded"),
    (error: ServiceError) => error,
  );
}
