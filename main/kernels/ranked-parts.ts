/** A part of sorted values in which some of the ranks looked for are. */
export interface RankedPart<Part> {
  readonly part: Part;
  /** Values that sort before it. */
  readonly before: number;
  readonly count: number;
  /** Ascending, of all values. */
  readonly ranks: readonly number[];
}

/**
 * In which parts ranks are.
 * @param parts in order, each with its count of values. @param ranks 0-based, ascending.
 * @param before values that sort before all parts.
 */
export function rankedParts<Part>(
  parts: Iterable<readonly [part: Part, count: number]>,
  ranks: readonly number[],
  before = 0,
): RankedPart<Part>[] {
  const found: RankedPart<Part>[] = [];
  let first = 0;
  for (const [part, count] of parts) {
    if (first === ranks.length) break;
    let end = first;
    while (end < ranks.length && ranks[end]! < before + count) end++;
    if (end > first) found.push({ part, before, count, ranks: ranks.slice(first, end) });
    first = end;
    before += count;
  }
  return found;
}
