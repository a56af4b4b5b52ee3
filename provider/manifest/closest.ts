/** The candidate that a misspelt word most likely means: at most a third of its letters differ. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  return nearest(word, candidates, 1)[0];
}

/** As `closest`, but at most so many candidates, the most likely first. */
export function nearest(word: string, candidates: Iterable<string>, most: number): string[] {
  const limit = Math.floor(Math.max(word.length, 3) / 3) + 1;
  const found: { candidate: string; edits: number }[] = [];
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase(), limit);
    if (edits < limit) found.push({ candidate, edits });
  }
  return found
    .sort((left, right) => left.edits - right.edits)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** Levenshtein's distance with swapped neighbours as one edit, or something not below `limit`. */
function distance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = last[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      const swapped = left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1] ? beforeLast[j - 2]! + 1 : Infinity;
      row.push(Math.min(replaced, swapped, last[j]! + 1, row[j - 1]! + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return last[right.length]!;
}
