/** Names that could be taken for others: which they are, and how they are written so that a reviewer sees it. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { clientNameKey, clientNameProblems } from "../../provider/naming/ClientName";
import { userNameKey, userNameProblems } from "../../provider/naming/PanelUser";
import { canonicalName, lookAlikeReasons, rawName, spelledOut } from "../../provider/naming/SpelledName";
import { quoted } from "../../provider/text/quoted";
import { runs, seed } from "../support/random";

describe(`A name that could be mistaken for another (seed ${seed})`, () => {
  const deceptive: [name: string, spelled: string, reason: string, readsAs?: string][] = [
    ["\u0430lice", "<U+0430>lice", "it mixes Cyrillic and Latin letters in one word", "alice"],
    ["ali\u03c5e", "ali<U+03C5>e", "it mixes Greek and Latin letters in one word", "aliue"],
    ["b\u0585b", "b<U+0585>b", "it mixes Armenian and Latin letters in one word", "bob"],
    ["bob\u0661", "bob<U+0661>", "it mixes Arabic and Latin letters in one word"],
    ["\u0430\u0441\u0435", "<U+0430><U+0441><U+0435>", 'it reads as "ace", but has Cyrillic letters', "ace"],
    ["\u0412\u041e\u0412", "<U+0412><U+041E><U+0412>", 'it reads as "BOB", but has Cyrillic letters', "BOB"],
    [
      "alice \u041c\u0430\u0445",
      "alice <U+041C><U+0430><U+0445>",
      'it reads as "Max", but has Cyrillic letters',
      "alice Max",
    ],
    ["\u201calice\u201d", "<U+201C>alice<U+201D>", 'it has U+201C, which looks like "', "alice"],
    ["\u2018alice\u2019", "<U+2018>alice<U+2019>", "it has U+2018, which looks like '", "alice"],
    ["\u00abalice\u00bb", "<U+00AB>alice<U+00BB>", 'it has U+00AB, which looks like "', "alice"],
    ["O\u2019Neil", "O<U+2019>Neil", "it has U+2019, which looks like '", "O'Neil"],
    ["O\u02bcNeil", "O<U+02BC>Neil", "it has U+02BC, which looks like '", "O'Neil"],
    ["anna\u2010maria", "anna<U+2010>maria", "it has U+2010, which looks like -", "anna-maria"],
    ["anna\u30fcmaria", "anna<U+30FC>maria", "it has U+30FC, which looks like -"],
    ["\ufb01nn", "<U+FB01>nn", "it has U+FB01, which looks like fi", "finn"],
    ["\u{1d41a}lice", "<U+1D41A>lice", "it has U+1D41A, which looks like a", "alice"],
    ["\u0251lice", "<U+0251>lice", "it has U+0251, which looks like a", "alice"],
    ["\u212bland", "<U+212B>land", "it has U+212B, which looks like \u00c5", "\u00c5land"],
    ["\u13aalice", "<U+13AA>lice", "it has U+13AA, a letter of a script that is hardly used today"],
    ["mu\u0308ller", "mu<U+0308>ller", "it has U+0308, which makes \u00fc of the letter before it", "m\u00fcller"],
    ["a\u0338lice", "a<U+0338>lice", "it has U+0338, a mark that is drawn over other letters"],
    ["\u0e2a\u0e35\u0e35", "\u0e2a\u0e35<U+0E35>", "it has U+0E35, a mark that is drawn over other letters"],
    ["<U+0430>lice", "<U+003C>U+0430>lice", "it has characters in angle brackets, as if they were spelled out"],
  ];
  for (const [name, spelled, reason, readsAs] of deceptive) {
    it(`look-alike name: is spelled out as ${spelled}, with the reason`, () => {
      assert.equal(spelledOut(name), spelled);
      assert.equal(rawName(spelled), name);
      assert.ok(lookAlikeReasons(spelled)[0]?.startsWith(reason), lookAlikeReasons(spelled).join("; "));
      assert.deepEqual(clientNameProblems(spelled), [], "it is meant if it is spelled out");
      if (name.startsWith("<")) return;
      const [problem, ...others] = clientNameProblems(name);
      assert.deepEqual(others, []);
      assert.ok(problem?.includes(`write ${JSON.stringify(spelled)}, so that a reviewer sees it`), problem);
      assert.ok(
        problem?.includes(readsAs === undefined ? "Type it again" : `Write ${JSON.stringify(readsAs)} if`),
        problem,
      );
    });
  }

  const fine = [
    ...[
      "alice",
      "Bob O'Neil",
      "j\u00f6rg.m\u00fcller",
      "bob+test@acme.example",
      "Nguy\u1ec5n V\u0103n \u0110\u1ee9c",
      "Y\u0131ld\u0131z",
    ],
    ...[
      "\u0430\u043b\u0438\u0441\u0430",
      "\u0421\u0430\u0440\u0430 \u0418\u0432\u0430\u043d\u043e\u0432\u0430",
      "\u0395\u03bb\u03ad\u03bd\u03b7",
      "\u05d1\u05e0\u05d9\u05de\u05d9\u05df",
      "\u0645\u062d\u0645\u062f",
    ],
    ...[
      "\u5c71\u7530\u592a\u90ce",
      "\u30c7\u30fc\u30bf",
      "\uae40\ucca0\uc218",
      "\u0e2a\u0e21\u0e0a\u0e32\u0e22",
      "\u0930\u093e\u092e",
      "\u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8",
    ],
    ...[
      "\u041a\u0430\u0444\u0435 24",
      "\u0418\u0432\u0430\u043d Smith",
      "Toyota \u682a\u5f0f\u4f1a\u793e",
      "M\u00fcller & S\u00f6hne (K\u00f6ln)",
    ],
  ];
  for (const name of fine) {
    it(`look-alike name: accepts ${quoted(name)}, where each word has one script`, () => {
      assert.equal(spelledOut(name), name);
      assert.deepEqual([lookAlikeReasons(name), clientNameProblems(name)], [[], []]);
    });
  }

  it("look-alike name: is refused for users and clients, also if it is partly or needlessly spelled out", () => {
    for (const [problemsOf, what] of [
      [userNameProblems, "The user's name"],
      [clientNameProblems, "The client's name"],
    ] as const) {
      assert.deepEqual(problemsOf("<U+0430>lice"), []);
      assert.deepEqual(problemsOf("\u0430lice"), [
        `${what} "<U+0430>lice" could be taken for another: it mixes Cyrillic and Latin letters in one word. ` +
          'Write "alice" if that is meant. If it is meant as it is, write "<U+0430>lice", so that a reviewer sees it.',
      ]);
      for (const [written, spelled] of [
        ["<U+0430>li\u0441e", "<U+0430>li<U+0441>e"],
        ["<u+0430>lice", "<U+0430>lice"],
        ["<U+00FC>ber", "\u00fcber"],
        ["<U+0061>lice", "alice"],
      ] as const) {
        const [problem] = problemsOf(written);
        assert.ok(problem?.includes(`not spelled out as it must be. Write "${spelled}"`), problem);
      }
    }
  });

  it("spelled-out name: Drupal's rules apply to the name on the server", () => {
    assert.deepEqual(userNameProblems(`${"<U+0430>b".repeat(30)}`), []);
    assert.match(userNameProblems(`${"<U+0430>b".repeat(31)}`)[0]!, /62 characters long where Drupal allows 60/);
    assert.match(userNameProblems("al<U+200B>ice")[0]!, /U\+200B, which Drupal does not allow/);
    assert.match(clientNameProblems("Ac<U+202E>me")[0]!, /U\+202E, which is invisible/);
    assert.match(userNameProblems("al<ice")[0]!, /contains "<"/);
  });

  it("spelled-out name: means the same user as the plain name", () => {
    assert.equal(userNameKey("<U+0410>lice"), userNameKey("\u0430LICE"));
    assert.equal(clientNameKey("<U+0410>cme"), clientNameKey("\u0430cme"));
    assert.notEqual(userNameKey("<U+0430>lice"), userNameKey("alice"));
  });

  it("spelled-out name: any name has exactly one spelling, which can be read back", () => {
    const name = fc.array(
      fc.oneof(
        fc.constantFrom(
          "<U+",
          "0430",
          ">",
          "<",
          "\u0430",
          "\u0308",
          "u",
          "\u201c",
          " ",
          "\u30fc",
          "\u0661",
          "<U+0430>",
          "<U+FFFFFF>",
        ),
        fc.string({ unit: "binary", maxLength: 4 }),
        fc.string({ maxLength: 4 }),
      ),
    );
    fc.assert(
      fc.property(name, (parts) => {
        const raw = parts.join("");
        const spelled = spelledOut(raw);
        assert.equal(rawName(spelled), raw);
        assert.equal(canonicalName(raw.includes("<U+") ? spelled : raw), spelled);
        assert.equal(lookAlikeReasons(spelled).length > 0, spelled !== raw);
      }),
      runs(1000),
    );
  });
});
