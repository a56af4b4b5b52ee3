/** What `audit`, `plan` and `doctor` say of passwords that end, and of those that a deployment rotates. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { RunningClock } from "../aegir/Clock";
import { Server } from "./Server";

const DAY = 86_400;
const clients = ["acme", "beta", "gamma"];
/** Passwords of acme and beta are 81 days old, that of gamma is 20 days old. */
const manifest = `version: 1
clients:
  - { name: acme, internalName: acme, sites: [www.acme.example], shellAccount: true }
  - { name: beta, internalName: beta, sites: [www.beta.example], shellAccount: { rotation: { everyDays: 80 } } }
  - { name: gamma, internalName: gamma, sites: [www.gamma.example], shellAccount: true }
`;

describe("the commands and the end of passwords", () => {
  let server: Server;
  let clock: RunningClock;

  beforeEach(async () => {
    clock = new RunningClock(60, -81.5 * DAY);
    server = await Server.start({ clock });
    const { aegir } = server;
    aegir.addSites(clients.map((client) => ({ site: `www.${client}.example` })));
    for (const client of clients) aegir.panel.addClient({ name: client, internalName: client });
    const give = (client: string) => aegir.panel.setOwner(`www.${client}.example`, client);
    give("acme");
    give("beta");
    aegir.runQueue();
    aegir.runCron();
    clock.skip(61 * DAY);
    give("gamma");
    aegir.runQueue();
    aegir.runCron();
    clock.skip(20.5 * DAY);
    server.write("servers.yaml", stringify({ main: aegir.configuration() }));
    server.write("access.yaml", manifest);
  });
  afterEach(() => server.stop());

  const lastDay = () => new Date(Date.now() + (90 - 81.5) * DAY * 1000).toISOString().slice(0, 10);
  const look = async (command: string, ...args: string[]) => {
    const { exitCode, stdout, stderr } = await server.look(command, ...args, "--json");
    assert.equal(stderr, "");
    return { exitCode, facts: JSON.parse(stdout) };
  };

  type Entry = Record<"kind" | "finding" | "resource" | "says", string>;
  const passwordsIn = ({ entries }: { entries: Entry[] }) => entries.filter(({ kind }) => kind === "password");

  it("audit: reports a password that ends within two weeks by name and day, unless a rotation by age comes first", async () => {
    const { exitCode, facts } = await look("audit");
    assert.equal(exitCode, 1);
    const found = passwordsIn(facts);
    assert.deepEqual(
      found.map(({ finding, resource }) => [finding, resource]),
      [
        ["password-account:o1.acme", "account:o1.acme"],
        // Its rotation is overdue, and nothing says that it will be made.
        ["password-account:o1.beta", "account:o1.beta"],
      ],
    );
    assert.ok(found[0]!.says.includes(`o1.acme works until ${lastDay()} (`), found[0]!.says);
    server.write("access.yaml", manifest.replace("everyDays: 80", "everyDays: 85"));
    assert.equal(passwordsIn((await look("audit")).facts).length, 1);
  });

  it("audit: silences a password that ends as a known finding", async () => {
    const until = new Date(Date.now() + 30 * DAY * 1000).toISOString().slice(0, 10);
    const { exitCode, facts } = await look("audit", "--accept", "--reason", "OPS-7", "--until", until);
    assert.equal(exitCode, 0);
    assert.match(server.read("access.yaml"), /finding: ["']?password-account:o1\.acme/);
    const accepted = (facts.entries as Entry[]).filter(({ kind }) => kind === "accepted");
    assert.equal(accepted.filter(({ finding }) => finding.startsWith("password-")).length, 2);
    assert.deepEqual(passwordsIn(facts), []);
  });

  it("audit and plan: say that they could not look at the passwords, and are not green", async () => {
    const { accounts, ...rest } = server.aegir.configuration();
    server.write("servers.yaml", stringify({ main: { ...rest, accounts: { ...accounts, directory: "/nowhere" } } }));
    const audit = await look("audit");
    assert.equal(audit.exitCode, 1);
    assert.match(passwordsIn(audit.facts)[0]!.says, /could not be looked at: .*\/nowhere/);
    server.write("access.yaml", manifest.replaceAll(/, shellAccount: .*\}$/gm, " }"));
    assert.deepEqual(passwordsIn((await look("audit")).facts), [], "a manifest without logins needs no password files");
  });

  it("plan: shows a rotation by age as a change, and a password that ends", async () => {
    const { exitCode, facts } = await look("plan");
    assert.equal(exitCode, 1);
    const changes = facts.steps.filter(({ action }: { action: string }) => action !== "adopt");
    assert.deepEqual(
      changes.map(({ action, resource, line }: Record<string, unknown>) => [action, resource, line]),
      [["update", "account:o1.beta", 4]],
    );
    assert.match(changes[0].says, /its password is 81 days old and will be rotated/);
    assert.deepEqual(
      facts.passwords.map(({ resource }: { resource: string }) => resource),
      ["account:o1.acme"],
    );
    const { stdout } = await server.look("plan");
    assert.ok(stdout.includes(`The password of o1.acme works until ${lastDay()}`), stdout);
  });

  it("plan --format html: is a page that shows the last day of each declared login's password", async () => {
    const { stdout } = await server.look("plan", "--format", "html");
    const [, data = ""] = /<script type="application\/json"[^>]*>([^]*?)<\/script>/.exec(stdout) ?? [];
    const { clients } = JSON.parse(data) as { clients: { client: string; passwordEnds: string | null }[] };
    const ends = Object.fromEntries(clients.map(({ client, passwordEnds }) => [client, passwordEnds]));
    assert.deepEqual([ends["acme"], ends["beta"]], [lastDay(), lastDay()]);
    assert.match(ends["gamma"]!, /^\d{4}-\d\d-\d\d$/);
    assert.equal(ends["admin"], null);
  });

  it("doctor: names the passwords that end, and stays green", async () => {
    const { exitCode, facts } = await look("doctor");
    assert.equal(exitCode, 0);
    const ending = facts.servers[0].accounts.ending.map(({ login, lastDay }: Record<string, string>) => [
      login,
      lastDay,
    ]);
    assert.deepEqual(ending.slice(0, 2), [
      ["o1.acme", lastDay()],
      ["o1.beta", lastDay()],
    ]);
    assert.match((await server.look("doctor")).stdout, /Passwords that end +o1\.acme works until/);
  });
});
