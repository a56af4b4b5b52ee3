/** Programs whose registrations and errors program.test.ts looks at; run one after another, in this order. */
import * as pulumi from "@pulumi/pulumi";
import { AegirClient, ClientUserBinding, ShellAccount, SiteOwnership } from "../../provider/index";
import { type Program, type ProgramRun, runInline } from "./InlineProgram";

const done = (outputs: Record<string, unknown> = {}) => Promise.resolve(outputs);
const site = "www.acme.example";

const programs: Record<string, Program | { program: Program; preview: true }> = {
  good: () => {
    const acme = new AegirClient("client:acme", { name: "Acme Corp", internalName: "acme" });
    const beta = new AegirClient("client:beta", { name: "Beta GmbH" });
    const first = new SiteOwnership("site:1", { site: "WWW.Acme.Example", client: acme.internalName });
    new SiteOwnership("site:2", { site: "beta.example", client: beta.internalName });
    new ClientUserBinding("binding:acme:alice", { client: acme.internalName, user: "alice" });
    new ClientUserBinding("binding:beta:alice", { client: beta.internalName, user: "alice" });
    new ShellAccount("account:acme", { client: first.client, rotation: "1" });
    new ShellAccount("account:beta", { client: "beta" });
    return done();
  },
  siteTwice: () => {
    new SiteOwnership("one", { site, client: "acme" });
    new SiteOwnership("two", { site, client: "beta" });
    return done();
  },
  siteTwiceInOtherWords: () => {
    new SiteOwnership("one", { site: "münchen.example", client: "acme" });
    new SiteOwnership("two", { site: pulumi.output(Promise.resolve("XN--MNCHEN-3YA.Example.")), client: "beta" });
    return done();
  },
  siteTwiceOnTheOnlyServer: () => {
    pulumi.runtime.setConfig("aegir:servers", JSON.stringify({ main: {} }));
    new SiteOwnership("one", { site, client: "acme" });
    new SiteOwnership("two", { site, client: "beta", server: "main" });
    return done();
  },
  clientTwice: () => {
    new AegirClient("one", { name: "Acme Corp", internalName: "acme" });
    new AegirClient("two", { name: "Acme Ltd", internalName: "acme" });
    return done();
  },
  derivedClientTwice: () => {
    new AegirClient("one", { name: "Acme Corp" });
    new AegirClient("two", { name: "Something else", internalName: "acmecorp" });
    return done();
  },
  titleTwice: () => {
    new AegirClient("one", { name: "Acme Corp", internalName: "acme1" });
    new AegirClient("two", { name: "ACME Corp", internalName: "acme2" });
    return done();
  },
  loginTwice: () => {
    new AegirClient("one", { name: "Foo Bar", internalName: "foo_bar" });
    new AegirClient("two", { name: "Foobar", internalName: "foobar" });
    return done();
  },
  bindingTwice: () => {
    new ClientUserBinding("one", { client: "acme", user: "alice" });
    new ClientUserBinding("two", { client: "acme", user: "Alice" });
    return done();
  },
  accountTwice: () => {
    new ShellAccount("one", { client: "foo_bar" });
    new ShellAccount("two", { client: "foobar" });
    return done();
  },
  severalServers: () => {
    for (const server of ["main", "other"]) {
      new AegirClient(`client:${server}`, { name: "Acme Corp", internalName: "acme", server });
      new SiteOwnership(`site:${server}`, { site, client: "acme", server });
      new ClientUserBinding(`binding:${server}`, { client: "acme", user: "alice", server });
      new ShellAccount(`account:${server}`, { client: "acme", server });
    }
    return done();
  },
  importedClient: () => {
    new AegirClient("one", { name: "Acme Corp" }, { import: "client:acmecorp" });
    return done();
  },
  importedSite: () => {
    new SiteOwnership("one", { site, client: "acme" }, { import: `site:${site}` });
    return done();
  },
  importedBinding: () => {
    new ClientUserBinding("one", { client: "acme", user: "alice" }, { import: "binding:acme:alice" });
    return done();
  },
  importedAccount: () => {
    new ShellAccount("one", { client: "acme" }, { import: "account:o1.acme" });
    return done();
  },
  deletedBeforeReplaced: () => {
    new AegirClient("one", { name: "Acme Corp" }, { deleteBeforeReplace: true });
    return done();
  },
  replacedAsUsual: () => {
    new AegirClient("one", { name: "Acme Corp" }, { deleteBeforeReplace: false, protect: true });
    return done();
  },
  plainJavaScript: () => {
    const anything = { name: 5, site: 5, client: 5, user: 5 } as never;
    new AegirClient("client", anything);
    new SiteOwnership("site", anything);
    new ClientUserBinding("binding", anything);
    new ShellAccount("account", anything);
    return done();
  },
  lookedUp: () => {
    AegirClient.get("client", "client:acme");
    SiteOwnership.get("site", `site:${site}`);
    ClientUserBinding.get("binding", "binding:acme:alice");
    ShellAccount.get("account", "account:o1.acme");
    // A lookup declares nothing.
    AegirClient.get("client again", "client:acme");
    return done();
  },
  previewed: {
    preview: true,
    program: () => {
      const acme = new AegirClient("client:acme", { name: "Acme Corp", internalName: "acme" });
      const ownership = new SiteOwnership("site", { site, client: acme.internalName });
      // The node id is not known in a preview, nor is a name made of it; the register waits for it.
      const made = new AegirClient("client:made", { name: pulumi.interpolate`Client ${acme.nid}` });
      const again = new AegirClient("client:again", { name: pulumi.interpolate`Client ${acme.nid}` });
      const login = new ShellAccount("account", { client: ownership.client });
      return done({
        internalName: acme.internalName,
        nid: acme.nid,
        client: ownership.client,
        applied: ownership.applied,
        made: made.name,
        again: again.name,
        username: login.username,
      });
    },
  },
  stackTraces: () => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 7;
    new AegirClient("one", { name: "Acme Corp" });
    try {
      new AegirClient("two", { name: "Acme Corp" });
    } catch {
      // It is refused: the limit is back all the same.
    }
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = stackTraceLimit;
    return done({ limit });
  },
  goodAgain: () => (programs["good"] as Program)(),
};

async function main(): Promise<void> {
  const runs: Record<string, ProgramRun> = {};
  for (const [name, entry] of Object.entries(programs)) {
    runs[name] =
      typeof entry === "function" ? await runInline(entry) : await runInline(entry.program, { preview: entry.preview });
  }
  process.stdout.write(JSON.stringify(runs));
}

if (require.main === module) void main();
