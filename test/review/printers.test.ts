/** What a terminal, a log and a program are told; the comment on a pull request has its golden files. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "../../provider/manifest";
import {
  accessOfManifest,
  differenceOf,
  EffectiveAccess,
  jsonAccess,
  jsonReview,
  personByName,
  type Review,
  reviewOf,
  textRefusals,
  textReview,
} from "../../provider/review";
import { picture, TODAY } from "./pictures";

const pullRequests = join(__dirname, "pullRequests");

function reviewed(pullRequest: string): Review {
  const [before, after] = ["base", "head"].map((side) =>
    accessOfManifest(readManifest(join(pullRequests, pullRequest, `${side}.yaml`), { asOf: TODAY }), "o1"),
  );
  return reviewOf(differenceOf(before!, after!));
}

describe("The text of a review", () => {
  it("text review: wraps at the width with a hanging indent, removals first", () => {
    assert.equal(
      textReview(reviewed("12-protected-and-allowed"), { width: 72 }),
      `Refused:
  Acme Corp (acme) is protected, and would lose shop.acme.example.
  If this is intended, confirm it in the manifest: allowRemovals: { until: 2026-12-01, reason: "...", clients: [acme], sites: [shop.acme.example] }

2 people and 1 shell login lose access; 1 shell login gains access. 3 of
12 grants are taken away.
Allowed:
  shop.acme.example of Acme Corp (acme) is protected, and would go to
  Beta GmbH (beta). The manifest confirms it until 2026-12-08:
  TICKET-31, the shop is sold to Beta
Loses access:
- bob and the shell login o1.acme lose shop.acme.example: it moves from
  Acme Corp (acme) to Beta GmbH (beta).
- carol loses www.beta.example: no longer acts for Beta GmbH (beta).
Gains access:
+ The shell login o1.beta gains shop.acme.example: it moves from Acme
  Corp (acme) to Beta GmbH (beta).
Also:
  The shell login o1.acme gets a new password. Its home directory and
  SSH keys are lost.
  A handover of shop.acme.example takes neither user 1 of the Drupal
  site nor downloaded backups from the former client, nor an SSL
  certificate that other sites of that client use: see
  handing-over-a-site.md.
  Left with no site: carol.`,
    );
  });

  it("text review: shows the requested number of lines and counts the rest", () => {
    const lines = textReview(reviewed("13-huge"), { most: 3 }).split("\n");
    assert.ok(lines.filter((line) => line.startsWith("- ")).length === 3);
    assert.ok(lines.some((line) => /^ {2}and \d+ more lines$/.test(line)));
  });

  it("text review: contains no terminal commands at any width", () => {
    const person = personByName("\u001b[2J\u202eevil\r\n::error::");
    const client = {
      ...{ internalName: "acme", name: "A\u0007cme\n", renamedFrom: undefined, protect: true, keepPeople: true },
      ...{ leavesSites: false, releases: [], shellAccount: undefined },
      bindings: new Map([[person.key, { person, expires: undefined, reason: undefined, ended: false }]]),
    };
    const before = new EffectiveAccess({
      asOf: TODAY,
      clients: [client],
      sites: [{ site: "a.example", owner: "acme", takeOverFrom: undefined, protect: true }],
    });
    for (const width of [1, 40, 1000]) {
      const text = textReview(reviewOf(differenceOf(before, picture([]))), { width });
      assert.doesNotMatch(text, /[^\P{C}\n]/u);
      assert.doesNotMatch(text, /^\s*::/m);
    }
  });

  it("text review: the text of refusals is empty if nothing is refused", () => {
    assert.equal(textRefusals(reviewed("01-site-moved")), "");
    assert.match(textRefusals(reviewed("06-file-emptied")), /^Refused:\n {2}This takes away all 18 grants/);
  });
});

describe("The JSON of a review", () => {
  it("JSON review: has people, sites, causes and the sentences of the other formats", () => {
    const json = jsonReview(reviewed("02-person-leaves-one-of-two-clients"));
    assert.deepEqual(JSON.parse(JSON.stringify(json)), {
      version: 1,
      asOf: TODAY,
      refused: false,
      summary: "1 person loses access. 3 of 12 grants are taken away.",
      accessTests: null,
      checksums: null,
      grants: { before: 12, lost: 3, ended: 0, gained: 0 },
      refusals: [],
      remedies: [],
      allowed: [],
      lost: [
        {
          who: [{ kind: "person", name: "alice", by: "name", blocked: false, administrator: false }],
          sites: ["blog.acme.example", "shop.acme.example", "www.acme.example"],
          causes: [{ kind: "unbound", clients: ["acme"] }],
          announced: false,
          text: "alice loses blog.acme.example, shop.acme.example and www.acme.example: no longer acts for Acme Corp (acme).",
        },
      ],
      gained: [],
      renamed: [],
      notes: [
        {
          ...{ kind: "mayKnowPassword", client: "acme" },
          people: [{ name: "alice", by: "name", blocked: false, administrator: false }],
          text: "alice may know the password of the shell login o1.acme, which keeps working. Rotate it: change rotation at the client, or write rotateOnLeave: true before people leave.",
        },
      ],
    });
  });

  it("JSON review: agrees with the comment on a pull request", () => {
    const json = JSON.stringify(jsonReview(reviewed("13-huge")));
    const { refused, lost, refusals } = JSON.parse(json);
    assert.equal(refused, true);
    assert.equal(refusals[0].lost, 1200);
    const comment = readFileSync(join(pullRequests, "13-huge", "comment.md"), "utf8");
    const first = comment.split("\n").find((line) => line.startsWith("- "))!;
    assert.ok(first.replaceAll("`", "").startsWith(`- ${lost[0].who[0].name} loses`), first);
  });

  it("JSON access: shows who reaches what", () => {
    const access = picture([
      "{ name: Acme, internalName: acme, sites: [b.example, a.example], users: [{ name: bob, expires: 2026-12-31, reason: x }] }",
    ]);
    assert.deepEqual(JSON.parse(JSON.stringify(jsonAccess(access))), {
      version: 1,
      asOf: TODAY,
      clients: [
        {
          ...{ client: "acme", name: "Acme", login: "o1.acme", sites: ["a.example", "b.example"] },
          people: [
            {
              ...{ name: "bob", by: "name", blocked: false, administrator: false },
              ...{ expires: "2026-12-31", reason: "x", ended: false, teams: [], keys: [] },
            },
          ],
        },
      ],
      teams: [],
      unowned: [],
      administrators: [],
    });
  });

  it("JSON access: shows teams, and the ends of people", () => {
    const access = picture(
      ["{ name: Acme, internalName: acme, sites: [a.example], users: [{ team: all }] }"],
      ["people: { bob: { external: true, ends: 2026-12-31 } }", "teams: { web: [bob], all: [web] }"],
    );
    const { teams, clients } = jsonAccess(access) as { teams: object[]; clients: { people: object[] }[] };
    assert.deepEqual(teams, [
      { name: "all", people: ["bob"], teams: ["web"] },
      { name: "web", people: ["bob"], teams: [] },
    ]);
    assert.deepEqual(clients[0]!.people, [
      {
        ...{ name: "bob", by: "name", blocked: false, administrator: false, external: true, ends: "2026-12-31" },
        ...{ expires: "2026-12-31", reason: null, ended: false, teams: ["all"], keys: [] },
      },
    ]);
  });
});
