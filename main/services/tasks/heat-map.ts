import { heatSampler, type HeatCells, type HeatGrid } from '#main/kernels/heat-map.ts';
import { placeNumbers } from '#main/kernels/numbers.ts';
import { slicedTensor } from '#main/services/sliced-tensor.ts';
import { requireReal } from '#main/services/tasks/histogram.ts';
import { withBoxReaders, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';
import type { SliceAxis } from '#shared/slice.ts';

export interface HeatMapTask {
  readonly plan: TensorPlan;
  /** One entry an axis; the two that are not dropped become rows and columns. */
  readonly axes: readonly SliceAxis[];
  readonly isTransposed: boolean;
  /** The most cells along either side. */
  readonly cells: number;
  /** Rows of cells, [from, to); all of them where absent. */
  readonly cellRows?: readonly [from: number, to: number];
}

/** A picture of a two-dimensional slice, or of some rows of its cells, reading whole windows. */
export async function heatMapTask(task: HeatMapTask, pass: Pass): Promise<HeatCells> {
  requireReal(task.plan.tensor.name, task.plan.tensor.dtype);
  const tensor = slicedTensor(task.plan.tensor, task.axes, task.isTransposed);
  const grid = heatGrid(asMatrix(tensor.shape), task.cells);
  const [from, to] = task.cellRows ?? [0, grid.cellRows];
  const sampler = heatSampler(grid, from, to);
  try {
    await withBoxReaders({ ...task.plan, tensor }, async (reader, { slices }) => {
      // of a scalar there are none
      const columns = slices.at(-1) ?? { start: 0, count: 1 };
      const [begin, end] = [firstRow(grid, from) * columns.count, firstRow(grid, to) * columns.count];
      for await (const { start, bytes } of windowsOf(reader, pass, { begin, end })) {
        sampler.add(start, placeNumbers(tensor.dtype, bytes), columns);
      }
    });
    return sampler.cells();
  } finally {
    sampler.release();
  }
}

/** @param cells the most along either side. */
export function heatGrid([rows, columns]: readonly [number, number], cells: number): HeatGrid {
  return { rows, columns, cellRows: Math.min(rows, cells), cellColumns: Math.min(columns, cells) };
}

function firstRow({ rows, cellRows }: HeatGrid, cellRow: number): number {
  return cellRows === 0 ? 0 : Math.ceil((cellRow * rows) / cellRows);
}

/** A vector is one row, a scalar one cell. */
export function asMatrix(shape: readonly number[]): readonly [rows: number, columns: number] {
  if (shape.length === 0) return [1, 1];
  return shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
}

export function pictureOf(cells: HeatCells, { rows, columns }: HeatGrid): HeatMap {
  const { min, max, mean, flags, least, most } = cells;
  return {
    rows: cells.rows,
    columns: cells.columns,
    sliceRows: rows,
    sliceColumns: columns,
    mean,
    flags,
    // of a single value they say nothing new
    ...(cells.rows < rows || cells.columns < columns ? { least, most } : {}),
    ...(min <= max ? { min, max } : {}),
  };
}
