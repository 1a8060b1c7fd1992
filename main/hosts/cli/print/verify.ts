import { problemLines } from '#main/hosts/cli/print/checkpoint-lines.ts';
import type { Printer, Style } from '#main/hosts/cli/print/printer.ts';
import { table } from '#main/hosts/cli/print/table.ts';
import type { VerifiedCheckpoint } from '#shared/commands/checkpoint.ts';
import { escapeName, formatCount } from '#shared/display.ts';

export const verifyPrinter: Printer<'checkpoint.verify'> = {
  text: (result, { style }) => {
    const rows = result.tensors.map(({ name, state, file, range }) => [
      escapeName(name),
      state,
      file === undefined ? '' : escapeName(file),
      range ? `${formatCount(range[0])} to ${formatCount(range[1])}` : '',
    ]);
    const listing = rows.length > 0 ? `\n${table([['TENSOR', 'STATE', 'FILE', 'BYTES'], ...rows])}` : '';
    return `${sentence(result, style)}\n${listing}${problemLines(result.problems, style)}`;
  },
  exitCode: ({ verdict }) => (verdict === 'failed' ? 1 : 0),
};

function sentence({ verdict, tensors }: VerifiedCheckpoint, style: Style): string {
  const count = (state: string) => formatCount(tensors.filter((tensor) => tensor.state === state).length);
  const all = formatCount(tensors.length);
  if (verdict === 'verified')
    return style.good(`Verified: the checksums of ${all} of ${all} tensors are right.`);
  if (verdict === 'failed') return style.bad(`Failed: ${count('failed')} of ${all} tensors are damaged.`);
  return style.caution(
    `Not recorded: the file holds no checksum for ${count('not-recorded')} of ${all} tensors.`,
  );
}
