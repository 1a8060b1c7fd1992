import type { Metadata, MetadataValue } from '#shared/checkpoint.ts';
import type { MetadataDifference } from '#shared/statistics.ts';

/** More rows than this are not read by anybody. */
const MOST_ROWS = 1000;

/** Leaves that differ, by dotted name in A's order, then those that only B has. */
export function metadataDifferences(a: Metadata, b: Metadata): MetadataDifference[] {
  const left = leavesOf(a);
  const right = leavesOf(b);
  const rows: MetadataDifference[] = [];
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const [own, other] = [left.get(name), right.get(name)];
    if (own === other) continue;
    rows.push({
      name,
      ...(own === undefined ? {} : { a: own }),
      ...(other === undefined ? {} : { b: other }),
    });
    if (rows.length === MOST_ROWS) break;
  }
  return rows;
}

/** Every value that is no container, as text, by its dotted name. */
function leavesOf(metadata: Metadata): Map<string, string> {
  const leaves = new Map<string, string>();
  const pending: [string, MetadataValue][] = Object.entries(metadata);
  while (pending.length > 0) {
    const [name, value] = pending.pop()!;
    if (typeof value !== 'object' || value === null) {
      leaves.set(name, typeof value === 'string' ? value : String(value));
    } else {
      for (const [key, child] of Object.entries(value)) pending.push([`${name}.${key}`, child]);
    }
  }
  return new Map([...leaves].sort(([x], [y]) => (x < y ? -1 : 1)));
}
