/** `aegir-access plan` and `aegir-access audit`: a manifest beside a live server, and nothing is written. */
import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { fullSeed } from "../aegir/seed";
import { newKey } from "../support/keys";
import { Server } from "./Server";

/** What `dump` can say of the server, which a test changes line by line. */
const MANIFEST = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [acme.example.com, reborn.example.com, shop.acme.example.com]
    users: [alice]
  - name: Beta GmbH
    internalName: beta
    sites: [beta.example.com, disabled.example.com, moved.example.com]
    users: [alice, bob]
  - { name: Empty Ltd, internalName: empty }
`;

describe("plan and audit on a live server", () => {
  let server: Server;
  before(async () => {
    server = await Server.start({ seed: fullSeed });
  });
  after(() => server.stop());
  afterEach(() => assert.equal(server.aegir.counts.writes, 0, "nothing is written"));

  async function look(command: "plan" | "audit", manifest: string, ...args: string[]) {
    server.write("access.yaml", manifest);
    const ended = await server.look(command, "--as-of", "2026-11-24", ...args);
    assert.equal(ended.stderr, "");
    return ended;
  }

  it("plan: exits with 1 for access that the manifest does not declare, which the stack's state decides about", async () => {
    const { exitCode, stdout } = await look("plan", MANIFEST);
    assert.equal(exitCode, 1);
    assert.match(
      stdout,
      /^12 resources: 0 to create, 0 to change, 12 as declared\.\n\n1 binding, 3 sites and 4 clients on/,
    );
    const listed = Array.from(stdout.matchAll(/^\? (.*)$/gm), ([, id]) => id);
    assert.deepEqual(listed, [
      "binding:foobar:blocked",
      ...["foo-bar", "foobar", "stale"].map((name) => `site:${name}.example.com`),
      ...["foo_bar", "foobar", "twin1", "twin2"].map((name) => `client:${name}`),
    ]);
    assert.doesNotMatch(stdout, /Legacy-Co|legacy/, "which no deployment can have declared");
    assert.doesNotMatch(stdout, /nobody/i);
  });

  it("plan: shows every step and who gains and loses access, and exits with 1", async () => {
    const changed = MANIFEST.replace("users: [alice]", "users: [alice, carol, nobody]")
      .replace("acme.example.com, reborn", "acme.example.com, free1.example.com, legacy.example.com, reborn")
      .replace("moved.example.com]", "moved.example.com, www.acme.example.com]")
      .replace(
        "internalName: empty }",
        "internalName: empty, sites: [{ site: foobar.example.com, takeOverFrom: foobar }] }",
      )
      .concat(
        "  - { name: New Ltd, internalName: new, users: [{ name: dora, createUser: { email: dora@example.com } }] }\n",
      );
    const { exitCode, stdout } = await look("plan", changed);
    assert.equal(exitCode, 1);
    const lines = stdout.split("\n");
    for (const line of [
      "+ binding:acme:carol: binds carol.",
      "! binding:acme:nobody: there is no panel user nobody. Write createUser with an address to create one.",
      "~ site:free1.example.com: goes from octopus123456 to acme.",
      "! site:legacy.example.com: belongs to Legacy-Co. A stack that manages this site moves it. Any other stack is refused, unless you write takeOverFrom: Legacy-Co.",
      "! site:www.acme.example.com: no site of the server has this main domain. Install it, or write the domain of which this is an alias.",
      "~ site:foobar.example.com: goes from foobar to empty.",
      "+ client:new: is new, with the title New Ltd.",
      "+ binding:new:dora: binds dora, a panel user who is created with dora@example.com.",
    ]) {
      assert.ok(lines.includes(line), `${line}\nis not in\n${stdout}`);
    }
    assert.match(stdout, /^20 resources: 3 to create, 2 to change, 12 as declared, 3 refused\.$/m);
    assert.match(stdout, /^\+ .*carol/m);
    assert.doesNotMatch(stdout, /shell login/, "the configuration names no instance that would make any");
  });

  it("plan: moves a site between clients of the manifest, as the stack that declared it does", async () => {
    const moved = MANIFEST.replace(", shop.acme.example.com]", "]").replace(
      "[beta.example.com",
      "[beta.example.com, shop.acme.example.com",
    );
    const { stdout } = await look("plan", moved);
    const says =
      "~ site:shop.acme.example.com: goes from acme to beta. A stack that manages this site moves it. Any other stack is " +
      "refused, unless you write takeOverFrom: acme.";
    assert.ok(stdout.split("\n").includes(says), stdout);
    assert.match(stdout, /bob gains? .*shop\.acme\.example\.com|gains? shop\.acme\.example\.com/);
  });

  it("plan: refuses a binding to a user with another mail address or uid than declared", async () => {
    const expected = MANIFEST.replace(
      "users: [alice]",
      "users: [alice, { name: carol, createUser: { email: c@new.example } }, { name: dave, expectedUid: 4711 }]",
    );
    const { exitCode, stdout } = await look("plan", expected);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^! binding:acme:carol: .* has the address .*, and createUser says c@new\.example\./m);
    assert.match(stdout, /^! binding:acme:dave: there is no user dave on the server, and expectedUid says 4711\.$/m);
    assert.match(stdout, /2 refused/);
  });

  it("plan: says who gets a welcome mail", async () => {
    const invited = MANIFEST.replace(
      "users: [alice]",
      "users: [alice, { name: newbie, createUser: { email: newbie@new.example, welcomeMail: true } }]",
    );
    const { stdout } = await look("plan", invited);
    assert.match(stdout, /^\+ binding:acme:newbie: .* created with newbie@new\.example, which gets a welcome mail\.$/m);
  });

  it("plan: queues a verify for a site whose files are linked for other clients", async () => {
    const stale = MANIFEST.replace("acme.example.com, reborn", "acme.example.com, stale.example.com, reborn");
    const { exitCode, stdout } = await look("plan", stale, "--json");
    assert.equal(exitCode, 1);
    const { steps } = JSON.parse(stdout) as { steps: { action: string; resource: string; says: string }[] };
    const [step] = steps.filter(({ action }) => action !== "adopt");
    assert.deepEqual([step?.action, step?.resource], ["update", "site:stale.example.com"]);
    assert.match(step!.says, /its files are linked for acme and beta: it is verified again/);
  });

  it("plan: does not connect for a manifest with problems", async () => {
    const { workerStarts } = server.aegir.counts;
    server.write("access.yaml", MANIFEST.replace("[alice, bob]", "[bob, bob]"));
    const { exitCode, stdout, stderr } = await server.look("plan");
    assert.deepEqual([exitCode, stdout], [2, ""]);
    assert.match(stderr, /^access\.yaml has 1 problem/);
    assert.equal(server.aegir.counts.workerStarts, workerStarts);
  });

  it("audit: reports all undeclared access and what the server grants by design", async () => {
    const { exitCode, stdout } = await look("audit", MANIFEST);
    assert.equal(exitCode, 1);
    assert.doesNotMatch(stdout, /Not as declared:/);
    for (const line of [
      "- stale.example.com belongs to acme, which the manifest does not say.",
      "- The client Legacy-Co is in no manifest, with 0 people and 1 site:",
      "- The client foobar is in no manifest, with 1 person and 1 site:",
      "- The files of stale.example.com are linked for other clients than its owner, so that their shell logins reach them:",
      "- Administrators see and manage every site, whatever is declared:",
    ]) {
      assert.ok(stdout.split("\n").includes(line), `${line}\nis not in\n${stdout}`);
    }
    assert.match(
      stdout,
      /^Damaged on the server:\n- The site dangling\.example\.com belongs to node \d+, which is not a client/m,
    );
    assert.match(stdout, /\n\d+ things to look at \(as of 2026-11-24\)\.\n$/);
  });

  it("audit: accepts sites of the default owner if the manifest declares it", async () => {
    const kept = ["free1.example.com", "free2.example.com", "free3.example.com", "queued.example.com"];
    const owner = `  - { name: Octopus123456, internalName: octopus123456, sites: [${kept.join(", ")}] }\n`;
    const { stdout } = await look("audit", `${MANIFEST}${owner}`);
    assert.doesNotMatch(stdout, /default owner|free1/);
    const { stdout: less } = await look("audit", `${MANIFEST}${owner.replace("free1.example.com, ", "")}`);
    assert.match(less, /^- free1\.example\.com belongs to octopus123456, which the manifest does not say\.$/m);
  });

  it("audit: reports drift, people added in the panel, ended grants and grants that end soon", async () => {
    const drifted = MANIFEST.replace("users: [alice]", "users: [carol]")
      .replace("[alice, bob]", "[{ name: alice, expires: 2026-11-01 }, { name: bob, expires: 2026-11-30 }]")
      .replace("moved.example.com]", "moved.example.com, free1.example.com]");
    const { exitCode, stdout } = await look("audit", drifted, "--json");
    assert.equal(exitCode, 1);
    const { entries } = JSON.parse(stdout) as { entries: { kind: string; resource?: string; says: string }[] };
    const of = (kind: string) => entries.filter((entry) => entry.kind === kind).map(({ resource }) => resource);
    assert.deepEqual(of("drift"), ["binding:acme:carol", "site:free1.example.com", "binding:beta:alice"]);
    assert.ok(of("undeclared").includes("binding:acme:alice"));
    assert.deepEqual(of("ends"), ["binding:beta:bob"]);
    assert.match(entries.find(({ kind }) => kind === "ends")!.says, /until 2026-11-30: 6 days left/);
    const ended = entries.find(({ resource }) => resource === "binding:beta:alice")!;
    assert.match(
      ended.says,
      /alice could act for beta until 2026-11-01, and 23 days later still can: no deployment has/,
    );
  });
});

describe("A known finding", () => {
  const UNTIL = ["--as-of", "2026-11-24", "--reason", "TICKET-12, moves in spring", "--until", "2027-03-31"];
  let server: Server;
  before(async () => {
    server = await Server.start({ seed: fullSeed });
  });
  after(() => server.stop());

  const audit = (...args: string[]) => server.look("audit", ...args);

  it("audit --accept: writes known findings to the manifest, and audit succeeds until they end", async () => {
    server.write("access.yaml", `# Reviewed by the platform team.\n${MANIFEST}`);
    assert.equal((await audit("--as-of", "2026-11-24")).exitCode, 1);
    const accepted = await audit("--accept", ...UNTIL);
    assert.equal(accepted.exitCode, 0, accepted.stdout + accepted.stderr);
    assert.match(accepted.stdout, /^Known findings:\n(.*\n)*- The client foobar is in no manifest/m);
    assert.match(accepted.stdout, /^    known until 2027-03-31: TICKET-12, moves in spring$/m);

    const written = server.read("access.yaml");
    assert.ok(written.startsWith(`# Reviewed by the platform team.\n${MANIFEST}`), "what was there is as it was");
    assert.match(written, /\n  - finding: undeclared-client:foobar\n    names:\n/);
    assert.equal((await audit("--as-of", "2027-03-31")).exitCode, 0);
    assert.equal((await server.look("lint", "--as-of", "2026-11-24")).exitCode, 0);

    const ended = await audit("--as-of", "2027-04-01");
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stdout, /^    was known until 2027-03-31 \(line \d+\): TICKET-12, moves in spring$/m);
    assert.equal(server.aegir.counts.writes, 0, "nothing is written to the server");
  });

  it("audit: reports a known finding again if it lists another name, and an entry that matches nothing", async () => {
    server.aegir.panel.bind("foobar", "carol");
    server.aegir.panel.deleteClient("Legacy-Co");
    const { exitCode, stdout } = await audit("--as-of", "2026-11-24");
    assert.equal(exitCode, 1);
    assert.match(stdout, /^    line \d+ knows it without carol$/m);
    assert.match(
      stdout,
      /^Known findings that no longer occur; delete the entries:\n- undeclared-client:Legacy-Co \(line \d+\)$/m,
    );
  });

  it("audit --accept: never accepts drift, and needs a reason and a day", async () => {
    server.write("access.yaml", MANIFEST.replace("users: [alice]", "users: [alice, carol]"));
    const { exitCode, stdout } = await audit("--accept", ...UNTIL);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^Not as declared:\n- binding:acme:carol/m);
    assert.doesNotMatch(server.read("access.yaml"), /binding:acme:carol/);
    for (const args of [["--accept"], ["--accept", "--reason", "x"], ["--until", "2027-03-31"]]) {
      const refused = await audit(...args);
      assert.equal(refused.exitCode, 2);
      assert.match(refused.stderr, /--accept needs --reason and --until/);
    }
  });

  it("audit --accept: refuses a file to which it cannot add lines", async () => {
    server.write("access.yaml", "{ version: 1, clients: [] }\n");
    const { exitCode, stderr } = await audit("--accept", ...UNTIL);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^access\.yaml was not changed: it is written in braces/);
    assert.equal(server.read("access.yaml"), "{ version: 1, clients: [] }\n");
  });
});

describe("audit on a plain Aegir", () => {
  it("audit: succeeds if the manifest declares the sites of the default client admin", async () => {
    const server = await Server.start({ flavour: "upstream" });
    try {
      server.aegir.addSites([{ site: "www.free.example" }]);
      const red = "version: 1\nclients: []\n";
      server.write("access.yaml", red);
      assert.equal((await server.look("audit")).exitCode, 1);
      server.write(
        "access.yaml",
        red.replace("[]", "[{ name: admin, internalName: admin, sites: [www.free.example], users: [admin] }]"),
      );
      const lint = await server.look("lint");
      assert.deepEqual([lint.exitCode, lint.stderr], [0, ""], lint.stdout);
      assert.doesNotMatch(lint.stdout, /warning/);
      const green = await server.look("audit");
      assert.equal(green.exitCode, 0, green.stdout + green.stderr);
    } finally {
      await server.stop();
    }
  });
});

describe("plan on a server that has nothing undeclared", () => {
  const complete = `version: 1
clients:
  - { name: Acme Corp, internalName: acme, email: it@acme.example, sites: [www.acme.example], users: [admin, alice, bob] }
  - { name: Beta GmbH, internalName: beta, sites: [www.beta.example], users: [admin, bob] }
`;
  let server: Server;
  before(async () => {
    server = await Server.start();
    const { aegir } = server;
    for (const name of ["alice", "bob"]) aegir.panel.addUser({ name });
    aegir.panel.addUser({ name: "it", mail: "IT@acme.example" });
    for (const [name, internalName, users] of [
      ["Acme Corp", "acme", ["alice", "bob", "it"]],
      ["Beta GmbH", "beta", ["bob"]],
    ] as const) {
      aegir.panel.addClient({ name, internalName });
      for (const user of users) aegir.panel.bind(internalName, user);
    }
    aegir.addSites([
      { site: "www.acme.example", owner: "acme" },
      { site: "www.beta.example", owner: "beta" },
      { site: "free.example" },
    ]);
    const { host, port, user, hostKey } = aegir.drush;
    const connection = { host, port, user, hostKey };
    server.write("boa.json", JSON.stringify({ main: { connection, accounts: { instance: "o1" } } }));
  });
  after(() => server.stop());

  async function plan(manifest: string, ...args: string[]) {
    server.write("access.yaml", manifest);
    const { exitCode, stdout, stderr } = await server.run("plan", "--config", "boa.json", ...args);
    assert.equal(stderr, "");
    return { exitCode, stdout };
  }

  it("plan: adopts what is as declared, and exits with 0", async () => {
    const { exitCode, stdout } = await plan(complete);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^9 resources: 0 to create, 0 to change, 9 as declared\.\n\nNobody gains or loses access\./);
  });

  it("plan: does not claim that nothing changes after a line was removed, because the stack's state decides", async () => {
    const removals: [string, string, ...string[]][] = [
      [complete.replace("alice, bob]", "alice]"), "1 binding", "binding:acme:bob"],
      [complete.replace(" email: it@acme.example,", ""), "1 binding", "binding:acme:it"],
      [complete.replace("alice, bob]", "alice, { name: bob, expires: 2026-01-01 }]"), "1 binding", "binding:acme:bob"],
      [complete.replace("[www.acme.example]", "[]"), "1 site", "site:www.acme.example"],
      [
        complete.replace(/.*Beta.*\n/, ""),
        "2 bindings, 1 site, 1 shell login and 1 client",
        ...["binding:beta:admin", "binding:beta:bob", "site:www.beta.example", "account:o1.beta", "client:beta"],
      ],
    ];
    for (const [manifest, counted, ...ids] of removals) {
      const { exitCode, stdout } = await plan(manifest);
      assert.equal(exitCode, 1, stdout);
      assert.ok(stdout.includes(`${counted} on the server ${ids.length > 1 ? "are" : "is"} declared nowhere`), stdout);
      assert.match(
        stdout.replace(/\s+/g, " "),
        /The stack's state, which is not read here, decides whether a deployment/,
      );
      assert.deepEqual(
        Array.from(stdout.matchAll(/^\? (.*)$/gm), ([, id]) => id),
        ids,
      );
      assert.doesNotMatch(stdout, /nobody/i);
      const { undeclared, review } = JSON.parse((await plan(manifest, "--json")).stdout) as {
        undeclared: Record<string, string[]>;
        review: { summary: string };
      };
      assert.deepEqual(Object.values(undeclared).flat(), ids);
      assert.equal(review.summary, "No change of access is seen.");
    }
  });

  it("plan: does not claim that nothing changes if a deployment may be refused, because the stack's state decides", async () => {
    const { exitCode, stdout } = await plan(complete.replace("Beta GmbH", "Beta AG"));
    assert.equal(exitCode, 1);
    assert.match(stdout, /^! client:beta: is called Beta GmbH on the server, and Beta AG here\./m);
    assert.doesNotMatch(stdout, /nobody/i);
  });
});

describe("the keys in shell logins", () => {
  const [alice, bob, eve, gone] = [newKey(), newKey(), newKey(), newKey()];
  let server: Server;

  beforeEach(async () => {
    server = await Server.start({ seed: fullSeed, user: "root", owner: "o1", accountsUser: "root" });
    const { aegir } = server;
    const { host, port, user, hostKey } = aegir.drush;
    const main = { ...aegir.configuration(), connection: { host, port, user, hostKey }, accounts: { instance: "o1" } };
    server.write("servers.yaml", stringify({ main }));
    const users = `[{ name: alice, keys: [${alice.public} alice, ${bob.public}] }]`;
    server.write("access.yaml", MANIFEST.replace("users: [alice]\n", `users: ${users}\n    shellAccount: true\n`));
    aegir.writeAuthorizedKeys(
      "o1.acme",
      `${bob.public} by hand\n${gone.public} aegir-access\nfrom="10.0.0.1" ${eve.public} eve\n# ${eve.public}\nnonsense\n`,
    );
  });
  afterEach(async () => {
    const { writes } = server.aegir.counts;
    await server.stop();
    assert.equal(writes, 0);
  });

  it("audit: lists keys that are missing, left behind or written by others, by fingerprint", async () => {
    const { exitCode, stdout } = await server.look("audit", "--as-of", "2026-11-24", "--json");
    assert.equal(exitCode, 1);
    const { entries } = JSON.parse(stdout) as {
      entries: { kind: string; resource: string; names: string[]; finding?: string }[];
    };
    const found = entries.filter(({ resource }) => resource === "account:acme");
    assert.deepEqual(
      found.map(({ kind, names, finding }) => [kind, names, finding ?? null]),
      [
        ["drift", [`ssh-ed25519 ${alice.fingerprint} ("alice")`], null],
        ["drift", [`ssh-ed25519 ${gone.fingerprint} ("aegir-access")`], null],
        [
          "undeclared",
          [`ssh-ed25519 ${eve.fingerprint} ("eve"), with options`, "a line without a key that is known here"],
          "undeclared-keys:acme",
        ],
      ],
    );
  });

  interface Entry {
    kind: string;
    says: string;
    resource: string;
    names: string[];
  }
  async function keysFound(...options: string[]): Promise<Entry[]> {
    const { exitCode, stdout } = await server.run("audit", "--as-of", "2026-11-24", "--json", ...options);
    assert.equal(exitCode, 1);
    const { entries } = JSON.parse(stdout) as { entries: Entry[] };
    return entries.filter(({ resource }) => resource === "account:acme");
  }

  it("audit: says how the keys go that a lost state left in a login which is no longer declared", async () => {
    server.write("access.yaml", MANIFEST);
    const [left, ...others] = await keysFound("--config", "servers.yaml");
    assert.deepEqual([left?.kind, left?.names], ["drift", [`ssh-ed25519 ${gone.fingerprint} ("aegir-access")`]]);
    assert.match(left!.says, /declare shellAccount: true at the client for one deployment/);
    assert.deepEqual(
      others.map(({ kind, names }) => [kind, names.length]),
      [["undeclared", 3]],
    );
  });

  it("audit: of a stack by its name, expects a deployment to remove the keys of that stack alone", async () => {
    server.write("Pulumi.yaml", "name: access\nruntime: nodejs\n");
    const { main } = parse(server.read("servers.yaml")) as { main: object };
    server.write("Pulumi.production.yaml", stringify({ config: { "aegir:servers": { main } } }));
    const marked = (key: { public: string }, stack: string) => `${key.public} aegir-access ${stack}\n`;
    const lines = [marked(alice, "access/production"), marked(bob, "access/staging")];
    server.aegir.writeAuthorizedKeys(
      "o1.acme",
      [...lines, marked(gone, "access/production"), marked(eve, "access/staging")].join(""),
    );
    const found = (await keysFound("--stack", "production")).map(({ kind, names }) => [kind, ...names]);
    assert.deepEqual(found, [
      ["drift", `ssh-ed25519 ${bob.fingerprint}`],
      ["drift", `ssh-ed25519 ${gone.fingerprint} ("aegir-access access/production")`],
      ["undeclared", `ssh-ed25519 ${eve.fingerprint} ("aegir-access access/staging")`],
    ]);
  });

  const plan = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await server.look("plan", "--as-of", "2026-11-24", ...args);
    assert.deepEqual([exitCode, stderr], [1, ""]);
    return stdout;
  };
  const step = async (client = "acme") => {
    const { steps } = JSON.parse(await plan("--json")) as {
      steps: { action: string; resource: string; keys?: { added: string[]; removed: string[] } }[];
    };
    return steps.find(({ resource }) => resource === `account:o1.${client}`);
  };

  it("plan: shows the keys that a deployment adds to a login and removes, and who gets in with them", async () => {
    const [added, removed] = [
      `ssh-ed25519 ${alice.fingerprint} ("alice")`,
      `ssh-ed25519 ${gone.fingerprint} ("aegir-access")`,
    ];
    const { action, keys } = (await step())!;
    assert.deepEqual([action, keys], ["update", { added: [added], removed: [removed] }]);
    const text = await plan();
    assert.ok(text.includes(`\n    + ${added}\n    - ${removed}\n`), text);
    const [, gained = ""] = /alice can use the shell login o1\.acme with (.*)/s.exec(text) ?? [];
    assert.ok(gained.includes(alice.fingerprint), text);
    const [, lost = ""] = /shell login o1\.acme can no longer be used with (.*)/s.exec(text) ?? [];
    assert.ok(lost.includes(gone.fingerprint), text);
    assert.ok(!text.includes(eve.fingerprint));
  });

  it("audit and plan: are not kept from the rest by a login whose keys its holder has made unreadable", async () => {
    server.aegir.blockAuthorizedKeys("o1.acme");
    const { exitCode, stdout } = await server.look("audit", "--as-of", "2026-11-24", "--json");
    assert.equal(exitCode, 1);
    const { entries } = JSON.parse(stdout) as { entries: { kind: string; resource: string }[] };
    const [found, ...others] = entries.filter(({ resource }) => resource === "account:acme");
    assert.deepEqual([found?.kind, others], ["defect", []]);
    assert.ok(entries.length > 1);
    assert.equal((await step())!.action, "refuse");
  });

  it("plan --format html: the page shows the keys of the people who are declared", async () => {
    const [, data = ""] = /<script type="application\/json"[^>]*>([^]*?)<\/script>/.exec(
      await plan("--format", "html"),
    )!;
    const { clients } = JSON.parse(data) as { clients: { client: string; people: { keys: string[] }[] }[] };
    const shown = clients.find(({ client }) => client === "acme")!.people.flatMap(({ keys }) => keys);
    assert.deepEqual(shown.length, 2);
    for (const key of [alice, bob]) assert.ok(shown.some((each) => each.includes(key.fingerprint)));
  });

  it("plan: creates a login that is not there with its keys, and refuses keys where only root could write them", async () => {
    const nova = `{ name: Nova, internalName: nova, sites: [www.acme.example], users: [{ name: alice, keys: [${alice.public}] }], shellAccount: true }`;
    server.write("access.yaml", `version: 1\nclients: [${nova}]\n`);
    const { action, keys } = (await step("nova"))!;
    assert.deepEqual([action, keys!.added.length, keys!.removed], ["create", 1, []]);
    const { host, port, user, hostKey } = server.aegir.drush;
    const connection = { host, port, user, hostKey };
    const accounts = { instance: "o1", connection: { ...connection, user: "o1.ftp" } };
    server.write("servers.yaml", stringify({ main: { ...server.aegir.configuration(), connection, accounts } }));
    assert.equal((await step("nova"))!.action, "refuse");
  });
});
