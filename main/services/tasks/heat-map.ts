import { decode } from '#main/kernels/decode.ts';
import { addRow, emptyCells, meansOf, type HeatCells } from '#main/kernels/heat-map.ts';
import { slicedTensor } from '#main/services/sliced-tensor.ts';
import { requireReal } from '#main/services/tasks/histogram.ts';
import { withReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import type { Pass } from '#main/services/windows.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';
import { throwIfCancelled } from '#shared/errors.ts';
import type { SliceAxis } from '#shared/slice.ts';

export interface HeatMapTask {
  readonly plan: TensorPlan;
  /** One entry an axis; the two that are not dropped become rows and columns. */
  readonly axes: readonly SliceAxis[];
  readonly isTransposed: boolean;
  /** The most cells along either side. */
  readonly cells: number;
}

/** A picture of a two-dimensional slice, reading a row at a time. */
export async function heatMapTask(task: HeatMapTask, pass: Pass): Promise<HeatMap> {
  requireReal(task.plan.tensor.name, task.plan.tensor.dtype);
  const sliced = slicedTensor(task.plan.tensor, task.axes, task.isTransposed);
  const [sliceRows, sliceColumns] = asMatrix(sliced.shape);
  const cells = emptyCells(Math.min(sliceRows, task.cells), Math.min(sliceColumns, task.cells));
  await withReader({ ...task.plan, tensor: sliced }, async (reader) => {
    for (let row = 0; row < sliceRows; row++) {
      throwIfCancelled(pass.signal);
      const bytes = await reader.read(row * sliceColumns, sliceColumns, pass.signal);
      pass.onRead?.(bytes.byteLength);
      addRow(cells, row, sliceRows, decode(sliced.dtype, bytes));
    }
  });
  return pictureOf(cells, sliceRows, sliceColumns);
}

/** A vector is one row, a scalar one cell. */
export function asMatrix(shape: readonly number[]): readonly [rows: number, columns: number] {
  if (shape.length === 0) return [1, 1];
  return shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
}

export function pictureOf(cells: HeatCells, sliceRows: number, sliceColumns: number): HeatMap {
  const isAny = cells.min <= cells.max;
  return {
    rows: cells.rows,
    columns: cells.columns,
    sliceRows,
    sliceColumns,
    mean: meansOf(cells),
    flags: cells.flags,
    ...(isAny ? { min: cells.min, max: cells.max } : {}),
  };
}
