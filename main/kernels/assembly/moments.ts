/**
 * Counts, extremes and moments of one window, in blocks. A block's deviations are taken around zero, or around the mean
 * so far where the block before lay far from zero; where that cancels, around the block's own mean in a second sweep.
 * A block with values that are not finite is done value by value. Blocks merge in order (Chan, Golub and LeVeque 1979),
 * so the figures are a function of the window alone.
 */

/** Values of a block: sums of doubles round at every step, those of floats hardly ever. */
const FLOAT_BLOCK: u32 = 4096;
const DOUBLE_BLOCK: u32 = 1024;

/** More than this share of the squares lost to the shift asks for another one: five bits. */
const MOST_CANCELLED: f64 = 0.96875;

/** What a loop keeps in registers: loaded before it, V8 does not make it anew at every turn. */
const CONSTANTS: usize = memory.data(32, 16);

/** How a sweep ended. */
const DONE: i32 = 0;
const CANCELLED: i32 = 1;
const NOT_FINITE: i32 = 2;

let nan: f64 = 0;
let positiveInfinity: f64 = 0;
let negativeInfinity: f64 = 0;
let zeros: f64 = 0;
let denormals: f64 = 0;
let finite: f64 = 0;
let lowest: f64 = 0;
let highest: f64 = 0;
let lowestAt: f64 = 0;
let highestAt: f64 = 0;
let mean: f64 = 0;
let squares: f64 = 0;
/** Of the last block that was swept. */
let center: f64 = 0;
let isFarFromZero: bool = false;

function start(): void {
  isFarFromZero = false;
  nan = positiveInfinity = negativeInfinity = zeros = denormals = finite = mean = squares = 0;
  lowest = Infinity;
  highest = -Infinity;
  lowestAt = highestAt = -1;
}

function finish(record: usize): void {
  store<f64>(record, nan, 0);
  store<f64>(record, positiveInfinity, 8);
  store<f64>(record, negativeInfinity, 16);
  store<f64>(record, zeros, 24);
  store<f64>(record, denormals, 32);
  store<f64>(record, finite, 40);
  store<f64>(record, lowest, 48);
  store<f64>(record, highest, 56);
  store<f64>(record, lowestAt, 64);
  store<f64>(record, highestAt, 72);
  store<f64>(record, mean, 80);
  store<f64>(record, squares, 88);
}

/**
 * @param tiny the smallest normal magnitude; 0 where there are no denormals.
 * @param record twelve doubles, in the order of `finish`.
 */
export function momentsF32(at: usize, count: u32, tiny: f64, record: usize): void {
  start();
  for (let begin: u32 = 0; begin < count; begin += FLOAT_BLOCK) {
    const length = min(FLOAT_BLOCK, count - begin);
    const even = length & ~7;
    if (even > 0 && !blockF32(at, begin, even, <f32>tiny)) carefully<f32>(at, begin, even, tiny);
    if (even < length) carefully<f32>(at, begin + even, length - even, tiny);
  }
  finish(record);
}

/** As `momentsF32`. The squares must stay in range: the caller looks at the extremes. */
export function momentsF64(at: usize, count: u32, tiny: f64, record: usize): void {
  start();
  for (let begin: u32 = 0; begin < count; begin += DOUBLE_BLOCK) {
    const length = min(DOUBLE_BLOCK, count - begin);
    const even = length & ~3;
    if (even > 0 && !blockF64(at, begin, even, tiny)) carefully<f64>(at, begin, even, tiny);
    if (even < length) carefully<f64>(at, begin + even, length - even, tiny);
  }
  finish(record);
}

/** A multiple of eight values. @returns false, and nothing is counted, where some are not finite. */
function blockF32(base: usize, begin: u32, count: u32, tiny: f32): bool {
  let end = isFarFromZero
    ? sweepF32<f64>(base, begin, count, mean, tiny)
    : sweepF32<void>(base, begin, count, 0, tiny);
  if (end === CANCELLED) end = sweepF32<f64>(base, begin, count, center, tiny);
  return end === DONE;
}

/** A multiple of four values. @returns false, and nothing is counted, where some are not finite. */
function blockF64(base: usize, begin: u32, count: u32, tiny: f64): bool {
  let end = isFarFromZero
    ? sweepF64<f64>(base, begin, count, mean, tiny)
    : sweepF64<void>(base, begin, count, 0, tiny);
  if (end === CANCELLED) end = sweepF64<f64>(base, begin, count, center, tiny);
  return end === DONE;
}

/** Nothing is counted unless it ends as `DONE`. @typeParam Shift `void` where it is none. */
function sweepF32<Shift>(base: usize, begin: u32, count: u32, shift: f64, tiny: f32): i32 {
  const from = base + <usize>begin * 4;
  const end = from + <usize>count * 4;
  v128.store(CONSTANTS, f64x2.splat(shift));
  v128.store(CONSTANTS, i32x4.splat(0x7fffffff), 16);
  const origin = v128.load(CONSTANTS);
  const magnitude = v128.load(CONSTANTS, 16);
  let least = f32x4.splat(Infinity);
  let most = f32x4.splat(-Infinity);
  let nearest = f32x4.splat(Infinity);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let square0 = f64x2.splat(0);
  let square1 = f64x2.splat(0);
  for (let at = from; at < end; at += 32) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    least = f32x4.pmin(least, f32x4.pmin(a, b));
    most = f32x4.pmax(most, f32x4.pmax(a, b));
    nearest = f32x4.pmin(nearest, f32x4.pmin(v128.and(a, magnitude), v128.and(b, magnitude)));
    const a0 = around<Shift>(f64x2.promote_low_f32x4(v128.load64_zero(at)), origin);
    const a1 = around<Shift>(f64x2.promote_low_f32x4(v128.load64_zero(at, 8)), origin);
    const b0 = around<Shift>(f64x2.promote_low_f32x4(v128.load64_zero(at, 16)), origin);
    const b1 = around<Shift>(f64x2.promote_low_f32x4(v128.load64_zero(at, 24)), origin);
    sum0 = f64x2.add(sum0, f64x2.add(a0, b0));
    sum1 = f64x2.add(sum1, f64x2.add(a1, b1));
    square0 = f64x2.add(square0, f64x2.add(f64x2.mul(a0, a0), f64x2.mul(b0, b0)));
    square1 = f64x2.add(square1, f64x2.add(f64x2.mul(a1, a1), f64x2.mul(b1, b1)));
  }
  const sum = total(f64x2.add(sum0, sum1));
  const square = total(f64x2.add(square0, square1));
  const ended = take(<f64>count, shift, sum, square);
  if (ended !== DONE) return ended;
  const low = min(
    min(f32x4.extract_lane(least, 0), f32x4.extract_lane(least, 1)),
    min(f32x4.extract_lane(least, 2), f32x4.extract_lane(least, 3)),
  );
  const high = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
  const near = min(
    min(f32x4.extract_lane(nearest, 0), f32x4.extract_lane(nearest, 1)),
    min(f32x4.extract_lane(nearest, 2), f32x4.extract_lane(nearest, 3)),
  );
  notice<f32>(base, begin, count, low, high);
  if (near < tiny || near === 0) countSmallF32(from, count, tiny);
  return DONE;
}

function sweepF64<Shift>(base: usize, begin: u32, count: u32, shift: f64, tiny: f64): i32 {
  const from = base + <usize>begin * 8;
  const end = from + <usize>count * 8;
  v128.store(CONSTANTS, f64x2.splat(shift));
  v128.store(CONSTANTS, i64x2.splat(0x7fffffffffffffff), 16);
  const origin = v128.load(CONSTANTS);
  const magnitude = v128.load(CONSTANTS, 16);
  let least = f64x2.splat(Infinity);
  let most = f64x2.splat(-Infinity);
  let nearest = f64x2.splat(Infinity);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let square0 = f64x2.splat(0);
  let square1 = f64x2.splat(0);
  for (let at = from; at < end; at += 32) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    least = f64x2.pmin(least, f64x2.pmin(a, b));
    most = f64x2.pmax(most, f64x2.pmax(a, b));
    nearest = f64x2.pmin(nearest, f64x2.pmin(v128.and(a, magnitude), v128.and(b, magnitude)));
    const a0 = around<Shift>(a, origin);
    const b0 = around<Shift>(b, origin);
    sum0 = f64x2.add(sum0, a0);
    sum1 = f64x2.add(sum1, b0);
    square0 = f64x2.add(square0, f64x2.mul(a0, a0));
    square1 = f64x2.add(square1, f64x2.mul(b0, b0));
  }
  const sum = total(f64x2.add(sum0, sum1));
  const square = total(f64x2.add(square0, square1));
  const ended = take(<f64>count, shift, sum, square);
  if (ended !== DONE) return ended;
  notice<f64>(
    base,
    begin,
    count,
    min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1)),
    max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1)),
  );
  const near = min(f64x2.extract_lane(nearest, 0), f64x2.extract_lane(nearest, 1));
  if (near < tiny || near === 0) countSmallF64(from, count, tiny);
  return DONE;
}

function total(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

function around<Shift>(values: v128, origin: v128): v128 {
  return isVoid<Shift>() ? values : f64x2.sub(values, origin);
}

/** Merges a block's sums around a shift: not where they are none, nor where their difference would lose digits. */
function take(count: f64, shift: f64, sum: f64, square: f64): i32 {
  if (!isFinite(sum) || !isFinite(square)) return NOT_FINITE;
  const lost = (sum * sum) / count;
  center = shift + sum / count;
  if (lost > MOST_CANCELLED * square) return CANCELLED;
  const deviations = square - lost;
  merge(count, center, deviations);
  isFarFromZero = count * center * center * (1 - MOST_CANCELLED) > MOST_CANCELLED * deviations;
  return DONE;
}

/** Two sweeps, value by value: what is not finite is counted apart. */
function carefully<T>(base: usize, begin: u32, count: u32, tiny: f64): void {
  const from = base + <usize>begin * sizeof<T>();
  const end = from + <usize>count * sizeof<T>();
  let good: f64 = 0;
  let sum: f64 = 0;
  let low: f64 = Infinity;
  let high: f64 = -Infinity;
  for (let at = from; at < end; at += sizeof<T>()) {
    const value = <f64>load<T>(at);
    if (value - value !== 0) {
      if (value === Infinity) positiveInfinity++;
      else if (value === -Infinity) negativeInfinity++;
      else nan++;
      continue;
    }
    good++;
    sum += value;
    if (value < low) low = value;
    if (value > high) high = value;
    if (value === 0) zeros++;
    else if (abs(value) < tiny) denormals++;
  }
  if (good === 0) return;
  const middle = sum / good;
  // what rounding left out of the middle shows in the deviations, which are small
  let rest: f64 = 0;
  let deviations: f64 = 0;
  for (let at = from; at < end; at += sizeof<T>()) {
    const deviation = <f64>load<T>(at) - middle;
    if (deviation - deviation !== 0) continue;
    rest += deviation;
    deviations += deviation * deviation;
  }
  merge(good, middle + rest / good, deviations - (rest * rest) / good);
  notice<T>(base, begin, count, <T>low, <T>high);
}

function merge(count: f64, middle: f64, deviations: f64): void {
  const all = finite + count;
  const delta = middle - mean;
  mean += delta * (count / all);
  squares += deviations + delta * delta * (finite * (count / all));
  finite = all;
}

/** The extremes of a block; where one is new, its first position in the window. */
function notice<T>(base: usize, begin: u32, count: u32, low: T, high: T): void {
  if (<f64>low < lowest) {
    lowest = <f64>low;
    lowestAt = <f64>positionOf<T>(base, begin, count, low);
  }
  if (<f64>high > highest) {
    highest = <f64>high;
    highestAt = <f64>positionOf<T>(base, begin, count, high);
  }
}

function positionOf<T>(base: usize, begin: u32, count: u32, value: T): u32 {
  let index = begin;
  while (index < begin + count && load<T>(base + <usize>index * sizeof<T>()) !== value) index++;
  return index;
}

/** Zeros and denormals of a block that has some; a multiple of four finite values. */
function countSmallF32(from: usize, count: u32, tiny: f32): void {
  const end = from + <usize>count * 4;
  const limit = f32x4.splat(tiny);
  const zero = f32x4.splat(0);
  let none = i32x4.splat(0);
  let small = i32x4.splat(0);
  for (let at = from; at < end; at += 16) {
    const values = f32x4.abs(v128.load(at));
    none = i32x4.sub(none, f32x4.eq(values, zero));
    small = i32x4.sub(small, f32x4.lt(values, limit));
  }
  const zerosHere = lanes(none);
  zeros += <f64>zerosHere;
  if (tiny > 0) denormals += <f64>(lanes(small) - zerosHere);
}

function lanes(counts: v128): i32 {
  return (
    i32x4.extract_lane(counts, 0) +
    i32x4.extract_lane(counts, 1) +
    i32x4.extract_lane(counts, 2) +
    i32x4.extract_lane(counts, 3)
  );
}

function countSmallF64(from: usize, count: u32, tiny: f64): void {
  const end = from + <usize>count * 8;
  const limit = f64x2.splat(tiny);
  const zero = f64x2.splat(0);
  let none = i64x2.splat(0);
  let small = i64x2.splat(0);
  for (let at = from; at < end; at += 16) {
    const values = f64x2.abs(v128.load(at));
    none = i64x2.sub(none, f64x2.eq(values, zero));
    small = i64x2.sub(small, f64x2.lt(values, limit));
  }
  const zerosHere = i64x2.extract_lane(none, 0) + i64x2.extract_lane(none, 1);
  zeros += <f64>zerosHere;
  if (tiny > 0) denormals += <f64>(i64x2.extract_lane(small, 0) + i64x2.extract_lane(small, 1) - zerosHere);
}
