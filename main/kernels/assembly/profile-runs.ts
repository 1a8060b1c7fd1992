/**
 * Runs of values added to the figures of the lines that they belong to: see `profile.ts`. A run with values that are
 * not finite, or whose squares would leave the range of a double, is refused by the vectors and done value by value.
 */

/** The fields, in their order. */
const SUM: usize = 0;
/** Of values from 2^-400 to 2^480. */
const SQUARES: usize = 1;
const LEAST: usize = 2;
const MOST: usize = 3;
const ZEROS: usize = 4;
const NOT_FINITE: usize = 5;
/** Of greater values times 2^-600, and of smaller ones times 2^600 (Blue 1978). */
const LARGE_SQUARES: usize = 6;
const SMALL_SQUARES: usize = 7;

const LARGE: f64 = 3.1217485503159922e144;
const SMALL: f64 = 3.8725919148493183e-121;
const SHRINK: f64 = 2.409919865102884e-181;
const STRETCH: f64 = 4.149515568880993e180;

/** @param count a multiple of four. @returns false, and nothing is added, where a value is not finite. */
export function addFloats(at: usize, count: u32, line: usize, pitch: usize): bool {
  const end = at + ((<usize>count) << 2);
  let least = f32x4.splat(Infinity);
  let most = f32x4.splat(-Infinity);
  let zeros = i32x4.splat(0);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let square0 = f64x2.splat(0);
  let square1 = f64x2.splat(0);
  for (; at < end; at += 16) {
    const four = v128.load(at);
    least = f32x4.pmin(least, four);
    most = f32x4.pmax(most, four);
    zeros = i32x4.sub(zeros, f32x4.eq(four, f32x4.splat(0)));
    const low = f64x2.promote_low_f32x4(four);
    const high = f64x2.promote_low_f32x4(v128.load64_zero(at, 8));
    sum0 = f64x2.add(sum0, low);
    sum1 = f64x2.add(sum1, high);
    square0 = f64x2.add(square0, f64x2.mul(low, low));
    square1 = f64x2.add(square1, f64x2.mul(high, high));
  }
  const sum = total(f64x2.add(sum0, sum1));
  if (sum - sum !== 0) return false;
  addTo(line, pitch, SUM, sum);
  addTo(line, pitch, SQUARES, total(f64x2.add(square0, square1)));
  const low = f32x4.pmin(least, upperHalf(least));
  const high = f32x4.pmax(most, upperHalf(most));
  widen<f64>(
    line,
    pitch,
    <f64>min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)),
    <f64>max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)),
  );
  const pairs = i32x4.add(zeros, upperHalf(zeros));
  addTo(line, pitch, ZEROS, <f64>(i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)));
  return true;
}

/** As `addFloats`; false, too, where squares would leave the range of a double. */
export function addDoubles(at: usize, count: u32, line: usize, pitch: usize): bool {
  const end = at + ((<usize>count) << 3);
  let least = f64x2.splat(Infinity);
  let most = f64x2.splat(-Infinity);
  let zeros = i64x2.splat(0);
  let sum = f64x2.splat(0);
  let square = f64x2.splat(0);
  for (; at < end; at += 16) {
    const two = v128.load(at);
    least = f64x2.pmin(least, two);
    most = f64x2.pmax(most, two);
    zeros = i64x2.sub(zeros, f64x2.eq(two, f64x2.splat(0)));
    sum = f64x2.add(sum, two);
    square = f64x2.add(square, f64x2.mul(two, two));
  }
  const whole = total(sum);
  const low = min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
  const high = max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  if (whole - whole !== 0 || !isOrdinary(max(abs(low), abs(high)))) return false;
  addTo(line, pitch, SUM, whole);
  addTo(line, pitch, SQUARES, total(square));
  widen<f64>(line, pitch, low, high);
  addTo(line, pitch, ZEROS, <f64>(i64x2.extract_lane(zeros, 0) + i64x2.extract_lane(zeros, 1)));
  return true;
}

/** Four columns side by side. @returns false, and nothing is added, where a value is not finite. */
export function addFourColumns(at: usize, rows: u32, stride: usize, line: usize, pitch: usize): bool {
  let least = f32x4.splat(Infinity);
  let most = f32x4.splat(-Infinity);
  let zeros = i32x4.splat(0);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let square0 = f64x2.splat(0);
  let square1 = f64x2.splat(0);
  for (let row: u32 = 0; row < rows; row++) {
    const four = v128.load(at);
    least = f32x4.pmin(least, four);
    most = f32x4.pmax(most, four);
    zeros = i32x4.sub(zeros, f32x4.eq(four, f32x4.splat(0)));
    const low = f64x2.promote_low_f32x4(four);
    const high = f64x2.promote_low_f32x4(v128.load64_zero(at, 8));
    sum0 = f64x2.add(sum0, low);
    sum1 = f64x2.add(sum1, high);
    square0 = f64x2.add(square0, f64x2.mul(low, low));
    square1 = f64x2.add(square1, f64x2.mul(high, high));
    at += stride;
  }
  if (!isFinite2(f64x2.add(sum0, sum1))) return false;
  addTwo(line, pitch, sum0, square0, f64x2.promote_low_f32x4(least), f64x2.promote_low_f32x4(most));
  addZeros(line, pitch, f64x2.convert_low_i32x4_s(zeros));
  addTwo(
    line + 16,
    pitch,
    sum1,
    square1,
    f64x2.promote_low_f32x4(upperHalf(least)),
    f64x2.promote_low_f32x4(upperHalf(most)),
  );
  addZeros(line + 16, pitch, f64x2.convert_low_i32x4_s(upperHalf(zeros)));
  return true;
}

/** As `addFourColumns`; false, too, where squares would leave the range of a double. */
export function addTwoColumns(at: usize, rows: u32, stride: usize, line: usize, pitch: usize): bool {
  let least = f64x2.splat(Infinity);
  let most = f64x2.splat(-Infinity);
  let zeros = f64x2.splat(0);
  let sum = f64x2.splat(0);
  let square = f64x2.splat(0);
  const one = f64x2.splat(1);
  for (let row: u32 = 0; row < rows; row++) {
    const two = v128.load(at);
    least = f64x2.pmin(least, two);
    most = f64x2.pmax(most, two);
    zeros = f64x2.add(zeros, v128.and(one, f64x2.eq(two, f64x2.splat(0))));
    sum = f64x2.add(sum, two);
    square = f64x2.add(square, f64x2.mul(two, two));
    at += stride;
  }
  const size = f64x2.max(f64x2.abs(least), f64x2.abs(most));
  if (
    !isFinite2(sum) ||
    !isOrdinary(f64x2.extract_lane(size, 0)) ||
    !isOrdinary(f64x2.extract_lane(size, 1))
  ) {
    return false;
  }
  addTwo(line, pitch, sum, square, least, most);
  addZeros(line, pitch, zeros);
  return true;
}

/** Values `step` bytes apart, one by one. */
export function addEach<T>(at: usize, count: u32, step: usize, line: usize, pitch: usize): void {
  let sum: f64 = 0;
  let squares: f64 = 0;
  let zeros: u32 = 0;
  let notFinite: u32 = 0;
  let large: f64 = 0;
  let small: f64 = 0;
  if (isFloat<T>()) {
    let least: f64 = Infinity;
    let most: f64 = -Infinity;
    for (let index: u32 = 0; index < count; index++, at += step) {
      const value = <f64>load<T>(at);
      if (value - value !== 0) {
        notFinite++;
        continue;
      }
      least = min(least, value);
      most = max(most, value);
      sum += value;
      if (value === 0) zeros++;
      else if (sizeof<T>() === 4 || isOrdinary(abs(value))) squares += value * value;
      else if (abs(value) > LARGE) large += value * SHRINK * (value * SHRINK);
      else small += value * STRETCH * (value * STRETCH);
    }
    widen<f64>(line, pitch, least, most);
  } else {
    let least = load<T>(line + LEAST * pitch);
    let most = load<T>(line + MOST * pitch);
    for (let index: u32 = 0; index < count; index++, at += step) {
      const whole = load<T>(at);
      const value = <f64>whole;
      if (whole < least) least = whole;
      if (whole > most) most = whole;
      sum += value;
      squares += value * value;
      if (whole === 0) zeros++;
    }
    widen<T>(line, pitch, least, most);
  }
  addTo(line, pitch, SUM, sum);
  addTo(line, pitch, SQUARES, squares);
  if (zeros > 0) addTo(line, pitch, ZEROS, <f64>zeros);
  if (notFinite > 0) addTo(line, pitch, NOT_FINITE, <f64>notFinite);
  if (large > 0) addTo(line, pitch, LARGE_SQUARES, large);
  if (small > 0) addTo(line, pitch, SMALL_SQUARES, small);
}

/** Whether the square of a magnitude, and sums of such squares, are in the range of a double. */
function isOrdinary(magnitude: f64): bool {
  return magnitude === 0 || (magnitude >= SMALL && magnitude <= LARGE);
}

function isFinite2(two: v128): bool {
  return !v128.any_true(f64x2.ne(f64x2.sub(two, two), f64x2.splat(0)));
}

function upperHalf(four: v128): v128 {
  return i8x16.shuffle(four, four, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}

function total(two: v128): f64 {
  return f64x2.extract_lane(two, 0) + f64x2.extract_lane(two, 1);
}

function addTo(line: usize, pitch: usize, field: usize, value: f64): void {
  const at = line + field * pitch;
  store<f64>(at, load<f64>(at) + value);
}

function widen<T>(line: usize, pitch: usize, least: T, most: T): void {
  if (least < load<T>(line + LEAST * pitch)) store<T>(line + LEAST * pitch, least);
  if (most > load<T>(line + MOST * pitch)) store<T>(line + MOST * pitch, most);
}

/** To two lines side by side. */
function addTwo(line: usize, pitch: usize, sum: v128, squares: v128, least: v128, most: v128): void {
  v128.store(line, f64x2.add(v128.load(line), sum));
  const squaresAt = line + SQUARES * pitch;
  v128.store(squaresAt, f64x2.add(v128.load(squaresAt), squares));
  const leastAt = line + LEAST * pitch;
  v128.store(leastAt, f64x2.pmin(v128.load(leastAt), least));
  const mostAt = line + MOST * pitch;
  v128.store(mostAt, f64x2.pmax(v128.load(mostAt), most));
}

function addZeros(line: usize, pitch: usize, zeros: v128): void {
  const at = line + ZEROS * pitch;
  v128.store(at, f64x2.add(v128.load(at), zeros));
}
