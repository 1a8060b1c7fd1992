import { checkpointHead, problemLines, withPath } from '#main/hosts/cli/print/checkpoint-lines.ts';
import type { Printer } from '#main/hosts/cli/print/printer.ts';
import { table } from '#main/hosts/cli/print/table.ts';
import { escapeName, formatBytes, formatShape } from '#shared/display.ts';
import type { TensorInfo } from '#shared/tensor.ts';

export const lsPrinter: Printer<'checkpoint.open'> = {
  text: (summary, context) => {
    const head = checkpointHead(summary, context.paths[0] ?? summary.path, context.style);
    const rows = { [Symbol.iterator]: () => rowsOf(summary.tensors) };
    const listing = summary.tensors.length > 0 ? table(rows, new Set([3])) : 'no tensors\n';
    return `${head}\n${listing}${problemLines(summary.problems, context.style)}`;
  },
  json: (summary, context) => withPath(summary, context),
};

function* rowsOf(tensors: readonly TensorInfo[]): Generator<readonly string[]> {
  yield ['NAME', 'DTYPE', 'SHAPE', 'BYTES', ''];
  for (const tensor of tensors) {
    yield [
      escapeName(tensor.name),
      tensor.dtype,
      formatShape(tensor.shape),
      formatBytes(tensor.byteLength),
      noteOf(tensor),
    ];
  }
}

function noteOf(tensor: TensorInfo): string {
  if (tensor.noData) return 'no values in the file';
  if (tensor.sharedWith !== undefined) return `same storage as ${escapeName(tensor.sharedWith)}`;
  return tensor.label === undefined ? '' : escapeName(tensor.label);
}
