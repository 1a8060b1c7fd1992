import type { PrintContext, Style } from '#main/hosts/cli/print/printer.ts';
import type { CheckpointSummary, Problem } from '#shared/checkpoint.ts';
import { escapeName, formatBytes, formatCount } from '#shared/display.ts';

/** What every listing begins with. */
export function checkpointHead(summary: CheckpointSummary, path: string, style: Style): string {
  const { totals } = summary;
  const dtypes = Object.keys(totals.dtypes).join(', ');
  const counts = `${formatCount(totals.tensors)} tensors · ${formatCount(totals.parameters)} parameters · ${formatBytes(totals.bytes)}`;
  return `${style.strong(escapeName(path))}  ${escapeName(summary.dialect)}\n${counts}${dtypes ? ` · ${dtypes}` : ''}\n`;
}

export function problemLines(problems: readonly Problem[], style: Style): string {
  return problems
    .map(({ message, tensor, offset }) => {
      const where = [
        ...(tensor === undefined ? [] : [escapeName(tensor)]),
        ...(offset === undefined ? [] : [`byte ${formatCount(offset)}`]),
      ].join(', ');
      return `${style.caution('problem')}  ${where ? `${where}: ` : ''}${escapeName(message)}\n`;
    })
    .join('');
}

/** The path as given takes the place of the base name. */
export function withPath<Summary extends CheckpointSummary>(
  summary: Summary,
  context: PrintContext,
  index = 0,
): Summary {
  return { ...summary, path: context.paths[index] ?? summary.path };
}
