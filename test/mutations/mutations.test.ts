/** The list of mutations has not rotted: each still applies, and its test is still there. `npm run mutations` makes them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allTitles } from "../documents/titles";
import { mutate } from "./Mutation";
import { mutations } from "./mutations";

const root = join(__dirname, "..", "..");

describe("The mutations", () => {
  it("apply to the sources as they are, each in one place", () => {
    for (const mutation of mutations) mutate(readFileSync(join(root, mutation.file), "utf8"), mutation);
  });

  it("name a test that there is", () => {
    const titles = new Set(allTitles().map(({ file, title }) => `${file}: ${title}`));
    assert.deepEqual(
      mutations.map(({ caughtBy: { file, title } }) => `${file}: ${title}`).filter((test) => !titles.has(test)),
      [],
    );
  });

  it("have a name of their own each, and are not few", () => {
    assert.equal(new Set(mutations.map(({ name }) => name)).size, mutations.length);
    assert.ok(mutations.length >= 20);
  });
});
