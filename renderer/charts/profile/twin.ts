/** Both profiles as a table and as CSV: a row a line, or a row a cell where several lines share it. */
import { MARK_NAMES, MARK_TITLES } from '#renderer/charts/profile/scene.ts';
import { toCsv } from '#renderer/ui/csv.ts';
import type { Column } from '#renderer/ui/table.ts';
import { formatFull } from '#shared/display.ts';
import { LINE_MARKS, linesOfCell, type LineProfile, type Profile } from '#shared/profile.ts';

export interface LineRow {
  readonly side: string;
  /** `12`, or `12–15`. */
  readonly lines: string;
  readonly norm: string;
  readonly mean: string;
  readonly min: string;
  readonly max: string;
  readonly zeros: string;
  readonly notFinite: string;
  readonly marks: string;
}

const TITLES: readonly (readonly [key: keyof LineRow, title: string])[] = [
  ['side', 'Side'],
  ['lines', 'Index'],
  ['norm', 'L2 norm'],
  ['mean', 'Mean'],
  ['min', 'Least'],
  ['max', 'Greatest'],
  ['zeros', 'Zeros'],
  ['notFinite', 'NaN or ∞'],
  ['marks', 'Found'],
];
const TEXTS: ReadonlySet<keyof LineRow> = new Set(['side', 'marks']);

export const lineColumns: readonly Column<LineRow>[] = TITLES.map(([key, title]) => ({
  key,
  title,
  width: TEXTS.has(key) ? 'minmax(72px, 1fr)' : 'minmax(88px, 1fr)',
  text: (row) => row[key],
  ...(TEXTS.has(key) ? {} : { isNumber: true as const, isMono: true as const }),
}));

export function lineRows({ rows, columns }: Profile): LineRow[] {
  return [...sideRows('row', rows), ...sideRows('column', columns)];
}

export function lineCsv(profile: Profile): string {
  return toCsv(
    TITLES.map(([, title]) => title),
    lineRows(profile).map((row) => TITLES.map(([key]) => row[key])),
  );
}

function sideRows(side: string, profile: LineProfile): LineRow[] {
  const { min, max, mean, leastNorm, mostNorm, zeros, notFinite, marks } = profile;
  return Array.from({ length: profile.cells }, (_, cell) => {
    const [from, to] = linesOfCell(profile, cell);
    const norms = [...new Set([leastNorm[cell]!, mostNorm[cell]!])].map(formatFull);
    return {
      side,
      lines: to - from === 1 ? String(from) : `${from}–${to - 1}`,
      norm: norms.join(' to '),
      mean: formatFull(mean[cell]!),
      min: formatFull(min[cell]!),
      max: formatFull(max[cell]!),
      zeros: String(zeros[cell]!),
      notFinite: String(notFinite[cell]!),
      marks: MARK_NAMES.filter((mark) => (marks[cell]! & LINE_MARKS[mark]) !== 0)
        .map((mark) => MARK_TITLES[mark])
        .join(', '),
    };
  });
}
