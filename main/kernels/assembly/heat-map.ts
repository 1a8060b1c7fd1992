/**
 * Down-sampling of a matrix to cells. A cell is a record of five doubles: sum, count, least and greatest of its finite
 * values, and which others it holds (1: a NaN, 2: an infinity, 3: both).
 */

const RECORD: usize = 40;
/** A run of fewer values is not worth vectors. */
const LONG: u32 = 16;

/** The slice and its cells along either side. */
let rows: u64 = 0;
let columns: u64 = 0;
let cellRows: u64 = 0;
let cellColumns: u64 = 0;
/** The first column of each cell and, behind them, the number of columns, as doubles. */
let bounds: usize = 0;
/** The columns that values are of, [from, to). */
let from: u64 = 0;
let to: u64 = 0;

export function heatSlice(
  sliceRows: f64,
  sliceColumns: f64,
  cellRowCount: u32,
  cellColumnCount: u32,
  boundsAt: usize,
  fromColumn: f64,
  toColumn: f64,
): void {
  rows = <u64>sliceRows;
  columns = <u64>sliceColumns;
  cellRows = cellRowCount;
  cellColumns = cellColumnCount;
  bounds = boundsAt;
  from = <u64>fromColumn;
  to = <u64>toColumn;
}

/**
 * Adds values that follow each other in the columns of the slice that were told last.
 * @param row @param column of the first of them.
 * @param cells the records of all cells, row by row; of those that get no value none is touched.
 */
export function heatF32(at: usize, count: u32, row: f64, column: f64, cells: usize): void {
  addAll<f32>(at, count, <u64>row, <u64>column, cells);
}

export function heatF64(at: usize, count: u32, row: f64, column: f64, cells: usize): void {
  addAll<f64>(at, count, <u64>row, <u64>column, cells);
}

function addAll<T>(at: usize, count: u32, row: u64, column: u64, cells: usize): void {
  let left = <u64>count;
  while (left > 0) {
    const stop = min(to, column + left);
    left -= stop - column;
    let cell = (column * cellColumns) / columns;
    let record = cells + <usize>(((row * cellRows) / rows) * cellColumns + cell) * RECORD;
    while (column < stop) {
      const end = min(stop, <u64>load<f64>(bounds + ((<usize>cell + 1) << 3)));
      const length = <u32>(end - column);
      addRun<T>(at, length, record);
      at += <usize>length * sizeof<T>();
      column = end;
      cell++;
      record += RECORD;
    }
    column = from;
    row++;
  }
}

function addRun<T>(at: usize, length: u32, record: usize): void {
  let done: u32 = 0;
  if (length >= LONG) {
    const even = length & ~7;
    const isDone = sizeof<T>() === 4 ? addFloats(at, even, record) : addDoubles(at, even, record);
    if (isDone) done = even;
  }
  if (done < length) addEach<T>(at + <usize>done * sizeof<T>(), length - done, record);
}

/** @returns false, and nothing is added, where a value is not finite. */
function addFloats(at: usize, count: u32, record: usize): bool {
  const end = at + ((<usize>count) << 2);
  let least = f32x4.splat(Infinity);
  let most = f32x4.splat(-Infinity);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  for (; at < end; at += 16) {
    const four = v128.load(at);
    least = f32x4.pmin(least, four);
    most = f32x4.pmax(most, four);
    sum0 = f64x2.add(sum0, f64x2.promote_low_f32x4(four));
    sum1 = f64x2.add(sum1, f64x2.promote_low_f32x4(v128.load64_zero(at, 8)));
  }
  const sum = total(f64x2.add(sum0, sum1));
  if (sum - sum !== 0) return false;
  const low = min(
    min(f32x4.extract_lane(least, 0), f32x4.extract_lane(least, 1)),
    min(f32x4.extract_lane(least, 2), f32x4.extract_lane(least, 3)),
  );
  const high = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
  addTo(record, sum, <f64>count, <f64>low, <f64>high);
  return true;
}

/** As `addFloats`; false, too, where the sum leaves the range of a double. */
function addDoubles(at: usize, count: u32, record: usize): bool {
  const end = at + ((<usize>count) << 3);
  let least = f64x2.splat(Infinity);
  let most = f64x2.splat(-Infinity);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  for (; at < end; at += 32) {
    const two = v128.load(at);
    const next = v128.load(at, 16);
    least = f64x2.pmin(least, f64x2.pmin(two, next));
    most = f64x2.pmax(most, f64x2.pmax(two, next));
    sum0 = f64x2.add(sum0, two);
    sum1 = f64x2.add(sum1, next);
  }
  const sum = total(f64x2.add(sum0, sum1));
  if (sum - sum !== 0) return false;
  const low = min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
  const high = max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  addTo(record, sum, <f64>count, low, high);
  return true;
}

function addEach<T>(at: usize, count: u32, record: usize): void {
  let sum: f64 = 0;
  let finite: u32 = 0;
  let low: f64 = Infinity;
  let high: f64 = -Infinity;
  let others: u32 = 0;
  for (let index: usize = 0; index < <usize>count; index++) {
    const value = <f64>load<T>(at + index * sizeof<T>());
    if (value - value !== 0) {
      others |= value !== value ? 1 : 2;
      continue;
    }
    sum += value;
    finite++;
    low = min(low, value);
    high = max(high, value);
  }
  if (finite > 0) addTo(record, sum, <f64>finite, low, high);
  if (others !== 0) store<f64>(record, <f64>((<u32>load<f64>(record, 32)) | others), 32);
}

function addTo(record: usize, sum: f64, count: f64, low: f64, high: f64): void {
  store<f64>(record, load<f64>(record) + sum);
  store<f64>(record, load<f64>(record, 8) + count, 8);
  store<f64>(record, min(load<f64>(record, 16), low), 16);
  store<f64>(record, max(load<f64>(record, 24), high), 24);
}

function total(two: v128): f64 {
  return f64x2.extract_lane(two, 0) + f64x2.extract_lane(two, 1);
}
