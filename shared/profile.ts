/** Figures line by line of a two-dimensional slice: what its rows are like, and what its columns. */

export interface Profile {
  readonly rows: LineProfile;
  readonly columns: LineProfile;
}

/**
 * Of one side. Several lines share a cell where there are more of them than cells: line l is in cell
 * floor(l × cells / lines). Arrays have one entry a cell; figures are of finite values, NaN where there are none.
 */
export interface LineProfile {
  readonly lines: number;
  /** Values of each line. */
  readonly length: number;
  readonly cells: number;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  /** Euclidean norms: the least and the greatest of the cell's lines. */
  readonly leastNorm: Float64Array;
  readonly mostNorm: Float64Array;
  /** Values that are 0, and that are not finite. */
  readonly zeros: Float64Array;
  readonly notFinite: Float64Array;
  /** Which lines a cell has, as the sum of `LINE_MARKS`. */
  readonly marks: Uint8Array;
  /** Lines of zeros alone. */
  readonly dead: LineFinding;
  /** Lines of at least two values that are all the same number other than 0. */
  readonly constant: LineFinding;
  /** Lines with a NaN or an infinity. */
  readonly unsound: LineFinding;
}

/** Exact, however many lines share a cell. */
export interface LineFinding {
  readonly count: number;
  /** The first of them: at most `NAMED_LINES`. */
  readonly first: readonly number[];
}

export const LINE_MARKS = { dead: 1, constant: 2, unsound: 4 } as const;
export type LineMark = keyof typeof LINE_MARKS;

/** Lines of a kind that are told by their index; the others are counted. */
export const NAMED_LINES = 1000;

/** Lines [from, to) of a cell. */
export function linesOfCell(
  { lines, cells }: LineProfile,
  cell: number,
): readonly [from: number, to: number] {
  return [Math.ceil((cell * lines) / cells), Math.ceil(((cell + 1) * lines) / cells)];
}
