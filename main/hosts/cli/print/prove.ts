import type { Printer } from '#main/hosts/cli/print/printer.ts';
import { escapeName, formatCount } from '#shared/display.ts';
import type { RestoreReport } from '#shared/run.ts';

export const provePrinter: Printer<'run.prove'> = {
  text: ({ verdict, reports }, { style }) => {
    const lines = reports.map((report) => `${report.file}  ${textOf(report)}\n`);
    const sentence =
      verdict === 'identical'
        ? style.good(
            `Identical: ${formatCount(reports.length)} clones equal their originals to the last bit.`,
          )
        : style.bad(
            reports.length === 0
              ? 'There is no checkpoint to prove.'
              : 'Not every clone is identical to its original.',
          );
    const { classes } = reports.at(-1) ?? {};
    const legend = classes ? `classes: ${classes.map(escapeName).join(', ')}\n` : '';
    return `${lines.join('')}${legend}${sentence}\n`;
  },
  exitCode: ({ verdict }) => (verdict === 'identical' ? 0 : 1),
};

function textOf({ verdict, tensors, steps, problems }: RestoreReport): string {
  if (verdict === 'different') {
    const why = problems[0]?.message ?? tensors.find(({ state }) => state !== 'identical')?.name;
    return `different${why === undefined ? '' : `: ${escapeName(why)}`}`;
  }
  const further = steps.rows.length === 0 ? (steps.note ?? '') : `${steps.rows.length} further steps equal`;
  return `identical: ${formatCount(tensors.length)} tensors, ${further}`;
}
