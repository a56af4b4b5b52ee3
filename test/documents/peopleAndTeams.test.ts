/** What provider/docs/people-and-teams.md shows is what the program takes and says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "../../provider/manifest";

const root = join(__dirname, "..", "..");
const page = readFileSync(join(root, "provider/docs/people-and-teams.md"), "utf8");

describe("The page about people and teams", () => {
  it("people-and-teams.md: its manifest is accepted, and binds the people of its teams", () => {
    const [, text] = /^```yaml\n(.*?)^```$/ms.exec(page)!;
    const { warnings, clients } = parseManifest(text!, "people-and-teams.md", { asOf: "2026-11-24" });
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      clients.map(({ users }) => users.map(({ name, expires }) => `${name} ${expires ?? "always"}`)),
      [
        ["Bob Builder 2027-01-31", "alice 2027-01-31", "carol always"],
        ["Bob Builder 2027-03-31", "alice always", "carol always"],
      ],
    );
  });

  it("people-and-teams.md: quotes the comment on a pull request in which a person joins a team", () => {
    const comment = readFileSync(join(root, "test/review/pullRequests/17-team-joined/comment.md"), "utf8");
    const [, quote] = /^> (.*)$/m.exec(page)!;
    assert.ok(comment.includes(`- ${quote}\n`), comment);
  });
});
