import type { Printer } from '#main/hosts/cli/print/printer.ts';
import { table } from '#main/hosts/cli/print/table.ts';
import type { TensorValue, TensorValues } from '#shared/commands/tensor.ts';
import { formatShape, formatValue } from '#shared/display.ts';

export const showPrinter: Printer<'tensor.values'> = {
  text: ({ shape, dtype, values }) => {
    const texts = values.map((value) => formatValue(value, dtype));
    const columns = shape[shape.length - 1] ?? 1;
    const head = `${dtype} ${formatShape(shape)}\n`;
    if (texts.length === 0) return head;
    const rows = Array.from({ length: texts.length / columns }, (_, row) =>
      texts.slice(row * columns, (row + 1) * columns),
    );
    const right = new Set(Array.from({ length: columns }, (_, column) => column));
    const lines = table(rows, right).split('\n').slice(0, -1);
    const perBlock = shape.length > 2 ? shape[shape.length - 2]! : lines.length;
    return (
      head +
      lines.map((line, row) => (row > 0 && row % perBlock === 0 ? `\n${line}\n` : `${line}\n`)).join('')
    );
  },
  json: ({ shape, dtype, values }: TensorValues) => ({ shape, dtype, values: nested(shape, values) }),
};

type Nested = TensorValue | readonly Nested[];

/** Flat values as lists within lists, the way NumPy's tolist gives them. */
function nested(shape: readonly number[], values: readonly TensorValue[]): Nested {
  if (shape.length === 0) return values[0]!;
  let level: readonly Nested[] = values;
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const size = shape[axis]!;
    const count = shape.slice(0, axis).reduce((product, dimension) => product * dimension, 1);
    const inner = level;
    level = Array.from({ length: count }, (_, i) => inner.slice(i * size, (i + 1) * size));
  }
  return level;
}
