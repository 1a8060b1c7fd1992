/** Work on every item of a list, several at once, in the order of the list. Rejects with the first failure. */
export async function sideBySide<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) await work(items[index]!, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

/** Indices of items in the order in which no thread is left with a long one at the end. */
export function longestFirst<Item>(items: readonly Item[], byteLengthOf: (item: Item) => number): number[] {
  const lengths = items.map(byteLengthOf);
  return [...items.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b);
}
