import { checkpointHead, problemLines, withPath } from '#main/hosts/cli/print/checkpoint-lines.ts';
import type { Printer } from '#main/hosts/cli/print/printer.ts';
import { table } from '#main/hosts/cli/print/table.ts';
import type { SummarizedTensor } from '#shared/commands/checkpoint.ts';
import { escapeName, formatCount, formatFigure, formatShape } from '#shared/display.ts';
import type { Figure } from '#shared/statistics.ts';

const HEAD = [
  'NAME',
  'DTYPE',
  'SHAPE',
  'MIN',
  'MAX',
  'MEAN',
  'STD',
  'L2',
  'ZEROS',
  'NAN',
  '±INF',
  'DENORMAL',
];
const NUMBERS = new Set([3, 4, 5, 6, 7, 8, 9, 10, 11]);

export const statPrinter: Printer<'checkpoint.summarize'> = {
  text: (result, context) => {
    const isDigestWanted = context.options.has('digest');
    const wanted = typeof context.options.get('quantiles') === 'string' ? result.tensors[0] : undefined;
    const quantiles = Object.keys(wanted?.summary?.quantiles ?? {});
    const rows = result.tensors.map((tensor) => rowOf(tensor, quantiles, isDigestWanted));
    const head = [...HEAD, ...quantiles.map((q) => `Q${q}`), ...(isDigestWanted ? ['SHA-256'] : [])];
    const right = new Set([...NUMBERS, ...quantiles.map((_, index) => HEAD.length + index)]);
    return [
      `${checkpointHead(result, context.paths[0] ?? result.path, context.style)}\n`,
      rows.length > 0 ? table([head, ...rows], right) : 'no tensors\n',
      result.contentDigest === undefined ? '' : `\ncontent digest  ${result.contentDigest}\n`,
      problemLines(result.problems, context.style),
    ].join('');
  },
  json: (result, context) => {
    const { isFound: _isFound, ...rest } = result;
    return withPath(rest, context);
  },
  exitCode: ({ isFound }) => (isFound ? 1 : 0),
};

function rowOf(tensor: SummarizedTensor, quantiles: readonly string[], isDigestWanted: boolean): string[] {
  const { summary } = tensor;
  const figure = (value: Figure | undefined) => (value === undefined ? '' : formatFigure(value));
  const count = (value: number | undefined) => (value === undefined ? '' : formatCount(value));
  return [
    escapeName(tensor.name),
    tensor.dtype,
    formatShape(tensor.shape),
    figure(summary?.min),
    figure(summary?.max),
    figure(summary?.mean),
    figure(summary?.std),
    figure(summary?.l2),
    count(summary?.zeros),
    count(summary?.nan),
    count(summary && summary.positiveInfinity + summary.negativeInfinity),
    count(summary?.denormals),
    ...quantiles.map((q) => figure(summary?.quantiles[q])),
    ...(isDigestWanted ? [tensor.sha256 ?? ''] : []),
  ];
}
