/** The program's side: what the resource classes register, and what they refuse before an engine hears of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { AegirClient, ClientUserBinding, ShellAccount, SiteOwnership } from "../../provider/index";
import { UNKNOWN } from "../../provider/resources/values";
import type { ProgramRun } from "./InlineProgram";

describe("a program", () => {
  let runs: Record<string, ProgramRun>;

  function run(name: string): ProgramRun {
    const found = runs[name];
    assert.ok(found, `there is no program ${name}`);
    return found;
  }

  function names(name: string): string[] {
    return run(name)
      .registered.map((resource) => resource.name)
      .sort();
  }

  before(() => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["-r", "sucrase/register/ts", join(__dirname, "programs.ts")],
      { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
    );
    assert.equal(status, 0, stderr || "the programs did not end");
    runs = JSON.parse(stdout) as Record<string, ProgramRun>;
  });

  it("may declare different clients, sites, pairs and logins, in any number", () => {
    assert.deepEqual(run("good").errors, []);
    assert.deepEqual(names("good"), [
      "account:acme",
      "account:beta",
      "binding:acme:alice",
      "binding:beta:alice",
      "client:acme",
      "client:beta",
      "site:1",
      "site:2",
    ]);
  });

  it("keeps the length of its stack traces, also where a resource is refused", () => {
    assert.deepEqual(run("stackTraces").outputs, { limit: 7 });
  });

  const twice: [program: string, promise: string, message: string][] = [
    [
      "siteTwice",
      "cannot declare the owner of one site twice",
      "Two resources of this program declare the owner of the site www.acme.example: " +
        '"one" and "two". Keep one of them; if both are meant, they must differ in it.',
    ],
    [
      "siteTwiceInOtherWords",
      "cannot declare the owner of one site twice in two spellings, one of which it hears of later",
      'error serializing property "site": Two resources of this program declare the owner of the site ' +
        'xn--mnchen-3ya.example: "one" and "two". Keep one of them; if both are meant, they must differ in it.',
    ],
    [
      "siteTwiceOnTheOnlyServer",
      "cannot declare one site twice, once with the name of the only server",
      "Two resources of this program declare the owner of the site www.acme.example: " +
        '"one" and "two". Keep one of them; if both are meant, they must differ in it.',
    ],
    [
      "clientTwice",
      "cannot declare one client twice",
      'Two resources of this program declare the client acme: "one" and "two". ' +
        "Keep one of them; if both are meant, they must differ in it.",
    ],
    [
      "derivedClientTwice",
      "cannot declare one client twice, once by the name from which Aegir derives it",
      'Two resources of this program declare the client acmecorp: "one" and "two". ' +
        "Keep one of them; if both are meant, they must differ in it.",
    ],
    [
      "titleTwice",
      "cannot give two clients one name",
      'Two resources of this program declare a client named ACME Corp: "one" and "two". ' +
        "Keep one of them; if both are meant, they must differ in it.",
    ],
    [
      "loginTwice",
      "cannot declare two clients that would share a shell login",
      "Two resources of this program declare clients whose shell login would be the " +
        'same (foobar): "one" and "two". Keep one of them; if both are meant, they must differ in it.',
    ],
    [
      "bindingTwice",
      "cannot bind a person to one client twice, in whatever case",
      'Two resources of this program declare the binding of Alice to acme: "one" and ' +
        '"two". Keep one of them; if both are meant, they must differ in it.',
    ],
    [
      "accountTwice",
      "cannot declare one shell login twice",
      "Two resources of this program declare the shell login of foobar (letters and " +
        'digits: foobar): "one" and "two". Keep one of them; if both are meant, they must differ in it.',
    ],
  ];
  for (const [program, promise, message] of twice) {
    it(promise, () => {
      assert.deepEqual(run(program).errors, [message]);
      assert.deepEqual(names(program), ["one"]);
    });
  }

  it("may declare the same on two servers", () => {
    assert.deepEqual(run("severalServers").errors, []);
    assert.equal(run("severalServers").registered.length, 8);
  });

  it("is not poisoned by a program that ran before it in the same process", () => {
    assert.deepEqual(run("goodAgain").errors, []);
    assert.deepEqual(names("goodAgain"), names("good"));
  });

  const imports: [program: string, message: string][] = [
    [
      "importedClient",
      'AegirClient "one": the option import cannot work with dynamic resources (pulumi/pulumi#16175). Remove it and run ' +
        '`pulumi up`: an existing client of the same name is adopted, one of another name with onExisting: "adopt", and ' +
        "nothing is written.",
    ],
    [
      "importedSite",
      'SiteOwnership "one": the option import cannot work with dynamic resources (pulumi/pulumi#16175). Remove it and run ' +
        "`pulumi up`: an owner that is right already is adopted, and nothing is written.",
    ],
    [
      "importedBinding",
      'ClientUserBinding "one": the option import cannot work with dynamic resources (pulumi/pulumi#16175). Remove it and ' +
        "run `pulumi up`: an existing pair is adopted, and nothing is written.",
    ],
    [
      "importedAccount",
      'ShellAccount "one": the option import cannot work with dynamic resources (pulumi/pulumi#16175). Remove it and run ' +
        "`pulumi up`: an existing login is adopted with its password, and nothing is written.",
    ],
  ];
  for (const [program, message] of imports) {
    it(`cannot import (${program}), and reads how to adopt instead`, () => {
      assert.deepEqual(run(program).errors, [message]);
      assert.deepEqual(run(program).registered, []);
    });
  }

  it("cannot have a replaced resource deleted first, and reads why", () => {
    assert.deepEqual(run("deletedBeforeReplaced").errors, [
      'AegirClient "one": the option deleteBeforeReplace is refused. It would take people\'s access away first and then ' +
        "stop, because a client that owns sites cannot be deleted. Remove it: a replacement is created first here.",
    ]);
    assert.deepEqual(run("deletedBeforeReplaced").registered, []);
    assert.deepEqual(run("replacedAsUsual").errors, []);
  });

  it("that gives a wrong type leaves it to check to say so", () => {
    assert.deepEqual(run("plainJavaScript").errors, []);
    assert.equal(run("plainJavaScript").registered.length, 4);
  });

  it("may look up what it does not manage, as often as it likes", () => {
    assert.deepEqual(run("lookedUp").errors, []);
    assert.deepEqual(run("lookedUp").registered, []);
    assert.deepEqual(
      run("lookedUp")
        .read.map(({ id }) => id)
        .sort(),
      ["account:o1.acme", "binding:acme:alice", "client:acme", "client:acme", "site:www.acme.example"],
    );
  });

  it("sees inputs in a preview, and knows outputs to be unknown", () => {
    assert.deepEqual(run("previewed").errors, []);
    assert.deepEqual(run("previewed").outputs, {
      internalName: "acme",
      nid: UNKNOWN,
      client: "acme",
      applied: UNKNOWN,
      made: UNKNOWN,
      again: UNKNOWN,
      username: UNKNOWN,
    });
  });

  it("sends of a resource its inputs and the provider's text, the same for all resources of a type", () => {
    const [client] = run("good").registered.filter(({ name }) => name === "client:acme");
    const { __provider: text, ...inputs } = client?.inputs ?? {};
    assert.deepEqual(inputs, { name: "Acme Corp", internalName: "acme" });
    const texts = new Map<string, Set<unknown>>();
    for (const { type, inputs } of run("good").registered) {
      texts.set(type, (texts.get(type) ?? new Set()).add(inputs["__provider"]));
    }
    assert.deepEqual(
      [...texts.values()].map((each) => each.size),
      [1, 1, 1, 1],
    );
    assert.ok(typeof text === "string" && Buffer.byteLength(text) < 2048);
  });

  it("knows each class by its type token", () => {
    const tokens = new Map(
      Object.entries({ AegirClient, SiteOwnership, ClientUserBinding, ShellAccount }).map(([name, type]) => [
        name,
        type.__pulumiType,
      ]),
    );
    assert.deepEqual(Object.fromEntries(tokens), {
      AegirClient: "pulumi-nodejs:dynamic/aegir:AegirClient",
      SiteOwnership: "pulumi-nodejs:dynamic/aegir:SiteOwnership",
      ClientUserBinding: "pulumi-nodejs:dynamic/aegir:ClientUserBinding",
      ShellAccount: "pulumi-nodejs:dynamic/aegir:ShellAccount",
    });
    assert.deepEqual(new Set(run("good").registered.map(({ type }) => type)), new Set(tokens.values()));
  });

  it("has the password of a shell account kept secret, a login that it looks up included, and nothing else", () => {
    const resources = [...run("good").registered, ...run("lookedUp").read];
    const secrets = resources.flatMap(({ name, secretOutputs }) => secretOutputs.map((key) => [name, key]));
    assert.deepEqual(secrets.sort(), [
      ["account", "password"],
      ["account:acme", "password"],
      ["account:beta", "password"],
    ]);
  });
});
