/** What a cell under the pointer says, and the cells as a table. */
import type { Cell } from '#renderer/charts/heat-paint.ts';
import { cellAt } from '#renderer/charts/heat-paint.ts';
import { coordinateIn, type Plane } from '#renderer/charts/plane.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';
import { formatFigure, formatValue } from '#shared/display.ts';

/** Where the cell lies in the tensor: `[12, 7]`, or `[0–3, 7]` where several elements share it. */
export function placeOf(shape: readonly number[], plane: Plane, cell: Cell): string {
  if (shape.length === 0) return '[]';
  const [firstRow, lastRow] = [cell.rows[0], cell.rows[1] - 1];
  const [firstColumn, lastColumn] = [cell.columns[0], cell.columns[1] - 1];
  const from = coordinateIn(shape, plane, firstRow, firstColumn);
  const to = coordinateIn(shape, plane, lastRow, lastColumn);
  return `[${from.map((first, axis) => (first === to[axis] ? first : `${first}–${to[axis]}`)).join(', ')}]`;
}

/** One element's own value in full, or the mean of several. */
export function valueOf(cell: Cell, dtype: string): string {
  const elements = (cell.rows[1] - cell.rows[0]) * (cell.columns[1] - cell.columns[0]);
  const others = [...(cell.hasNan ? ['NaN'] : []), ...(cell.hasInfinity ? ['±Inf'] : [])];
  if (elements === 1) {
    if (others[0]) return others[0];
    // the picture has single precision; wider values are in the values tab
    return isSinglePrecise(dtype) ? formatValue(cell.mean, dtype) : `≈ ${formatFigure(cell.mean, 7)}`;
  }
  const extent = cell.extent?.map((end) => formatFigure(end)).join(' to ');
  const mean = Number.isNaN(cell.mean)
    ? []
    : [`mean ${formatFigure(cell.mean)} of ${elements}`, ...(extent === undefined ? [] : [`from ${extent}`])];
  return [...mean, ...(others.length > 0 ? [`with ${others.join(' and ')}`] : [])].join(', ');
}

function isSinglePrecise(dtype: string): boolean {
  return !['f64', 'f80', 'i64', 'u64', 'i32', 'u32'].includes(dtype);
}

export interface CellRow {
  readonly place: string;
  readonly value: string;
}

/** Rows for the table twin; made one by one, since there may be half a million. */
export function* cellRows(
  map: HeatMap,
  shape: readonly number[],
  plane: Plane,
  dtype: string,
): Generator<CellRow> {
  for (let row = 0; row < map.rows; row++) {
    for (let column = 0; column < map.columns; column++) {
      const cell = cellAt(map, row, column);
      if (cell) yield { place: placeOf(shape, plane, cell), value: valueOf(cell, dtype) };
    }
  }
}
