import assert from "node:assert/strict";
import fc from "fast-check";
import { Excerpt } from "../../provider/text/Excerpt";
import { printable } from "../../provider/text/printable";

describe("printable", () => {
  it("printable: keeps ordinary text in any language", () => {
    const text = 'Zażółć gęślą jaźń, 日本語, 👍: C:\\path "quoted" a::b #1 [x]';
    assert.equal(printable(text), text);
  });

  const dangerous: [string, string, string][] = [
    ["line feeds, carriage returns and tabs", "a\r\nb\tc", "a\\r\\nb\\tc"],
    ["colours and cursor movements", "\x1b[31mred\x9b2J", "\\x1b[31mred\\x9b2J"],
    [
      "links and clipboard writes",
      "\x1b]52;c;aGk=\x07\x1b]8;;http://x\x1b\\",
      "\\x1b]52;c;aGk=\\x07\\x1b]8;;http://x\\x1b\\",
    ],
    ["NUL and DEL", "\0\x7f", "\\x00\\x7f"],
    ["text that runs backwards", "\u202egpj.exe\u2066", "\\u{202e}gpj.exe\\u{2066}"],
    [
      "invisible characters",
      "a\u200bb\u00adc\ufeff\u3164\u2800\u{e0041}",
      "a\\u{200b}b\\xadc\\u{feff}\\u{3164}\\u{2800}\\u{e0041}",
    ],
    ["exotic spaces", "a\u00a0b\u2003", "a\\xa0b\\u{2003}"],
    ["line separators", "a\u2028b\u2029", "a\\u{2028}b\\u{2029}"],
    ["half a surrogate pair", "a\ud83d", "a\\u{d83d}"],
    [
      "commands to GitHub at the start of a line",
      "::set-env name=A::b\n  ::warning::x",
      "\\x3a:set-env name=A::b\\n  \\x3a:warning::x",
    ],
    [
      "commands to GitHub after any space, where a printer may break the line",
      "x ::error::y z::w",
      "x \\x3a:error::y z::w",
    ],
    ["commands to GitHub and Azure anywhere", "x ##[set-env]a ##vso[task.x]", "x \\x23#[set-env]a \\x23#vso[task.x]"],
  ];
  for (const [what, text, shown] of dangerous) {
    it(`printable: escapes ${what}`, () => assert.equal(printable(text), shown));
  }

  it("printable: omits the middle of a long string and says how much", () => {
    assert.equal(
      printable("a".repeat(10) + "b".repeat(5) + "c".repeat(10), 20),
      "aaaaaaaaaa [... 5 characters left out ...] cccccccccc",
    );
  });

  it("printable: returns only printable characters for any input", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.string({ unit: fc.constantFrom(..."::##[vso\n\r\x1b ") }),
    );
    fc.assert(
      fc.property(text, fc.nat(80), (input, limit) => {
        const shown = printable(input, limit);
        assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        assert.doesNotMatch(shown, /(^|\s)::|##\w*\[/);
      }),
    );
  });
});

describe("Excerpt", () => {
  it("Excerpt: keeps the first and the last part of any stream, however it is split", () => {
    const chunks = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 9 }));
    fc.assert(
      fc.property(chunks, (parts) => {
        const all = parts.join("");
        const excerpt = new Excerpt(8);
        parts.forEach((part) => excerpt.push(Buffer.from(part)));
        assert.equal(excerpt.bytes, all.length);
        const expected =
          all.length <= 16 ? all : `${all.slice(0, 8)} [... of ${all.length} bytes ...] ${all.slice(-8)}`;
        assert.equal(excerpt.text(), expected);
      }),
    );
  });
});
