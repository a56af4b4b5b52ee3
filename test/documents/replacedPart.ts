/** A page with another text between the marks of one of its parts. */
export function replacedPart(page: string, part: string, made: string): string {
  const [begin, end] = [`<!-- ${part}: written by npm run index -->`, `<!-- end of the ${part} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page has no part between ${begin} and ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${made}\n\n${page.slice(to)}`;
}
