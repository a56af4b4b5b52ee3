/**
 * `npm run bench:review`: how long a review takes, from the text of two manifests to the comment, at the size that it
 * is made for and at a quarter of it.
 */
import { performance } from "node:perf_hooks";
import { parseManifest } from "../../provider/manifest";
import {
  accessOfManifest,
  accessPage,
  differenceOf,
  grantsText,
  markdownReview,
  reviewOf,
} from "../../provider/review";
import { manyGrants } from "../review/manyGrants";

function timed<T>(what: string, work: () => T): T {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const result = work();
  const [wall, cpu] = [performance.now() - start, process.cpuUsage(used).user / 1000];
  console.log(`  ${what.padEnd(22)} ${wall.toFixed(0).padStart(6)} ms, of which ${cpu.toFixed(0).padStart(5)} of work`);
  return result;
}

for (const [sites, clients, users] of [
  [2_500, 500, 1_250],
  [10_000, 2_000, 5_000],
] as const) {
  console.log(`${sites} sites, ${clients} clients, ${users} people`);
  const text = manyGrants(sites, clients, users);
  // Every tenth client loses a site to its neighbour, every seventh its last person, every fiftieth goes.
  const edited = text
    .split("\n")
    .filter((_, line) => line % 50 !== 25)
    .map((line, index) => (index % 7 === 3 ? line.replace(/, [a-z]+\.\d+\] }$/, "] }") : line))
    .map((line, index, all) => {
      const taken = index % 10 === 5 ? /blog\.[a-z0-9]+\.example/.exec(all[index - 1] ?? "")?.[0] : undefined;
      if (taken !== undefined) return line.replace("sites: [", `sites: [${taken}, `);
      return index % 10 === 4 && all[index + 1]?.includes("sites: [")
        ? line.replace(/blog\.[a-z0-9]+\.example, /, "")
        : line;
    })
    .join("\n");
  const [base, head] = timed(
    "lint: both manifests",
    () => [parseManifest(text, "base.yaml"), parseManifest(edited, "head.yaml")] as const,
  );
  const [before, after] = timed("pictures", () => [accessOfManifest(base), accessOfManifest(head)] as const);
  const review = timed("difference and refusals", () => reviewOf(differenceOf(before, after)));
  timed("comment", () => markdownReview(review));
  timed("page", () => accessPage(after));
  timed("grants of the stack", () => grantsText(after));
  const { lost, gained, grants } = review.difference;
  console.log(
    `  ${lost.length} and ${gained.length} lines; ${grants.lost} of ${grants.before} grants lost, ${grants.gained} gained`,
  );
}
