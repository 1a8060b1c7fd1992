import type { Printer, Style } from '#main/hosts/cli/print/printer.ts';
import { table } from '#main/hosts/cli/print/table.ts';
import { escapeName, formatCount, formatFigure, formatShape } from '#shared/display.ts';
import type { Comparison, ComparisonRow, RowState } from '#shared/statistics.ts';

export const diffPrinter: Printer<'checkpoint.compare'> = {
  text: (comparison, context) => {
    const rows = [...comparison.rows].sort(
      (a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state),
    );
    const head = ['TENSOR', 'STATE', 'MAX |D|', 'AT', 'REL L2', 'COSINE', 'ULP', 'CHANGED', ''];
    const body = rows.length > 0 ? `\n${table([head, ...rows.map(rowOf)], new Set([2, 4, 5, 6, 7]))}` : '';
    return `${sentence(comparison, context.style)}\n${body}${metadataLines(comparison)}`;
  },
  exitCode: ({ verdict }, context) => {
    const isWithin = context.options.has('tolerance') && verdict !== 'different';
    return verdict === 'identical' || isWithin ? 0 : 1;
  },
};

const WORST_FIRST: readonly RowState[] = [
  'only-a',
  'only-b',
  'shape',
  'dtype',
  'different',
  'within-tolerance',
  'equal-values',
  'identical',
];

function sentence({ verdict, rows }: Comparison, style: Style): string {
  const same = rows.filter(({ state }) => state === 'identical').length;
  const counts = `${same} of ${rows.length} tensors`;
  if (verdict === 'identical') return style.good(`Identical: ${counts}, every bit.`);
  if (verdict === 'equal-values')
    return style.caution(`Equal values, not every bit: ${counts} are identical.`);
  if (verdict === 'within-tolerance') return style.caution(`Within the tolerance: ${counts} are identical.`);
  return style.bad(`Different: ${counts} are identical.`);
}

function rowOf(row: ComparisonRow): string[] {
  const figure = (value: number | undefined) => (value === undefined ? '' : formatFigure(value));
  return [
    escapeName(row.name) + (row.other === undefined ? '' : ` ~ ${escapeName(row.other)}`),
    row.state,
    figure(row.maxAbs),
    row.at ? `[${row.at.join(', ')}]` : '',
    figure(row.relativeL2),
    figure(row.cosine),
    row.maxUlp === undefined ? '' : formatCount(row.maxUlp),
    row.changed === undefined ? '' : formatCount(row.changed),
    notesOf(row),
  ];
}

function notesOf({ transposed, cast, shapes, dtypes, problem }: ComparisonRow): string {
  return [
    ...(transposed ? ['transposed'] : []),
    ...(dtypes ? [dtypes.join(' against ')] : []),
    ...(cast ? ['rounding explains it'] : []),
    ...(shapes ? [shapes.map(formatShape).join(' against ')] : []),
    ...(problem === undefined ? [] : [problem]),
  ].join(', ');
}

function metadataLines({ metadata }: Comparison): string {
  if (metadata.length === 0) return '';
  const cell = (text: string | undefined) =>
    text === undefined ? '(absent)' : escapeName(text.slice(0, 60));
  const rows = metadata.map(({ name, a, b }) => [escapeName(name), cell(a), cell(b)]);
  return `\nmetadata that differ, which do not count:\n${table([['NAME', 'A', 'B'], ...rows])}`;
}
