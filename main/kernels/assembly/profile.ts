/**
 * Figures of every row and every column of a matrix at one go. Those of all lines of a side lie in fields, each with
 * one double a line (of 64-bit integers, least and greatest are integers of 64 bits), `pitch` bytes from field to field.
 * Rows and columns go over a block of rows in turn, while it is in the nearest cache.
 */
import { addDoubles, addEach, addFloats, addFourColumns, addTwoColumns } from './profile-runs';

/** Rows of a block: columns go down them four by four, and a cache line is still there for the next four. */
const BLOCK_ROWS: u32 = 256;
/** A row of fewer values is not worth vectors. */
const LONG: u32 = 16;

/**
 * Adds whole rows, or a part of one row.
 * @param rowLines @param columnLines the first field of the first row and column that are added to.
 */
export function profileF32(
  at: usize,
  rows: u32,
  columns: u32,
  rowLines: usize,
  rowPitch: usize,
  columnLines: usize,
  columnPitch: usize,
): void {
  addAll<f32>(at, rows, columns, rowLines, rowPitch, columnLines, columnPitch);
}

export function profileF64(
  at: usize,
  rows: u32,
  columns: u32,
  rowLines: usize,
  rowPitch: usize,
  columnLines: usize,
  columnPitch: usize,
): void {
  addAll<f64>(at, rows, columns, rowLines, rowPitch, columnLines, columnPitch);
}

export function profileI64(
  at: usize,
  rows: u32,
  columns: u32,
  rowLines: usize,
  rowPitch: usize,
  columnLines: usize,
  columnPitch: usize,
): void {
  addAll<i64>(at, rows, columns, rowLines, rowPitch, columnLines, columnPitch);
}

export function profileU64(
  at: usize,
  rows: u32,
  columns: u32,
  rowLines: usize,
  rowPitch: usize,
  columnLines: usize,
  columnPitch: usize,
): void {
  addAll<u64>(at, rows, columns, rowLines, rowPitch, columnLines, columnPitch);
}

function addAll<T>(
  at: usize,
  rows: u32,
  columns: u32,
  rowLines: usize,
  rowPitch: usize,
  columnLines: usize,
  columnPitch: usize,
): void {
  const stride = <usize>columns * sizeof<T>();
  for (let row: u32 = 0; row < rows; row += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, rows - row);
    const block = at + <usize>row * stride;
    for (let index: u32 = 0; index < count; index++) {
      addRow<T>(block + <usize>index * stride, columns, rowLines + ((<usize>(row + index)) << 3), rowPitch);
    }
    addColumns<T>(block, count, columns, columnLines, columnPitch);
  }
}

function addRow<T>(at: usize, columns: u32, line: usize, pitch: usize): void {
  let done: u32 = 0;
  if (isFloat<T>() && columns >= LONG) {
    const even = columns & ~3;
    if (sizeof<T>() === 4) {
      if (addFloats(at, even, line, pitch)) done = even;
    } else if (addDoubles(at, even, line, pitch)) done = even;
  }
  if (done < columns) {
    addEach<T>(at + <usize>done * sizeof<T>(), columns - done, sizeof<T>(), line, pitch);
  }
}

function addColumns<T>(at: usize, rows: u32, columns: u32, lines: usize, pitch: usize): void {
  const stride = <usize>columns * sizeof<T>();
  let done: u32 = 0;
  if (isFloat<T>() && rows > 1) {
    const wide: u32 = sizeof<T>() === 4 ? 4 : 2;
    const even = columns & ~(wide - 1);
    for (; done < even; done += wide) {
      const first = at + <usize>done * sizeof<T>();
      const line = lines + ((<usize>done) << 3);
      const isDone =
        sizeof<T>() === 4
          ? addFourColumns(first, rows, stride, line, pitch)
          : addTwoColumns(first, rows, stride, line, pitch);
      if (isDone) continue;
      for (let lane: u32 = 0; lane < wide; lane++) {
        addEach<T>(first + <usize>lane * sizeof<T>(), rows, stride, line + ((<usize>lane) << 3), pitch);
      }
    }
  }
  for (; done < columns; done++) {
    addEach<T>(at + <usize>done * sizeof<T>(), rows, stride, lines + ((<usize>done) << 3), pitch);
  }
}
