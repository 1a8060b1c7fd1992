/** Cells to pixels: one pixel a cell, to be enlarged without smoothing. */
import { colourIndex, colourTable, type ScaleRange } from '#renderer/charts/colour-scale.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';

const NAN = 1;
const INFINITE = 2;

export interface HeatPixels {
  /** RGBA in memory order; a cell without a finite value is transparent. */
  readonly colours: Uint32Array;
  /** Opaque where a cell holds a NaN, an infinity; undefined where no cell does. */
  readonly nan: Uint32Array | undefined;
  readonly infinite: Uint32Array | undefined;
}

export function heatPixels(map: HeatMap, range: ScaleRange, isDark: boolean): HeatPixels {
  const table = colourTable(range.kind, isDark);
  const { mean } = map;
  const colours = new Uint32Array(map.rows * map.columns);
  for (let cell = 0; cell < colours.length; cell++) {
    const value = mean[cell]!;
    if (!Number.isNaN(value)) colours[cell] = table[colourIndex(value, range.low, range.high)]!;
  }
  return { colours, nan: maskOf(map.flags, NAN), infinite: maskOf(map.flags, INFINITE) };
}

function maskOf(flags: Uint8Array, bit: number): Uint32Array | undefined {
  let mask: Uint32Array | undefined;
  for (let cell = 0; cell < flags.length; cell++) {
    if ((flags[cell]! & bit) === 0) continue;
    mask ??= new Uint32Array(flags.length);
    mask[cell] = 0xffffffff;
  }
  return mask;
}

export interface Cell {
  readonly row: number;
  readonly column: number;
  /** Elements of the slice that the cell stands for, [from, to) along either axis. */
  readonly rows: readonly [from: number, to: number];
  readonly columns: readonly [from: number, to: number];
  /** Mean of the finite values; NaN where there are none. */
  readonly mean: number;
  /** From the least to the greatest of them, where that is known of several. */
  readonly extent?: readonly [least: number, most: number];
  readonly hasNan: boolean;
  readonly hasInfinity: boolean;
}

/** The cell at a place in the grid, or undefined outside. */
export function cellAt(map: HeatMap, row: number, column: number): Cell | undefined {
  if (row < 0 || column < 0 || row >= map.rows || column >= map.columns) return undefined;
  const index = row * map.columns + column;
  const flags = map.flags[index] ?? 0;
  return {
    row,
    column,
    rows: spanOf(row, map.rows, map.sliceRows),
    columns: spanOf(column, map.columns, map.sliceColumns),
    mean: map.mean[index] ?? Number.NaN,
    ...(map.least && map.most ? { extent: [map.least[index]!, map.most[index]!] as const } : {}),
    hasNan: (flags & NAN) !== 0,
    hasInfinity: (flags & INFINITE) !== 0,
  };
}

/** Elements [from, to) that fall into a cell: element e is in cell floor(e * cells / elements). */
function spanOf(cell: number, cells: number, elements: number): readonly [number, number] {
  return [Math.ceil((cell * elements) / cells), Math.ceil(((cell + 1) * elements) / cells)];
}
