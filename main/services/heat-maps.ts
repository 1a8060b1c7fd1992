/** The picture of a slice, its rows shared among the compute threads. */
import { stackedCells } from '#main/kernels/heat-map.ts';
import type { Compute } from '#main/services/compute.ts';
import { asMatrix, heatGrid, pictureOf, type HeatMapTask } from '#main/services/tasks/heat-map.ts';
import { isReadAnywhere } from '#main/services/tensor-parts.ts';
import type { Pass } from '#main/services/windows.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';
import { sliceShape } from '#shared/slice.ts';

/** Elements below which a second thread is not worth asking. */
const LEAST_ELEMENTS = 2 ** 20;

export async function heatMapOf(
  compute: Compute,
  task: Omit<HeatMapTask, 'cellRows'>,
  pass: Pass,
): Promise<HeatMap> {
  const shape = sliceShape(task.axes);
  const grid = heatGrid(asMatrix(task.isTransposed ? shape.reverse() : shape), task.cells);
  const { rows, columns, cellRows } = grid;
  const isShared = rows * columns >= LEAST_ELEMENTS && isReadAnywhere(task.plan);
  const parts = isShared ? Math.min(compute.width, cellRows) : 1;
  const bounds = Array.from({ length: parts + 1 }, (_, part) => Math.round((part * cellRows) / parts));
  const cells = await Promise.all(
    bounds.slice(1).map((to, part) => {
      return compute.run('heat-map', { ...task, cellRows: [bounds[part]!, to] }, pass);
    }),
  );
  return pictureOf(stackedCells(cells), grid);
}
