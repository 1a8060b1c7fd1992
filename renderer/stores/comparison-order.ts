import type { ComparisonRow, RowState } from '#shared/statistics.ts';

/** Worst first. A pair that cannot be compared at all is worse than one that differs in value. */
export const ROW_STATES = [
  'shape',
  'only-a',
  'only-b',
  'different',
  'dtype',
  'within-tolerance',
  'equal-values',
  'identical',
] as const satisfies readonly RowState[];

/** Names may stand on both sides without being a pair, so the side belongs to the key. */
export function rowKey(row: ComparisonRow): string {
  return `${row.state === 'only-b' ? 'b' : 'a'}:${row.name}`;
}

/** The rows worst first: by state, within a state by relative size of the difference; ties keep the file's order. */
export function worstFirst(rows: readonly ComparisonRow[]): ComparisonRow[] {
  return [...rows].sort((first, second) => rank(first) - rank(second) || badness(second) - badness(first));
}

export function countStates(rows: readonly ComparisonRow[]): Readonly<Record<RowState, number>> {
  const counts: Record<RowState, number> = {
    shape: 0,
    'only-a': 0,
    'only-b': 0,
    different: 0,
    dtype: 0,
    'within-tolerance': 0,
    'equal-values': 0,
    identical: 0,
  };
  for (const row of rows) counts[row.state]++;
  return counts;
}

/** Names of the original with names of the clone: of tensors that either side alone has, those that are likely each other. */
export function likelyPairs(rows: readonly ComparisonRow[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rows.flatMap(({ name, other, state }) =>
      state === 'only-a' && other !== undefined ? [[name, other]] : [],
    ),
  );
}

function rank(row: ComparisonRow): number {
  const place = ROW_STATES.indexOf(row.state);
  // a dtype that rounding alone explains is milder than one whose values moved
  return row.state === 'dtype' && row.cast ? place + 0.5 : place;
}

/** Finite, so that two of them can be subtracted; a difference that is no number (NaN against a number) is the worst. */
function badness(row: ComparisonRow): number {
  if (row.state === 'identical' || row.state === 'equal-values') return 0;
  const size = row.relativeL2 ?? row.maxAbs;
  if (size === undefined) return 0;
  return Number.isFinite(size) ? size : Number.MAX_VALUE;
}
