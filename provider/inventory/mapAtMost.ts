/** What `look` makes of each item, in the order of the items. No more than `most` are looked at at a time. */
export async function mapAtMost<Item, Result>(
  most: number,
  items: readonly Item[],
  look: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const work = async () => {
    for (const [index, item] of waiting) results[index] = await look(item);
  };
  await Promise.all(Array.from({ length: most }, work));
  return results;
}
