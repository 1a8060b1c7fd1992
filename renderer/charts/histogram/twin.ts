/** A histogram as a table and as CSV: a row a bin, and one for each kind of value in no bin. */
import { toCsv } from '#renderer/ui/csv.ts';
import type { Column } from '#renderer/ui/table.ts';
import { formatCount, formatFull } from '#shared/display.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface BinRow {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

export const binColumns: readonly Column<BinRow>[] = [
  {
    key: 'from',
    title: 'From',
    width: 'minmax(140px, 1fr)',
    text: (row) => row.from,
    isNumber: true,
    isMono: true,
  },
  {
    key: 'to',
    title: 'To',
    width: 'minmax(140px, 1fr)',
    text: (row) => row.to,
    isNumber: true,
    isMono: true,
  },
  {
    key: 'count',
    title: 'Count',
    width: 'minmax(100px, 1fr)',
    text: (row) => formatCount(row.count),
    isNumber: true,
  },
];

export function binRows(histogram: Histogram): BinRow[] {
  const { edges, counts, below, above, nan, positiveInfinity, negativeInfinity } = histogram;
  const bins = Array.from(counts, (count, bin) => ({
    from: formatFull(edges[bin]!),
    to: formatFull(edges[bin + 1]!),
    count,
  }));
  const beside: readonly (readonly [string, number])[] = [
    ['below', below],
    ['above', above],
    ['-Inf', negativeInfinity],
    ['+Inf', positiveInfinity],
    ['NaN', nan],
  ];
  return [...bins, ...beside.flatMap(([from, count]) => (count > 0 ? [{ from, to: '', count }] : []))];
}

export function binCsv(histogram: Histogram): string {
  return toCsv(
    ['from', 'to', 'count'],
    binRows(histogram).map(({ from, to, count }) => [from, to, count]),
  );
}
