/** The comment through a CommonMark renderer that lets HTML through: names stay names, whatever they are. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import MarkdownIt from "markdown-it";
import { differenceOf } from "../../provider/review/Difference";
import { type AccessClient, type Binding, EffectiveAccess, personByName } from "../../provider/review/EffectiveAccess";
import { COMMENT_MARK, markdownReview } from "../../provider/review/markdownReview";
import { reviewOf } from "../../provider/review/RemovalLimit";
import { runs, seed } from "../support/random";
import { picture, TODAY } from "./pictures";

const renderer = new MarkdownIt({ html: true, linkify: true });

/** A server's data may be anything, so nothing of this goes through the manifest's rules. */
function hostile(names: string[]): EffectiveAccess {
  const [client = "", title = "", site = "", user = "", reason = ""] = names;
  const person = personByName(user, { createdAs: title });
  const binding: Binding = { person, expires: undefined, reason, ended: false };
  const declared: AccessClient = {
    ...{ internalName: client, name: title, renamedFrom: undefined, protect: true, keepPeople: true },
    ...{ leavesSites: false, releases: ["sites"], shellAccount: { rotation: reason } },
    bindings: new Map([[person.key, binding]]),
  };
  const sites = [{ site, owner: client, takeOverFrom: reason, protect: true }];
  return new EffectiveAccess({ asOf: TODAY, instance: title, clients: [declared], sites });
}

const comment = (before: EffectiveAccess, after: EffectiveAccess) =>
  markdownReview(reviewOf(differenceOf(before, after)));

describe(`The Markdown of a review (seed ${seed})`, () => {
  it("Markdown review: shows a name only as inline code, never as HTML, link, image, mention or new line", () => {
    const fragment = fc.oneof(
      fc.constantFrom(
        ..."`|``|```|<script>alert(1)</script>|</details>|<!--|-->|](javascript:x)|![x](y)|@octocat|#1|\n|\r\n\r\n# head|\\|&lt;|*b*|_i_|https://evil.example|\u202e|\u0000|> q|- l|$x$| ".split(
          "|",
        ),
        "|",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    const anyName = fc.array(fragment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("") + "\ue000");
    const names = fc.array(anyName, { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(names, names, (before, after) => {
        const text = comment(hostile(before), hostile(after));
        const html = renderer.render(text).replace(COMMENT_MARK, "");
        const outside = html.replaceAll(/<code>[^<]*<\/code>/g, "");
        const tags = [...outside.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
        const own = /^<\/?(h3|p|strong|em|ul|li|blockquote|details|summary|sub|br)>$/;
        assert.deepEqual(
          tags.filter((tag) => !own.test(tag)),
          [],
          text,
        );
        // Every name carries a character of private use, which is shown as an escape.
        assert.ok(!outside.includes("\\u{e000}"), `a name is outside of inline code:\n${text}`);
        assert.doesNotMatch(text, /[^\P{C}\n]/u);
      }),
      runs(400),
    );
  });

  it("Markdown review: fits into a GitHub comment and says what was cut", () => {
    const clients = Array.from({ length: 2000 }, (_, index) => {
      return `{ name: Client ${index}, internalName: c${index}, sites: [s${index}.example], users: [u${index}] }`;
    });
    const text = comment(picture(clients), picture([]));
    assert.ok(text.length < 65_536, `${text.length} characters`);
    assert.match(text, /\d+ lines did not fit into one comment/);
    assert.match(text, /<\/details>\n\n<details><summary>What the words mean/);
  });

  it("Markdown review: is short if nothing changes", () => {
    const access = picture(["{ name: Acme, internalName: acme, sites: [a.example], users: [alice] }"]);
    assert.match(comment(access, access), /\n\*\*Nobody gains or loses access\.\*\*\n\n<details>/);
  });
});
