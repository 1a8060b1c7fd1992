/** A whole plane of values as CSV: a line a row, titles are indices. */
import type { Ask, TensorSubject } from '#renderer/charts/contract.ts';
import { columnTitle, planeSlice, rowTitle, type Grid } from '#renderer/charts/values/grid.ts';
import { toCsv } from '#renderer/ui/csv.ts';
import type { TensorValue } from '#shared/commands/tensor.ts';
import { formatValue } from '#shared/display.ts';

/** More is a matter for converting the file. */
const MOST_CELLS = 1_000_000;

/** @throws AppError `limit` for a plane with more values than a sheet can hold. */
export async function planeCsv(subject: TensorSubject, grid: Grid, ask: Ask): Promise<string> {
  const { values } = await ask('tensor.values', {
    file: subject.file,
    name: subject.tensor.name,
    slice: planeSlice(grid),
    most: MOST_CELLS,
  });
  const text = (value: TensorValue | undefined) =>
    value === undefined ? '' : formatValue(value, subject.tensor.dtype);
  const isTurned = !grid.isWrapped && grid.plane.rowAxis > grid.plane.columnAxis;
  const indexOf = (row: number, column: number) =>
    isTurned ? column * grid.rows + row : row * grid.columns + column;
  const columns = Array.from({ length: grid.columns }, (_, column) => column);
  const titles = ['', ...columns.map((column) => columnTitle(grid, column))];
  const lines = Array.from({ length: grid.rows }, (_, row) => [
    rowTitle(grid, row),
    ...columns.map((column) => text(values[indexOf(row, column)])),
  ]);
  return toCsv(titles, lines);
}
