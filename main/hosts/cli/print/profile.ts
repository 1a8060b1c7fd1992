import type { Printer } from '#main/hosts/cli/print/printer.ts';
import { table } from '#main/hosts/cli/print/table.ts';
import { formatCount, formatFigure, formatFull } from '#shared/display.ts';
import { linesOfCell, type LineFinding, type LineProfile, type Profile } from '#shared/profile.ts';

/** Lines that are told by index in a text for people; JSON has more. */
const NAMED = 20;

export const profilePrinter: Printer<'tensor.profile'> = {
  text: (profile, { options }) => (options.has('csv') ? csv(profile) : figures(profile)),
};

function figures({ rows, columns }: Profile): string {
  const sides = [
    ['rows', rows],
    ['columns', columns],
  ] as const;
  const head = ['', 'LINES', 'NORM FROM', 'TO', 'DEAD', 'CONSTANT', 'NAN OR INF'];
  const counts = sides.map(([name, side]) => [
    name,
    formatCount(side.lines),
    formatFigure(least(side.leastNorm)),
    formatFigure(most(side.mostNorm)),
    formatCount(side.dead.count),
    formatCount(side.constant.count),
    formatCount(side.unsound.count),
  ]);
  const named = sides.flatMap(([name, { dead, constant, unsound }]) => [
    ...told(`dead ${name}`, dead),
    ...told(`constant ${name}`, constant),
    ...told(`${name} with NaN or infinity`, unsound),
  ]);
  return table([head, ...counts], new Set([1, 2, 3, 4, 5, 6])) + named.join('');
}

function told(title: string, { count, first }: LineFinding): string[] {
  if (count === 0) return [];
  const rest = count > Math.min(NAMED, first.length) ? ', …' : '';
  return [`${title}: ${first.slice(0, NAMED).join(', ')}${rest}\n`];
}

/** NaN where no line has a norm. */
function least(values: Float64Array): number {
  return values.reduce((low, value) => (value < low || Number.isNaN(low) ? value : low), NaN);
}

function most(values: Float64Array): number {
  return values.reduce((high, value) => (value > high || Number.isNaN(high) ? value : high), NaN);
}

function csv({ rows, columns }: Profile): string {
  const head = 'side,from,to,min,max,mean,least norm,greatest norm,zeros,not finite\n';
  return head + [...csvLines('row', rows), ...csvLines('column', columns)].join('');
}

function csvLines(side: string, profile: LineProfile): string[] {
  return Array.from({ length: profile.cells }, (_, cell) => {
    const [from, to] = linesOfCell(profile, cell);
    const { min, max, mean, leastNorm, mostNorm, zeros, notFinite } = profile;
    const values = [min, max, mean, leastNorm, mostNorm, zeros, notFinite].map((all) =>
      formatFull(all[cell]!),
    );
    return `${[side, from, to - 1, ...values].join(',')}\n`;
  });
}
