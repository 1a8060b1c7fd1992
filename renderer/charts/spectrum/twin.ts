/** Singular values as a table and as CSV: a row a value, the largest first. */
import { toCsv } from '#renderer/ui/csv.ts';
import type { Column } from '#renderer/ui/table.ts';
import { formatCount, formatFigure, formatFull } from '#shared/display.ts';
import type { SingularValues } from '#shared/singular-values.ts';

export interface SpectrumRow {
  /** From 1. */
  readonly place: number;
  readonly value: number;
  /** Of the largest. */
  readonly share: number;
  /** Of the sum of squares, with all larger ones. */
  readonly energy: number;
}

export const spectrumColumns: readonly Column<SpectrumRow>[] = [
  { key: 'place', title: 'Index', width: '88px', isNumber: true, text: ({ place }) => formatCount(place) },
  number('value', 'Singular value'),
  number('share', 'Of the largest'),
  number('energy', 'Squares so far'),
];

export function spectrumRows({ values }: SingularValues): SpectrumRow[] {
  const largest = values[0] || 1;
  const squares = values.map((value) => (value / largest) ** 2);
  const total = squares.reduce((sum, square) => sum + square, 0) || 1;
  let reached = 0;
  return Array.from(values, (value, index) => {
    reached += squares[index]!;
    return { place: index + 1, value, share: value / largest, energy: Math.min(1, reached / total) };
  });
}

export function spectrumCsv(spectrum: SingularValues): string {
  const rows = spectrumRows(spectrum).map(({ place, value, share, energy }) => [
    String(place),
    ...[value, share, energy].map(formatFull),
  ]);
  return toCsv(['index', 'singular value', 'of the largest', 'squares so far'], rows);
}

/** What is read from the values: few digits to read, all of them on hover. */
export function spectrumFigures(spectrum: SingularValues): {
  readonly title: string;
  readonly text: string;
  readonly full: string;
}[] {
  const { values, condition, rank, tolerance, stableRank, effectiveRank } = spectrum;
  const figure = (title: string, value: number, about = '') => ({
    title,
    text: formatFigure(value),
    full: `${title}: ${formatFull(value)}${about}`,
  });
  return [
    figure('largest', values[0]!),
    figure('smallest', values[values.length - 1]!),
    figure('condition', condition, ', the largest by the smallest'),
    {
      title: 'rank',
      text: `${formatCount(rank)} of ${formatCount(values.length)}`,
      full: `rank: values above ${formatFull(tolerance)}, NumPy's tolerance`,
    },
    figure('stable rank', stableRank, ', the sum of squares by the largest square'),
    figure('effective rank', effectiveRank, ", e to the entropy of the values' shares"),
  ];
}

function number(key: 'value' | 'share' | 'energy', title: string): Column<SpectrumRow> {
  return {
    key,
    title,
    width: 'minmax(120px, 1fr)',
    isNumber: true,
    isMono: true,
    text: (row) => formatFull(row[key]),
  };
}
