/**
 * What a reviewer reads of a pull request, as golden files: base and head are the manifest before and after, each a file or a
 * directory, base.test.yaml and head.test.yaml its access tests if there are some, comment.md is the comment.
 * AEGIR_RECORD_GOLDEN=1 writes the comments anew; read them then as somebody who knows no Aegir.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reviewedTests, testsBeside } from "../../provider/cli/accessTestFiles";
import { ManifestError, readManifest } from "../../provider/manifest";
import { checksumsOf } from "../../provider/review/checksum";
import { differenceOf } from "../../provider/review/Difference";
import { accessOfManifest } from "../../provider/review/fromManifest";
import { markdownReview } from "../../provider/review/markdownReview";
import { type Review, reviewOf } from "../../provider/review/RemovalLimit";
import { TODAY } from "./pictures";

const directory = join(__dirname, "pullRequests");

/** The comment, or what `aegir-access review` and `lint` print of a manifest that is refused. */
function commentOn(pullRequest: string): string {
  return printed(pullRequest).replaceAll(`${directory}/${pullRequest}/`, "");
}

function printed(pullRequest: string): string {
  try {
    return markdownReview(reviewed(pullRequest));
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return `${error.report}\n`;
  }
}

function reviewed(pullRequest: string): Review {
  const paths = ["base", "head"].map((side) => {
    const path = join(directory, pullRequest, side);
    return existsSync(path) ? path : `${path}.yaml`;
  });
  const [before, after] = paths.map((path) => accessOfManifest(readManifest(path, { asOf: TODAY }), "o1"));
  const [base, head] = paths.map((path) => testsBeside(path, directory));
  return {
    ...reviewOf(differenceOf(before!, after!)),
    checksums: checksumsOf(before!, after!),
    accessTests: reviewedTests(base, head, after!),
  };
}

describe("The comment on a pull request", () => {
  for (const pullRequest of readdirSync(directory).sort()) {
    it(`pull request comment: matches the golden file of ${pullRequest}`, () => {
      const file = join(directory, pullRequest, "comment.md");
      const comment = commentOn(pullRequest);
      if (process.env["AEGIR_RECORD_GOLDEN"]) writeFileSync(file, comment);
      assert.equal(comment, readFileSync(file, "utf8"));
    });
  }
});
