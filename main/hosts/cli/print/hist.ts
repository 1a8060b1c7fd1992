import type { Printer } from '#main/hosts/cli/print/printer.ts';
import { table } from '#main/hosts/cli/print/table.ts';
import { formatCount, formatFigure, formatFull } from '#shared/display.ts';
import type { Histogram } from '#shared/statistics.ts';

const BAR_CELLS = 40;

export const histPrinter: Printer<'tensor.histogram'> = {
  text: (histogram, context) => (context.options.has('csv') ? csv(histogram) : bars(histogram)),
};

function csv({ edges, counts }: Histogram): string {
  const lines = Array.from(
    counts,
    (count, i) => `${formatFull(edges[i]!)},${formatFull(edges[i + 1]!)},${count}`,
  );
  return `from,to,count\n${lines.join('\n')}\n`;
}

function bars(histogram: Histogram): string {
  const { edges, counts } = histogram;
  const most = Math.max(1, ...counts);
  const rows = Array.from(counts, (count, i) => [
    formatFigure(edges[i]!, 5),
    formatFigure(edges[i + 1]!, 5),
    formatCount(count),
    '█'.repeat(Math.ceil((count / most) * BAR_CELLS)),
  ]);
  const outside = (
    [
      ['below', histogram.below],
      ['above', histogram.above],
      ['NaN', histogram.nan],
      ['+Inf', histogram.positiveInfinity],
      ['-Inf', histogram.negativeInfinity],
    ] as const
  )
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${formatCount(count)}\n`);
  return table([['FROM', 'TO', 'COUNT', ''], ...rows], new Set([0, 1, 2])) + outside.join('');
}
