/** What the profile of one side shows, in units of its cells: cell i lies from i to i + 1. */
import { ticksBetween } from '#renderer/charts/ticks.ts';
import { formatCount, formatFigure } from '#shared/display.ts';
import { LINE_MARKS, linesOfCell, type LineMark, type LineProfile } from '#shared/profile.ts';

export type ProfileFigure = 'norm' | 'mean' | 'range' | 'zeros';
export type ProfileSide = 'row' | 'column';

/** A span of the figure's axis. */
export type Span = readonly [from: number, to: number];

export interface ProfileBar {
  readonly span: Span;
  /** Beyond it, as far as the cell's other lines go. */
  readonly beyond?: Span;
}

export interface ProfileScene {
  /** One a cell; undefined where no value is finite. */
  readonly bars: readonly (ProfileBar | undefined)[];
  /** What the bars reach, with 0 in it. */
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
}

export const MARK_NAMES = Object.keys(LINE_MARKS) as readonly LineMark[];
/** How a mark is drawn, so that it is told without its colour. */
export const MARK_SIGNS: Readonly<Record<LineMark, string>> = { dead: '×', constant: '=', unsound: '!' };
export const MARK_TITLES: Readonly<Record<LineMark, string>> = {
  dead: 'dead',
  constant: 'constant',
  unsound: 'with NaN or infinity',
};
/** Of the theme. */
export const MARK_COLOURS = { dead: 'bad', constant: 'caution', unsound: 'series4' } as const;

const MOST_TICKS = 9;

export function profileScene(profile: LineProfile, figure: ProfileFigure): ProfileScene {
  const bars = Array.from({ length: profile.cells }, (_, cell) => barOf(profile, figure, cell));
  const ends = bars.flatMap((bar) => (bar ? [...bar.span, ...(bar.beyond ?? [])] : []));
  return {
    bars,
    low: ends.reduce((low, end) => Math.min(low, end), 0),
    high: ends.reduce((high, end) => Math.max(high, end), 0),
    ticks: ticksBetween(0, Math.max(1, profile.lines - 1), MOST_TICKS)
      .filter(({ value }) => Number.isInteger(value))
      .map(({ value }) => ({ x: positionOf(profile, value), label: formatCount(value) })),
  };
}

function barOf(profile: LineProfile, figure: ProfileFigure, cell: number): ProfileBar | undefined {
  const { min, max, mean, leastNorm, mostNorm, zeros } = profile;
  if (Number.isNaN(mean[cell])) return undefined;
  if (figure === 'range') return { span: [min[cell]!, max[cell]!] };
  if (figure === 'mean') return { span: [0, mean[cell]!] };
  if (figure === 'zeros') return { span: [0, (100 * zeros[cell]!) / valuesOf(profile, cell)] };
  const [least, most] = [leastNorm[cell]!, mostNorm[cell]!];
  return { span: [0, least], ...(most > least ? { beyond: [least, most] } : {}) };
}

/** The middle of a line, in cells. */
export function positionOf({ lines, cells }: LineProfile, line: number): number {
  return ((line + 0.5) * cells) / lines;
}

export function cellOf({ lines, cells }: LineProfile, line: number): number {
  return Math.floor((line * cells) / lines);
}

/** `row 12`, or `rows 12–15` where several share the cell. */
export function titleOf(profile: LineProfile, side: ProfileSide, cell: number): string {
  const [from, to] = linesOfCell(profile, cell);
  return to - from === 1
    ? `${side} ${formatCount(from)}`
    : `${side}s ${formatCount(from)}–${formatCount(to - 1)}`;
}

/** All that is known of a cell, a line of text each. */
export function readingOf(profile: LineProfile, cell: number): string[] {
  const { min, max, mean, leastNorm, mostNorm, zeros, notFinite, marks } = profile;
  const values = valuesOf(profile, cell);
  const isAlone = leastNorm[cell] === mostNorm[cell];
  const found = MARK_NAMES.filter((mark) => (marks[cell]! & LINE_MARKS[mark]) !== 0);
  return [
    ...(Number.isNaN(mean[cell])
      ? ['no finite value']
      : [
          `norm ${formatFigure(leastNorm[cell]!)}${isAlone ? '' : ` to ${formatFigure(mostNorm[cell]!)}`}`,
          `mean ${formatFigure(mean[cell]!)}, from ${formatFigure(min[cell]!)} to ${formatFigure(max[cell]!)}`,
        ]),
    `zeros ${formatCount(zeros[cell]!)} of ${formatCount(values)}`,
    ...(notFinite[cell]! > 0 ? [`NaN or infinity ${formatCount(notFinite[cell]!)}`] : []),
    ...(found.length > 0 ? [found.map((mark) => `${MARK_SIGNS[mark]} ${MARK_TITLES[mark]}`).join(', ')] : []),
  ];
}

/** Values that a cell stands for. */
function valuesOf(profile: LineProfile, cell: number): number {
  const [from, to] = linesOfCell(profile, cell);
  return (to - from) * profile.length;
}
