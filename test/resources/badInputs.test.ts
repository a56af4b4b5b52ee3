/**
 * Mistakes that people make in a program, and what a preview says of them. The messages of those that are most likely
 * are asserted in full; of the others the property, and the words that tell the reason.
 */
import assert from "node:assert/strict";
import { newProviderProcess } from "../support/newProviderProcess";
import { check, configure, stacks, type Values } from "./offline";

interface Mistake {
  type: string;
  what: string;
  inputs: Values;
  /** In the order in which they are reported; a text is the whole reason. */
  failures: [property: string, reason: string | RegExp][];
  servers?: object;
}

const client = (what: string, inputs: Values, ...failures: Mistake["failures"]): Mistake => ({
  type: "AegirClient",
  what,
  inputs: { name: "Acme Corp", internalName: "acme", ...inputs },
  failures,
});
const site = (what: string, inputs: Values, ...failures: Mistake["failures"]): Mistake => ({
  type: "SiteOwnership",
  what,
  inputs: { site: "www.acme.example", client: "acme", ...inputs },
  failures,
});
const binding = (what: string, inputs: Values, ...failures: Mistake["failures"]): Mistake => ({
  type: "ClientUserBinding",
  what,
  inputs: { client: "acme", user: "alice", ...inputs },
  failures,
});
const account = (what: string, inputs: Values, ...failures: Mistake["failures"]): Mistake => ({
  type: "ShellAccount",
  what,
  inputs: { client: "acme", ...inputs },
  failures,
});

const likely: Mistake[] = [
  site("a URL instead of a domain", { site: "https://www.acme.example/" }, [
    "site",
    'The site "https://www.acme.example/" is a URL, not a domain. Write "www.acme.example".',
  ]),
  site("a site without an owner", { client: "" }, ["client", "client is missing."]),
  site("a client's name where its internal name belongs", { client: "Acme Corp" }, [
    "client",
    'The internal name "Acme Corp" has capital letters and has characters other than a-z, 0-9 and _. ' +
      'Aegir would store "acmecorp" instead. Write "acmecorp", or another name by these rules.',
  ]),
  site("takeOverFrom naming the one who gains the site", { takeOverFrom: "acme" }, [
    "takeOverFrom",
    'takeOverFrom names the new owner itself, "acme". Name the client that loses the site, or remove it.',
  ]),
  site("a receiver written as an internal name alone", { onDestroy: "beta" }, [
    "onDestroy",
    'onDestroy is "beta"; it can be "default-owner" or "leave" or "client:<internalName>".',
  ]),
  client("an internal name that is too long", { internalName: "acme_corporation_berlin" }, [
    "internalName",
    'The internal name "acme_corporation_berlin" is 23 characters long where 16 are allowed. ' +
      'Aegir would store "acme_corporation" instead. Write "acme_corporation", or another name by these rules.',
  ]),
  client("an internal name whose login BOA reserves", { internalName: "ftp" }, [
    "internalName",
    'The internal name "ftp" cannot have a shell account: the login would be the instance\'s main account. ' +
      'Write another internal name, for example "ftp1".',
  ]),
  client("a client without a name", { name: undefined }, ["name", "name is missing."]),
  client("an address with a display name", { email: "Acme IT <it@acme.example>" }, [
    "email",
    '"Acme IT <it@acme.example>" is not a mail address. Write it plainly, without a display name or spaces, ' +
      "for example it@acme.example.",
  ]),
  client("a welcome mail to nobody", { welcomeMail: true }, [
    "welcomeMail",
    "welcomeMail needs an email: without one no user is made. Add email, or remove welcomeMail.",
  ]),
  client("a boolean written as a text", { waitForLogin: "yes" }, [
    "waitForLogin",
    'waitForLogin is "yes"; write true or false.',
  ]),
  account("a rotation written as a number", { rotation: 2 }, [
    "rotation",
    "rotation must be a string or an object, got a number.",
  ]),
  {
    ...site("no word about which of several servers is meant", {}, [
      "server",
      'This stack has several servers (main, plain). Choose one: server: "main".',
    ]),
    servers: stacks.twoServers,
  },
  {
    ...account("a shell account on an Aegir that is no BOA", { server: "plain" }, [
      "server",
      'Server "plain" has no shell accounts: they exist only on BOA. Configure accounts: { instance: "o1" } there, ' +
        "or remove this resource.",
    ]),
    servers: stacks.twoServers,
  },
];

const others: Mistake[] = [
  client("a name of white space", { name: "   " }, ["name", /^The client's name is empty\./]),
  client("a name that is a number", { name: "4711" }, ["name", /takes a number for a node id/]),
  client("a name in exponential notation", { name: "1e5" }, ["name", /is a number/]),
  client("a name of 101 characters", { name: "n".repeat(101) }, ["name", /is 101 characters long where 100/]),
  client("a name with a space at its end", { name: "Acme " }, ["name", /begins or ends with white space/]),
  client("a name with a zero-width space", { name: "Ac\u200bme" }, ["name", /contains the character U\+200B/]),
  client("a name with a line feed", { name: "Acme\nCorp" }, ["name", /"Acme\\nCorp" contains the character U\+000A/]),
  client("a name of a wrong type", { name: 5 }, ["name", /^name must be a string, got a number\.$/]),
  client("a name that is a list", { name: ["Acme"] }, ["name", /^name must be a string, got a list\.$/]),
  client("a name that is an object", { name: { de: "Acme" } }, ["name", /^name must be a string, got an object\.$/]),
  client("a name that derives to nothing", { name: "???", internalName: undefined }, [
    "internalName",
    /^Derived from the name: The internal name is empty\..* Write an internalName of your own\.$/,
  ]),
  client("a name that derives to a reserved login", { name: "Admin", internalName: undefined }, [
    "internalName",
    /^Derived from the name: The internal name "admin" cannot have a shell account/,
  ]),
  client("an empty internal name", { internalName: "" }, ["internalName", /^The internal name is empty/]),
  client("an internal name of 0", { internalName: "0" }, ["internalName", /counts as empty/]),
  client("an internal name with a hyphen", { internalName: "acme-corp" }, [
    "internalName",
    /characters other than a-z, 0-9 and _/,
  ]),
  client("an internal name with capital letters", { internalName: "Acme" }, ["internalName", /has capital letters/]),
  client("an internal name of underscores", { internalName: "__" }, ["internalName", /has no letter or digit/]),
  client("an internal name that reduces to web", { internalName: "_web_" }, [
    "internalName",
    /the login would be the instance's PHP user/,
  ]),
  {
    ...client("an internal name without the server's prefix", { internalName: "acme" }, [
      "internalName",
      /does not begin with the server's client prefix "cl_"/,
    ]),
    servers: stacks.prefixed,
  },
  client("an address without a domain", { email: "it" }, ["email", /is not a mail address/]),
  client("an empty address", { email: " " }, ["email", /^The mail address is empty/]),
  client("an unknown onExisting", { onExisting: "replace" }, [
    "onExisting",
    /^onExisting is "replace"; it can be "fail" or "adopt"\.$/,
  ]),
  client("an onDestroy that is a word", { onDestroy: "refuse" }, [
    "onDestroy",
    /^onDestroy must be an object, got a string\.$/,
  ]),
  client(
    "unknown words for what becomes of sites, bindings and platforms",
    { onDestroy: { sites: "delete", bindings: "keep", platforms: true } },
    ["onDestroy", /^onDestroy\.sites is "delete"; it can be/],
    ["onDestroy", /^onDestroy\.bindings is "keep"; it can be "refuse" or "drop"\.$/],
    ["onDestroy", /^onDestroy\.platforms must be a string, got a boolean\.$/],
  ),
  client("a receiver of sites that is no internal name", { onDestroy: { sites: "client:Beta GmbH" } }, [
    "onDestroy",
    /^onDestroy\.sites is "client:Beta GmbH"/,
  ]),
  {
    ...client("a wait for a login that cannot exist", { waitForLogin: true, server: "plain" }, [
      "waitForLogin",
      /^Server "plain" has no shell accounts configured\. Remove waitForLogin\.$/,
    ]),
    servers: stacks.twoServers,
  },
  {
    ...client("a server that is not configured", { server: "mian" }, [
      "server",
      /^No server "mian" is configured\. The stack has: main, plain\. To rename a server, configure it under both names for one `pulumi up`\.$/,
    ]),
    servers: stacks.twoServers,
  },
  client("a server of a wrong type", { server: { host: "aegir.example.com" } }, [
    "server",
    /^server must be a string, got an object\.$/,
  ]),
  { ...client("a stack without a server", {}, ["server", /must name at least one server/]), servers: {} },
  {
    ...client("a server without a host key", {}, ["server", /aegir:servers\.main\.connection\.hostKey/]),
    servers: { main: { connection: { host: "aegir.example.com", user: "aegir" } } },
  },
  site("an empty site", { site: "" }, ["site", /^site is missing\.$/]),
  site("a site with a port", { site: "acme.example:8080" }, ["site", /has a port/]),
  site("a site with a path", { site: "acme.example/shop" }, ["site", /has a path/]),
  site("an address with an @", { site: "it@acme.example" }, ["site", /is an address with an @/]),
  site("a wildcard", { site: "*.acme.example" }, ["site", /has a wildcard/]),
  site("two sites in one text", { site: "acme.example, beta.example" }, ["site", /holds more than one word/]),
  site("a number", { site: "127.0.0.1" }, ["site", /is an address or a number/]),
  site("two dots", { site: "acme..example" }, ["site", /two dots follow each other/]),
  site("a label that ends with a hyphen", { site: "acme-.example" }, ["site", /is not a valid part/]),
  site("a label of 64 characters", { site: `${"a".repeat(64)}.example` }, ["site", /is not a valid part/]),
  site("a domain of more than 235 characters", { site: `${"abcdefghi.".repeat(23)}example` }, [
    "site",
    /is 237 characters long where Aegir allows 235/,
  ]),
  site("a domain with a Cyrillic letter in it", { site: "\u0430cme.example" }, ["site", /mixes Latin and Cyrillic/]),
  site("a list of sites", { site: ["acme.example"] }, ["site", /^site must be a string, got a list\.$/]),
  site("a blank owner", { client: " " }, ["client", /^The internal name " "/]),
  site("no owner at all", { client: undefined }, ["client", /^client is missing\.$/]),
  site("a loser that is a name", { takeOverFrom: "Beta GmbH" }, [
    "takeOverFrom",
    /^takeOverFrom is the internal name of a client, not "Beta GmbH"\.$/,
  ]),
  site("an unknown thing to wait for", { waitFor: "applied" }, [
    "waitFor",
    /^waitFor is "applied"; it can be "effective" or "recorded"\.$/,
  ]),
  client("a boolean that turns the line around", { welcomeMail: "\u202eno" }, [
    "welcomeMail",
    /^welcomeMail is "\\u\{202e\}no"; write true or false\.$/,
  ]),
  site("a word with an escape sequence in it", { waitFor: "\u001b[31mred" }, [
    "waitFor",
    /^waitFor is "\\u001b\[31mred"/,
  ]),
  binding("no user", { user: "" }, ["user", /^user is missing\.$/]),
  binding("a user with a space at the end", { user: "alice " }, ["user", /begins or ends with a space/]),
  binding("a user with a slash", { user: "alice/bob" }, ["user", /contains "\/"/]),
  binding("a user of 61 characters", { user: "a".repeat(61) }, [
    "user",
    /is 61 characters long where Drupal allows 60/,
  ]),
  binding("a list of users", { user: ["alice", "bob"] }, ["user", /^user must be a string, got a list\.$/]),
  binding("no client", { client: null }, ["client", /^client is missing\.$/]),
  binding("a new user without an address", { createUser: {} }, ["createUser", /^createUser\.email is missing\.$/]),
  binding("a new user with a bad address", { createUser: { email: "alice" } }, ["createUser", /is not a mail address/]),
  binding("an address instead of an object", { createUser: "alice@acme.example" }, [
    "createUser",
    /^createUser must be an object, got a string\.$/,
  ]),
  binding("a welcome that is a text", { createUser: { email: "a@acme.example", welcomeMail: "no" } }, [
    "createUser",
    /^createUser\.welcomeMail is "no"; write true or false\.$/,
  ]),
  account("no client", { client: undefined }, ["client", /^client is missing\.$/]),
  account("a login instead of a client", { client: "o1.acme" }, ["client", /characters other than a-z, 0-9 and _/]),
  account("a client that has no login", { client: "omega8ccgmailcom" }, ["client", /BOA removes the client directory/]),
  account("a rotation that is a novel", { rotation: "x".repeat(101) }, ["rotation", /^rotation has 101 characters/]),
  account("a choice about the state that is a text", { passwordInState: "false" }, [
    "passwordInState",
    /^passwordInState is "false"; write true or false\.$/,
  ]),
];

describe("a preview says what is wrong with", () => {
  afterEach(() => newProviderProcess());

  for (const { type, what, inputs, failures, servers } of [...likely, ...others]) {
    it(`${what} (${type})`, () => {
      configure(servers ?? stacks.oneServer);
      const found = check(type, inputs).failures;
      assert.deepEqual(
        found.map(({ property }) => property),
        failures.map(([property]) => property),
        JSON.stringify(found),
      );
      for (const [index, [, reason]] of failures.entries()) {
        const said = found[index]!.reason;
        if (typeof reason === "string") assert.equal(said, reason);
        else assert.match(said, reason);
        assert.doesNotMatch(said, /[\p{C}\p{Zl}\p{Zp}]/u, "it is one line that can be shown");
      }
    });
  }

  it("everything at once, however much it is", () => {
    configure(stacks.twoServers);
    const { failures } = check("AegirClient", {
      name: " 12",
      internalName: "Acme-Corp",
      email: "it",
      welcomeMail: 1,
      waitForLogin: "no",
      onExisting: "take",
      onDestroy: { sites: "drop", bindings: "refuse", platforms: "none" },
    });
    assert.deepEqual(
      failures.map(({ property }) => property),
      [
        "server",
        "name",
        "name",
        "internalName",
        "email",
        "welcomeMail",
        "onExisting",
        "onDestroy",
        "onDestroy",
        "waitForLogin",
      ],
    );
  });
});
