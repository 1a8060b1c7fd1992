import type { HeatMap } from '#shared/commands/tensor.ts';

/**
 * A picture of differences with no more cells than can be seen: of each block the value farthest from 0 stays,
 * so that one odd cell among thousands does not vanish between two pixels. The same map where it is small enough.
 */
export function pooled(map: HeatMap, mostRows: number, mostColumns: number): HeatMap {
  const rows = pooledCount(map.rows, map.sliceRows, mostRows);
  const columns = pooledCount(map.columns, map.sliceColumns, mostColumns);
  if (rows === map.rows && columns === map.columns) return map;
  const mean = new Float32Array(rows * columns).fill(Number.NaN);
  const flags = new Uint8Array(rows * columns);
  for (let row = 0; row < map.rows; row++) {
    const start = Math.floor((row * rows) / map.rows) * columns;
    for (let column = 0; column < map.columns; column++) {
      const cell = start + Math.floor((column * columns) / map.columns);
      const value = map.mean[row * map.columns + column]!;
      flags[cell]! |= map.flags[row * map.columns + column]!;
      // the second test lets the first finite value in: nothing is farther out than NaN
      if (Math.abs(value) > Math.abs(mean[cell]!) || Number.isNaN(mean[cell])) mean[cell] = value;
    }
  }
  return { ...map, rows, columns, mean, flags };
}

/** Cells along one side. Where cells are blocks of elements already, only halves of their number divide them evenly. */
function pooledCount(cells: number, elements: number, most: number): number {
  const bound = Math.max(1, Math.floor(most));
  if (cells <= bound) return cells;
  if (cells === elements) return bound;
  let count = cells;
  while (count > bound && count % 2 === 0) count /= 2;
  return count;
}
