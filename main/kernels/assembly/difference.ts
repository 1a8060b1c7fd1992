/** Figures of a pair of windows, in blocks of 4096 numbers: a block with equal bits needs its squares alone. */

const BLOCK: u32 = 4096;

let changed: f64 = 0;
let unequal: f64 = 0;
let largest: f64 = 0;
let largestAt: f64 = 0;
let furthest: u32 = 0;
let squaresA: f64 = 0;
let squaresB: f64 = 0;
let squaresDifference: f64 = 0;

function start(): void {
  changed = unequal = largest = squaresA = squaresB = squaresDifference = 0;
  largestAt = -1;
  furthest = 0;
}

function finish(record: usize): void {
  store<f64>(record, changed, 0);
  store<f64>(record, unequal, 8);
  store<f64>(record, largest, 16);
  store<f64>(record, largestAt, 24);
  store<f64>(record, <f64>furthest, 32);
  store<f64>(record, squaresA, 40);
  store<f64>(record, squaresB, 48);
  store<f64>(record, squaresDifference, 56);
}

/** Whether two stretches hold the same bytes. */
function isEqual(a: usize, b: usize, byteLength: usize): bool {
  const end = a + byteLength;
  const distance = b - a;
  for (const whole = a + (byteLength & ~63); a < whole; a += 64) {
    const first = v128.xor(v128.load(a), v128.load(a + distance));
    const second = v128.xor(v128.load(a, 16), v128.load(a + distance, 16));
    const third = v128.xor(v128.load(a, 32), v128.load(a + distance, 32));
    const fourth = v128.xor(v128.load(a, 48), v128.load(a + distance, 48));
    if (v128.any_true(v128.or(v128.or(first, second), v128.or(third, fourth)))) return false;
  }
  for (; a < end; a++) if (load<u8>(a) !== load<u8>(a + distance)) return false;
  return true;
}

/** @param record eight doubles, in the order of `finish`; units in the last place are told for f32 alone. */
export function differF32(a: usize, b: usize, count: u32, record: usize): void {
  start();
  for (let begin: u32 = 0; begin < count; begin += BLOCK) {
    const length = min(BLOCK, count - begin);
    const even = length & ~7;
    const offset = <usize>begin * 4;
    if (isEqual(a + offset, b + offset, <usize>length * 4)) addEqual(squaresOfF32(a + offset, length));
    else {
      if (even > 0 && !sweepF32(a, b, begin, even)) pairByPair<f32>(a, b, begin, even);
      if (even < length) pairByPair<f32>(a, b, begin + even, length - even);
    }
  }
  finish(record);
}

/** As `differF32`. */
export function differF64(a: usize, b: usize, count: u32, record: usize): void {
  start();
  for (let begin: u32 = 0; begin < count; begin += BLOCK) {
    const length = min(BLOCK, count - begin);
    const even = length & ~1;
    const offset = <usize>begin * 8;
    if (isEqual(a + offset, b + offset, <usize>length * 8)) addEqual(squaresOfF64(a + offset, length));
    else {
      if (even > 0 && !sweepF64(a, b, begin, even)) pairByPair<f64>(a, b, begin, even);
      if (even < length) pairByPair<f64>(a, b, begin + even, length - even);
    }
  }
  finish(record);
}

function addEqual(squares: f64): void {
  squaresA += squares;
  squaresB += squares;
}

function squaresOfF32(at: usize, count: u32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = at + <usize>count * 4;
  for (const whole = at + <usize>(count & ~3) * 4; at < whole; at += 16) {
    const first = f64x2.promote_low_f32x4(v128.load64_zero(at));
    const second = f64x2.promote_low_f32x4(v128.load64_zero(at, 8));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
  }
  let sum = total(f64x2.add(low, high));
  for (; at < end; at += 4) sum += <f64>load<f32>(at) * <f64>load<f32>(at);
  return sum;
}

function squaresOfF64(at: usize, count: u32): f64 {
  let sums = f64x2.splat(0);
  const end = at + <usize>count * 8;
  for (const whole = at + <usize>(count & ~1) * 8; at < whole; at += 16) {
    const values = v128.load(at);
    sums = f64x2.add(sums, f64x2.mul(values, values));
  }
  let sum = total(sums);
  for (; at < end; at += 8) sum += load<f64>(at) * load<f64>(at);
  return sum;
}

/** Finite numbers, a multiple of eight. @returns false, and nothing is added, where some are not. */
function sweepF32(baseA: usize, baseB: usize, begin: u32, count: u32): bool {
  const offset = <usize>begin * 4;
  const end = baseA + offset + <usize>count * 4;
  const distance = baseB - baseA;
  let sumA = f64x2.splat(0);
  let sumB = f64x2.splat(0);
  let sumDifference = f64x2.splat(0);
  let most = f64x2.splat(0);
  let same = i32x4.splat(0);
  let zeros = i32x4.splat(0);
  let steps = i32x4.splat(0);
  for (let at = baseA + offset; at < end; at += 32) {
    const partner = at + distance;
    const a = v128.load(at);
    const b = v128.load(partner);
    const nextA = v128.load(at, 16);
    const nextB = v128.load(partner, 16);
    const equal = i32x4.add(i32x4.eq(a, b), i32x4.eq(nextA, nextB));
    same = i32x4.sub(same, equal);
    // of one sign, which most pairs are, the bits lie as far apart as the numbers; else zeros may be equal numbers of other bits
    if (i32x4.bitmask(v128.or(v128.xor(a, b), v128.xor(nextA, nextB)))) {
      zeros = i32x4.add(zeros, i32x4.sub(equal, i32x4.add(f32x4.eq(a, b), f32x4.eq(nextA, nextB))));
      steps = i32x4.max_u(steps, i32x4.max_u(stepsOfVectors(a, b), stepsOfVectors(nextA, nextB)));
    } else {
      steps = i32x4.max_u(steps, i32x4.max_u(i32x4.abs(i32x4.sub(a, b)), i32x4.abs(i32x4.sub(nextA, nextB))));
    }
    const a0 = f64x2.promote_low_f32x4(v128.load64_zero(at));
    const b0 = f64x2.promote_low_f32x4(v128.load64_zero(partner));
    const d0 = f64x2.sub(a0, b0);
    const a1 = f64x2.promote_low_f32x4(v128.load64_zero(at, 8));
    const b1 = f64x2.promote_low_f32x4(v128.load64_zero(partner, 8));
    const d1 = f64x2.sub(a1, b1);
    most = f64x2.pmax(most, f64x2.pmax(f64x2.abs(d0), f64x2.abs(d1)));
    sumA = f64x2.add(sumA, f64x2.add(f64x2.mul(a0, a0), f64x2.mul(a1, a1)));
    sumB = f64x2.add(sumB, f64x2.add(f64x2.mul(b0, b0), f64x2.mul(b1, b1)));
    sumDifference = f64x2.add(sumDifference, f64x2.add(f64x2.mul(d0, d0), f64x2.mul(d1, d1)));
    const a2 = f64x2.promote_low_f32x4(v128.load64_zero(at, 16));
    const b2 = f64x2.promote_low_f32x4(v128.load64_zero(partner, 16));
    const d2 = f64x2.sub(a2, b2);
    const a3 = f64x2.promote_low_f32x4(v128.load64_zero(at, 24));
    const b3 = f64x2.promote_low_f32x4(v128.load64_zero(partner, 24));
    const d3 = f64x2.sub(a3, b3);
    most = f64x2.pmax(most, f64x2.pmax(f64x2.abs(d2), f64x2.abs(d3)));
    sumA = f64x2.add(sumA, f64x2.add(f64x2.mul(a2, a2), f64x2.mul(a3, a3)));
    sumB = f64x2.add(sumB, f64x2.add(f64x2.mul(b2, b2), f64x2.mul(b3, b3)));
    sumDifference = f64x2.add(sumDifference, f64x2.add(f64x2.mul(d2, d2), f64x2.mul(d3, d3)));
  }
  const a = total(sumA);
  const b = total(sumB);
  if (!isFinite(a) || !isFinite(b)) return false;
  squaresA += a;
  squaresB += b;
  squaresDifference += total(sumDifference);
  const other = <i32>count - lanes(same);
  changed += <f64>other;
  unequal += <f64>(other - lanes(zeros));
  furthest = max(
    furthest,
    max(
      max<u32>(i32x4.extract_lane(steps, 0), i32x4.extract_lane(steps, 1)),
      max<u32>(i32x4.extract_lane(steps, 2), i32x4.extract_lane(steps, 3)),
    ),
  );
  notice<f32>(baseA, baseB, begin, count, max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1)));
  return true;
}

/** As `stepsBetween`, lane by lane: the larger magnitude less the smaller one, or both together where the signs differ. */
function stepsOfVectors(a: v128, b: v128): v128 {
  const otherSign = i32x4.shr_s(v128.xor(a, b), 31);
  // by shifts alone: a mask would be made anew at every use
  const magnitudeA = i32x4.shr_u(i32x4.shl(a, 1), 1);
  const magnitudeB = i32x4.shr_u(i32x4.shl(b, 1), 1);
  const less = i32x4.min_s(magnitudeA, magnitudeB);
  return i32x4.sub(i32x4.max_s(magnitudeA, magnitudeB), i32x4.sub(v128.xor(less, otherSign), otherSign));
}

function sweepF64(baseA: usize, baseB: usize, begin: u32, count: u32): bool {
  const offset = <usize>begin * 8;
  const end = baseA + offset + <usize>count * 8;
  const distance = baseB - baseA;
  let sumA = f64x2.splat(0);
  let sumB = f64x2.splat(0);
  let sumDifference = f64x2.splat(0);
  let most = f64x2.splat(0);
  let other = i64x2.splat(0);
  let unlike = i64x2.splat(0);
  for (let at = baseA + offset; at < end; at += 16) {
    const a = v128.load(at);
    const b = v128.load(at + distance);
    other = i64x2.sub(other, i64x2.ne(a, b));
    unlike = i64x2.sub(unlike, f64x2.ne(a, b));
    const d = f64x2.sub(a, b);
    most = f64x2.pmax(most, f64x2.abs(d));
    sumA = f64x2.add(sumA, f64x2.mul(a, a));
    sumB = f64x2.add(sumB, f64x2.mul(b, b));
    sumDifference = f64x2.add(sumDifference, f64x2.mul(d, d));
  }
  const a = total(sumA);
  const b = total(sumB);
  if (!isFinite(a) || !isFinite(b)) return false;
  squaresA += a;
  squaresB += b;
  squaresDifference += total(sumDifference);
  changed += <f64>(i64x2.extract_lane(other, 0) + i64x2.extract_lane(other, 1));
  unequal += <f64>(i64x2.extract_lane(unlike, 0) + i64x2.extract_lane(unlike, 1));
  notice<f64>(baseA, baseB, begin, count, max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1)));
  return true;
}

/** The largest distance so far and where it is first; NaN is larger than all, since one side is then no number. */
function notice<T>(baseA: usize, baseB: usize, begin: u32, count: u32, distance: f64): void {
  if (!(distance > largest)) return;
  let index = begin;
  const last = begin + count - 1;
  while (index < last && distanceAt<T>(baseA, baseB, index) !== distance) index++;
  largest = distance;
  largestAt = <f64>index;
}

function distanceAt<T>(baseA: usize, baseB: usize, index: u32): f64 {
  const offset = <usize>index * sizeof<T>();
  return abs(<f64>load<T>(baseA + offset) - <f64>load<T>(baseB + offset));
}

/** Whatever the numbers are. */
function pairByPair<T>(baseA: usize, baseB: usize, begin: u32, count: u32): void {
  for (let index = begin; index < begin + count; index++) {
    const offset = <usize>index * sizeof<T>();
    const a = <f64>load<T>(baseA + offset);
    const b = <f64>load<T>(baseB + offset);
    squaresA += a * a;
    squaresB += b * b;
    if (hasSameBits<T>(baseA, baseB, index)) continue;
    changed++;
    if (a === b) continue;
    unequal++;
    const distance = abs(a - b);
    squaresDifference += distance * distance;
    if (distance !== distance) {
      if (largest === largest) {
        largest = distance;
        largestAt = <f64>index;
      }
    } else if (distance > largest) {
      largest = distance;
      largestAt = <f64>index;
    }
    if (sizeof<T>() === 4 && isFinite(a) && isFinite(b)) {
      furthest = max(furthest, stepsBetween(load<i32>(baseA + offset), load<i32>(baseB + offset)));
    }
  }
}

/** Zeros of either sign are one place. */
function stepsBetween(a: i32, b: i32): u32 {
  const placeA = ((a & 0x7fffffff) ^ (a >> 31)) - (a >> 31);
  const placeB = ((b & 0x7fffffff) ^ (b >> 31)) - (b >> 31);
  return <u32>(max(placeA, placeB) - min(placeA, placeB));
}

/** The largest |a - b| - absolute - relative |b|; Infinity where a distance is no number. */
export function excessF32(a: usize, b: usize, count: u32, absolute: f64, relative: f64): f64 {
  const even = count & ~3;
  let most = f64x2.splat(-Infinity);
  let bad = i64x2.splat(0);
  for (let at: usize = 0; at < (<usize>even) << 2; at += 16) {
    const left = v128.load(a + at);
    const right = v128.load(b + at);
    const same = v128.or(f32x4.eq(left, right), i32x4.eq(left, right));
    const low = excessOf(
      f64x2.promote_low_f32x4(left),
      f64x2.promote_low_f32x4(right),
      i64x2.extend_low_i32x4_s(same),
      absolute,
      relative,
    );
    const high = excessOf(
      f64x2.promote_low_f32x4(v128.load64_zero(a + at, 8)),
      f64x2.promote_low_f32x4(v128.load64_zero(b + at, 8)),
      i64x2.extend_high_i32x4_s(same),
      absolute,
      relative,
    );
    most = f64x2.pmax(f64x2.pmax(most, low), high);
    bad = v128.or(bad, v128.or(f64x2.ne(low, low), f64x2.ne(high, high)));
  }
  const own = v128.any_true(bad) ? Infinity : largestOf(most);
  return max(
    own,
    excess<f32>(a + ((<usize>even) << 2), b + ((<usize>even) << 2), count - even, absolute, relative),
  );
}

export function excessF64(a: usize, b: usize, count: u32, absolute: f64, relative: f64): f64 {
  const even = count & ~1;
  let most = f64x2.splat(-Infinity);
  let bad = i64x2.splat(0);
  for (let at: usize = 0; at < (<usize>even) << 3; at += 16) {
    const left = v128.load(a + at);
    const right = v128.load(b + at);
    const same = v128.or(f64x2.eq(left, right), i64x2.eq(left, right));
    const two = excessOf(left, right, same, absolute, relative);
    most = f64x2.pmax(most, two);
    bad = v128.or(bad, f64x2.ne(two, two));
  }
  const own = v128.any_true(bad) ? Infinity : largestOf(most);
  return max(
    own,
    excess<f64>(a + ((<usize>even) << 3), b + ((<usize>even) << 3), count - even, absolute, relative),
  );
}

/** Lane by lane; NaN where the distance is one. @param same which pairs are no distance apart. */
function excessOf(a: v128, b: v128, same: v128, absolute: f64, relative: f64): v128 {
  const distance = v128.andnot(f64x2.abs(f64x2.sub(a, b)), same);
  const allowance = v128.andnot(f64x2.mul(f64x2.splat(relative), f64x2.abs(b)), same);
  return f64x2.sub(f64x2.sub(distance, f64x2.splat(absolute)), allowance);
}

function largestOf(pair: v128): f64 {
  return max(f64x2.extract_lane(pair, 0), f64x2.extract_lane(pair, 1));
}

/** As `excessF32`, of a few. */
function excess<T>(a: usize, b: usize, count: u32, absolute: f64, relative: f64): f64 {
  let most: f64 = -Infinity;
  for (let index: usize = 0; index < <usize>count; index++) {
    const left = <f64>load<T>(a + index * sizeof<T>());
    const right = <f64>load<T>(b + index * sizeof<T>());
    const isSame = left === right || (left !== left && hasSameBits<T>(a, b, index));
    const distance = isSame ? 0 : abs(left - right);
    const own = isSame ? -absolute : distance - absolute - relative * abs(right);
    most = own !== own ? Infinity : max(most, own);
    if (most === Infinity) return most;
  }
  return most;
}

function hasSameBits<T>(a: usize, b: usize, index: usize): bool {
  return sizeof<T>() === 4
    ? load<u32>(a + (index << 2)) === load<u32>(b + (index << 2))
    : load<u64>(a + (index << 3)) === load<u64>(b + (index << 3));
}

function total(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

function lanes(counts: v128): i32 {
  return (
    i32x4.extract_lane(counts, 0) +
    i32x4.extract_lane(counts, 1) +
    i32x4.extract_lane(counts, 2) +
    i32x4.extract_lane(counts, 3)
  );
}
