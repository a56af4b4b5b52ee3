import assert from "node:assert/strict";
import * as fc from "fast-check";
import { clientNameProblems } from "../../provider/naming/ClientName";
import { deriveInternalName, internalNameProblems } from "../../provider/naming/InternalName";
import { mailProblems, userNameProblems } from "../../provider/naming/PanelUser";
import { shellAccountName, shellAccountNameProblems } from "../../provider/naming/ShellAccountName";
import { normalizeDomain, siteDomainProblems } from "../../provider/naming/SiteDomain";
import { quoted } from "../../provider/text/quoted";
import { runs, seed } from "../support/random";

/** Asserts that exactly one problem was found and that it says each of the fragments. */
function oneProblem(problems: string[], ...fragments: string[]): void {
  assert.equal(problems.length, 1, `one problem expected, found ${JSON.stringify(problems)}`);
  for (const fragment of fragments) assert.ok(problems[0]!.includes(fragment), `${fragment} is not in: ${problems[0]}`);
}

describe(`Internal names (seed ${seed})`, () => {
  // Recorded from hosting_client_sanitize of aegir-project/hosting, run under PHP 8.2.
  const recorded: [name: string, prefix: string, internalName: string][] = [
    ["Acme Corp", "", "acmecorp"],
    ["Has_Under-score", "", "has_underscore"],
    ["ÄÖÜ umlaut", "", "umlaut"],
    ["!!!", "", ""],
    ["The Very Long Company Name", "", "theverylongcompa"],
    ["a.b-c", "", "abc"],
    ["Acme", "c_", "c_acme"],
    ["c_acme", "c_", "c_acme"],
    ["c_c_acme", "c_", "c_c_acme"],
    ["Very long company", "client_", "client_verylongc"],
    ["Acme", "C_", "c_acme"],
    ["c_acme", "C_", "c_c_acme"],
    ["cxacme", "c.", "c.acme"],
    ["Acme", "a/b", "a/b"],
    ["Acme", "(", "("],
  ];
  for (const [name, prefix, internalName] of recorded) {
    it(`internal name: a server derives ${quoted(internalName)} from ${quoted(name)} with prefix ${quoted(prefix)}`, () => {
      assert.equal(deriveInternalName(name, prefix), internalName);
    });
  }

  it("internal name: does not change when Aegir derives it again", () => {
    const prefix = fc.stringMatching(/^[a-z0-9_]{0,20}$/);
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[ \w.-]{0,30}$/)),
        prefix,
        (name, prefix) => {
          const once = deriveInternalName(name, prefix);
          assert.equal(deriveInternalName(once, prefix), once);
          assert.match(once, /^[a-z0-9_]{0,16}$/);
        },
      ),
      runs(100),
    );
  });

  it("internal name: is accepted only as Aegir would store it (trap 5)", () => {
    const prefix = fc.constantFrom("", "c_", "long_prefix_of_16", "C_", "c.");
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(c_)?\w{1,18}$/)), prefix, (value, prefix) => {
        if (internalNameProblems(value, prefix).length > 0) return;
        assert.equal(deriveInternalName(value, prefix), value);
        assert.deepEqual(shellAccountNameProblems(value), []);
      }),
      runs(100),
    );
  });

  it("internal name: the refusal shows what Aegir would store instead (trap 5)", () => {
    assert.deepEqual(internalNameProblems("acme_2"), []);
    assert.deepEqual(internalNameProblems("Acme-Corp"), [
      'The internal name "Acme-Corp" has capital letters and has characters other than a-z, 0-9 and _. ' +
        'Aegir would store "acmecorp" instead. Write "acmecorp", or another name by these rules.',
    ]);
    oneProblem(internalNameProblems("a2345678901234567"), "17 characters long where 16", '"a234567890123456"');
    oneProblem(internalNameProblems("acme", "c_"), 'begin with the server\'s client prefix "c_"', 'Write "c_acme"');
    oneProblem(internalNameProblems("acme", "C_"), "No internal name is stable", "hosting_client_prefix");
    oneProblem(internalNameProblems("Admin"), 'Aegir would store "admin" instead. Write another name.');
    oneProblem(internalNameProblems("0"), "counts as empty");
    oneProblem(internalNameProblems(""), "is empty");
    oneProblem(internalNameProblems("日本"), 'Aegir would store "" instead. Write another name.');
  });

  it("internal name: is refused if its login is reserved or empty (trap 21)", () => {
    for (const reserved of ["admin", "ad_min", "ftp", "web", "_", "omega8ccgmailcom", "nocomega8cc"]) {
      oneProblem(internalNameProblems(reserved), "cannot have a shell account");
    }
  });
});

describe("Logins of clients", () => {
  it("login of a client: keeps only letters and digits of the internal name (trap 21)", () => {
    assert.equal(shellAccountName("o1", "foo_bar2"), "o1.foobar2");
    assert.equal(shellAccountName("o1", "foobar2"), "o1.foobar2");
  });
});

describe("Titles of clients", () => {
  it("title of a client: is visible, trimmed text of up to 100 characters", () => {
    for (const name of ["Acme Corp", "A", "Müller & Söhne (Köln)", "3M", "日本", "x".repeat(100)]) {
      assert.deepEqual(clientNameProblems(name), [], name);
    }
    oneProblem(clientNameProblems(" "), "is empty");
    oneProblem(clientNameProblems(" Acme"), "begins or ends with white space", 'Write "Acme"');
    oneProblem(clientNameProblems("x".repeat(101)), "101 characters long where 100");
    oneProblem(clientNameProblems("Ac\u200bme"), "U+200B", '"Ac\\u{200b}me"');
    oneProblem(clientNameProblems("Ac\nme"), "U+000A", '"Ac\\nme"');
  });

  it("title of a client: cannot be a number, which Aegir reads as a node id (trap 2)", () => {
    for (const numeric of ["12", "1e5", "-3", "+4.5", ".5"]) oneProblem(clientNameProblems(numeric), "node id");
  });
});

describe(`Domains of sites (seed ${seed})`, () => {
  it("domain: has one normal form", () => {
    const forms: [written: string, normal: string][] = [
      [" WWW.Acme.Example. ", "www.acme.example"],
      ["münchen.de", "xn--mnchen-3ya.de"],
      ["MÜNCHEN.DE", "xn--mnchen-3ya.de"],
      ["mu\u0308nchen.de", "xn--mnchen-3ya.de"],
      ["xn--mnchen-3ya.de", "xn--mnchen-3ya.de"],
      ["例え.jp", "xn--r8jz45g.jp"],
      ["localhost", "localhost"],
    ];
    for (const [written, normal] of forms) {
      assert.equal(normalizeDomain(written), normal);
      assert.deepEqual(siteDomainProblems(written), [], written);
    }
  });

  it("domain: does not change when it is normalized again", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.domain(),
      fc.stringMatching(/^[a-zA-ZäöüßА-я0-9.% /-]{0,20}$/u),
    );
    fc.assert(
      fc.property(text, (written) => {
        const once = normalizeDomain(written);
        assert.equal(normalizeDomain(once), once);
        if (siteDomainProblems(written).length > 0) return;
        assert.match(once, /^[a-z0-9-]+(\.[a-z0-9-]+)*$/);
        assert.deepEqual(siteDomainProblems(once), [], `the normal form ${once} of ${written}`);
      }),
      runs(1000),
    );
  });

  const refused: [written: string, ...fragments: string[]][] = [
    ["", "is empty"],
    ["https://www.acme.example/shop", "is a URL", 'Write "www.acme.example"'],
    ["www.acme.example/shop", "has a path", 'Write "www.acme.example"'],
    ["www.acme.example:8080", "has a port", 'Write "www.acme.example"'],
    ["bob@acme.example", "address with an @", 'Write "acme.example"'],
    ["*.acme.example", "has a wildcard"],
    ["www.acme.example shop.acme.example", "more than one word"],
    ["www..acme.example", "two dots"],
    [".acme.example", "begins with a dot"],
    ["acme.example..", "two dots"],
    ["a_b.example", '"a_b" is not a valid part'],
    ["-a.example", '"-a" is not a valid part'],
    [`${"a".repeat(64)}.example`, "1 to 63"],
    [`${"a23456789.".repeat(24)}example`, "247 characters long where Aegir allows 235"],
    ["a".repeat(5000), "5000 characters long"],
    ["192.168.0.1", "is an address or a number"],
    ["xn--a.de", 'begins with "xn--"'],
    ["ac\u200bme.example", "U+200B"],
    ["\u202eacme.example", "U+202E"],
    ["раураl.com", "mixes Latin and Cyrillic", '"xn--l-7sba6dbr.com"'],
    ["аррӏе.com", 'reads as "apple"', '"xn--80ak6aa92e.com"'],
    ["ａcme.example", 'only looks like "a"'],
    ["acme．example", 'only looks like "."'],
    ["straße.de", '"ß"', '"xn--strae-oqa.de"'],
  ];
  for (const [written, ...fragments] of refused) {
    it(`domain: refuses ${quoted(written).slice(0, 60)}`, () => oneProblem(siteDomainProblems(written), ...fragments));
  }

  it("domain: accepts the ASCII form of a deceptive name", () => {
    for (const ascii of ["xn--l-7sba6dbr.com", "xn--80ak6aa92e.com", "xn--strae-oqa.de"]) {
      assert.deepEqual(siteDomainProblems(ascii), []);
    }
  });
});

describe("Panel users", () => {
  it("panel user: has a name that Drupal 7 allows", () => {
    for (const name of ["alice", "Bob O'Neil", "jörg.müller", "bob+test@acme.example", "a_b-c.d", "x".repeat(60)]) {
      assert.deepEqual(userNameProblems(name), [], name);
    }
    oneProblem(userNameProblems(""), "is empty");
    oneProblem(userNameProblems("0"), "counts as empty");
    oneProblem(userNameProblems(" alice"), 'Write "alice"');
    oneProblem(userNameProblems("alice  smith"), 'Write "alice smith"');
    oneProblem(userNameProblems("al/ice"), 'contains "/"');
    oneProblem(userNameProblems("ali\u00adce"), "U+00AD");
    oneProblem(userNameProblems("al\u0000ice"), "U+0000");
    oneProblem(userNameProblems("ａlice"), "which Drupal does not allow");
    oneProblem(userNameProblems("x".repeat(61)), "61 characters long where Drupal allows 60");
  });

  it("panel user: has a plain mail address", () => {
    for (const mail of ["it@acme.example", "a.b+c@x-y.co.uk"]) assert.deepEqual(mailProblems(mail), [], mail);
    for (const mail of ["it", "it@", "IT <it@acme.example>", "it@localhost", "a b@acme.example", "a..b@acme.example"]) {
      oneProblem(mailProblems(mail), "is not a mail address");
    }
    oneProblem(mailProblems(`${"a".repeat(250)}@acme.example`), "263 characters long where Drupal allows 254");
    oneProblem(mailProblems(""), "is empty");
  });
});

describe("quoted", () => {
  it("quoted: shows a value on one line with invisible characters escaped", () => {
    assert.equal(
      quoted('a"b\\c\n\t\u001b[31m\u202e\u00a0\ud800é'),
      '"a\\"b\\\\c\\n\\t\\x1b[31m\\u{202e}\\xa0\\u{d800}é"',
    );
    assert.equal(quoted("a ::set-env ##[x]"), '"a \\x3a:set-env \\x23#[x]"', "a line may be broken at the space");
    assert.equal(quoted("x".repeat(500)), `"${"x".repeat(120)}..."`);
  });
});
