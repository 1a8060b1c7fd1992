/** Figures of the lines (rows or columns) of a matrix, gathered window by window for both sides at one go. */
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import { placeNumbers } from '#main/kernels/numbers.ts';
import { elementByteLength } from '#shared/dtype.ts';

/** The numbers that least and greatest are kept as: 64-bit integers stay what they are. */
type Extremes = Float64Array | BigInt64Array | BigUint64Array;

/** What is known of lines so far: plain data. */
export interface LineFigures {
  readonly dtype: string;
  readonly lines: number;
  /** One field after the other, each with one entry a line: see `assembly/profile-runs.ts`. */
  readonly fields: Float64Array;
}

/** One line's figures, of its finite values where nothing else is said. */
export interface LineFigure {
  readonly sum: number;
  /** Infinity and -Infinity where there are none. */
  readonly least: number;
  readonly most: number;
  readonly norm: number;
  readonly zeros: number;
  readonly notFinite: number;
  /** Whether least and greatest are the same number, to the last bit of it; false where there are none. */
  readonly isOneNumber: boolean;
}

const FIELD_COUNT = 8;
const SUM = 0;
const SQUARES = 1;
const LEAST = 2;
const MOST = 3;
const ZEROS = 4;
const NOT_FINITE = 5;
const LARGE_SQUARES = 6;
const SMALL_SQUARES = 7;
/** What the squares of very large and very small values are scaled by, as a root. */
const SCALE = 2 ** 600;

/** Figures of lines in the kernels' memory, which is lent to them. */
export interface LineTable {
  readonly dtype: string;
  readonly lines: number;
  /** Of the first field; one field's first entry is `pitch` bytes from the next one's. */
  readonly at: number;
  readonly pitch: number;
  /** Forgets all lines. */
  clear(): void;
  /** A view, until the next window is added or the memory is given back. */
  figures(): LineFigures;
  release(): void;
}

/** @param lines at least one. */
export function lineTable(dtype: string, lines: number): LineTable {
  const region = memoryRegion();
  const at = region.reserve(lines * FIELD_COUNT * 8);
  const figures = () => {
    return {
      dtype,
      lines,
      fields: new Float64Array(analysisKernels().memory.buffer, at, lines * FIELD_COUNT),
    };
  };
  const clear = () => {
    const { fields } = figures();
    fields.fill(0);
    const { least, most } = extremesOf({ dtype, lines, fields });
    const [greatest, smallest] = endsOf(dtype);
    for (let line = 0; line < lines; line++) {
      least[line] = greatest;
      most[line] = smallest;
    }
  };
  clear();
  return {
    dtype,
    lines,
    at,
    pitch: lines * 8,
    clear,
    figures,
    release: region.release,
  };
}

/**
 * Adds values that follow each other in C order in some columns of a matrix to the lines of both sides.
 * @param columns all of the matrix.
 * @param start element of these columns; `rows` has their rows.
 * @param bytes canonical.
 * @param some the columns that values are of: all of them unless told.
 */
export function addToLines(
  rows: LineTable,
  columns: LineTable,
  start: number,
  bytes: Uint8Array,
  some: { readonly start: number; readonly count: number } = { start: 0, count: columns.lines },
): void {
  const { dtype } = columns;
  const width = some.count;
  const { at, count, size, add } = placed(dtype, bytes);
  let done = 0;
  while (done < count) {
    const row = Math.floor((start + done) / width);
    const column = start + done - row * width;
    // the rest of a row, then whole rows, then the beginning of one
    const whole = column === 0 ? Math.floor((count - done) / width) : 0;
    const length = whole > 0 ? width : Math.min(width - column, count - done);
    add(
      at + done * size,
      Math.max(1, whole),
      length,
      rows.at + row * 8,
      rows.pitch,
      columns.at + (some.start + column) * 8,
      columns.pitch,
    );
    done += Math.max(1, whole) * length;
  }
}

function placed(dtype: string, bytes: Uint8Array) {
  const kernels = analysisKernels();
  if (isWhole(dtype)) {
    const add = dtype === 'i64' ? kernels.profileI64 : kernels.profileU64;
    return { at: placeInput(bytes), count: bytes.byteLength / elementByteLength(dtype), size: 8, add };
  }
  const { at, count, isDouble } = placeNumbers(dtype, bytes);
  return isDouble
    ? { at, count, size: 8, add: kernels.profileF64 }
    : { at, count, size: 4, add: kernels.profileF32 };
}

/** Adds what another part of a matrix has in the same lines. */
export function mergeLines(into: LineFigures, part: LineFigures): void {
  const { lines, fields } = into;
  const [own, other] = [extremesOf(into), extremesOf(part)];
  for (let line = 0; line < lines; line++) {
    if (other.least[line]! < own.least[line]!) own.least[line] = other.least[line]!;
    if (other.most[line]! > own.most[line]!) own.most[line] = other.most[line]!;
  }
  for (const field of [SUM, SQUARES, ZEROS, NOT_FINITE, LARGE_SQUARES, SMALL_SQUARES]) {
    for (let at = field * lines; at < (field + 1) * lines; at++) fields[at]! += part.fields[at]!;
  }
}

/** Goes through the first `count` lines in order. */
export function eachLine(
  figures: LineFigures,
  count: number,
  look: (figure: LineFigure, line: number) => void,
): void {
  const { lines, fields } = figures;
  const { least, most } = extremesOf(figures);
  const at = (field: number, line: number) => fields[field * lines + line]!;
  for (let line = 0; line < count; line++) {
    const isEmpty = least[line]! > most[line]!;
    const figure: LineFigure = {
      sum: at(SUM, line),
      // which zero was first is no matter
      least: isEmpty ? Infinity : Number(least[line]) + 0,
      most: isEmpty ? -Infinity : Number(most[line]) + 0,
      norm: normOf(at(SQUARES, line), at(LARGE_SQUARES, line), at(SMALL_SQUARES, line)),
      zeros: at(ZEROS, line),
      notFinite: at(NOT_FINITE, line),
      isOneNumber: !isEmpty && least[line] === most[line],
    };
    look(figure, line);
  }
}

/** Root of the sum of squares, of which very large and very small ones were scaled: Blue's way (1978). */
function normOf(squares: number, large: number, small: number): number {
  if (large > 0) return Math.sqrt(large + squares / SCALE / SCALE) * SCALE;
  if (small > 0) return squares > 0 ? Math.sqrt(squares + small / SCALE / SCALE) : Math.sqrt(small) / SCALE;
  return Math.sqrt(squares);
}

function isWhole(dtype: string): boolean {
  return dtype === 'i64' || dtype === 'u64';
}

function extremesOf({ dtype, lines, fields }: LineFigures): {
  readonly least: Extremes;
  readonly most: Extremes;
} {
  const field = (index: number): Extremes => {
    const at = fields.byteOffset + index * lines * 8;
    if (dtype === 'i64') return new BigInt64Array(fields.buffer, at, lines);
    return dtype === 'u64'
      ? new BigUint64Array(fields.buffer, at, lines)
      : fields.subarray(index * lines, (index + 1) * lines);
  };
  return { least: field(LEAST), most: field(MOST) };
}

/** What least and greatest of nothing are. */
function endsOf(dtype: string): readonly [least: number | bigint, most: number | bigint] {
  if (dtype === 'i64') return [2n ** 63n - 1n, -(2n ** 63n)];
  return dtype === 'u64' ? [2n ** 64n - 1n, 0n] : [Infinity, -Infinity];
}
