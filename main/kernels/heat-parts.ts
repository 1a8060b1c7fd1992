/** Cells of a slice that was looked at in stretches: a cell may have values in several of them. */
import { cellsOf, emptyRecords, HEAT_FIELDS, type HeatCells, type HeatGrid } from '#main/kernels/heat-map.ts';

/** What a stretch of a slice adds to the rows of cells in which it lies. */
export interface HeatPart {
  /** The first row of cells. */
  readonly from: number;
  /** Of whole rows of cells, as the kernels have them. */
  readonly records: Float64Array;
}

/** Rows of cells, [from, to), in which elements [begin, end) of a slice lie. */
export function cellRowsOf(
  { rows, columns, cellRows }: HeatGrid,
  begin: number,
  end: number,
): readonly [from: number, to: number] {
  if (begin >= end) return [0, 0];
  const cellRow = (element: number) => Math.floor((Math.floor(element / columns) * cellRows) / rows);
  return [cellRow(begin), cellRow(end - 1) + 1];
}

/** All cells. @param parts stretches in the order of their elements: the order of adding sums is part of the result. */
export function joinedCells(parts: readonly HeatPart[], { cellRows, cellColumns }: HeatGrid): HeatCells {
  const all = emptyRecords(cellRows * cellColumns);
  for (const { from, records } of parts) {
    const begin = from * cellColumns * HEAT_FIELDS;
    for (let at = 0; at < records.length; at += HEAT_FIELDS) {
      const to = begin + at;
      all[to]! += records[at]!;
      all[to + 1]! += records[at + 1]!;
      all[to + 2] = Math.min(all[to + 2]!, records[at + 2]!);
      all[to + 3] = Math.max(all[to + 3]!, records[at + 3]!);
      all[to + 4] = all[to + 4]! | records[at + 4]!;
    }
  }
  return cellsOf(all, cellRows, cellColumns);
}
