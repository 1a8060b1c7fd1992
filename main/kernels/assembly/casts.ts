/**
 * Whether pairs of numbers are the same but for rounding to a float that has fewer of them, to nearest, ties to even.
 * Such a float is told by eleven fields of eight bytes: see `placeTarget` in `main/kernels/casts.ts`.
 */

const EXPONENT: usize = memory.data<u64>([0x7ff0000000000000]);
const SINGLE_EXPONENT: usize = memory.data<u32>([0x7f800000]);
/** From the doubles' mantissa to that of singles. */
const TO_SINGLE: f64 = 1.0 / 536870912;

/**
 * @param fromA what numbers of A may have been rounded to, and @param fromB those of B; 0 where there is nothing.
 * Equal numbers fit, and so do two NaNs. Quick where A's were rounded.
 */
export function areCastsF32(a: usize, b: usize, count: u32, fromA: usize, fromB: usize): bool {
  const end = a + ((<usize>count) << 2);
  const exponent = v128.load32_splat(SINGLE_EXPONENT);
  const least = f32x4.splat(fromA === 0 ? 0 : <f32>load<f64>(fromA));
  const factor = f32x4.splat(fromA === 0 ? 0 : <f32>(load<f64>(fromA, 8) * TO_SINGLE));
  for (const whole = a + ((<usize>(count & ~3)) << 2); a < whole; a += 16, b += 16) {
    const values = v128.load(a);
    const rounded = v128.load(b);
    // as `isRoundedAtOnce`, as far as singles reach: what is no number or beyond the largest one is not found
    const magnitude = f32x4.abs(values);
    const shift = f32x4.mul(f32x4.pmax(least, v128.and(magnitude, exponent)), factor);
    const nearest = f32x4.sub(f32x4.add(magnitude, shift), shift);
    const isSame = f32x4.eq(v128.or(nearest, v128.xor(magnitude, values)), rounded);
    if (i32x4.all_true(isSame)) continue;
    for (let at: usize = 0; at < 16; at += 8) {
      const left = f64x2.promote_low_f32x4(v128.load64_zero(a + at));
      if (!areAlike(left, f64x2.promote_low_f32x4(v128.load64_zero(b + at)), fromA, fromB, false))
        return false;
    }
  }
  for (; a < end; a += 4, b += 4) {
    if (!areAlike(f64x2.splat(load<f32>(a)), f64x2.splat(load<f32>(b)), fromA, fromB, false)) return false;
  }
  return true;
}

/** As `areCastsF32`. */
export function areCastsF64(a: usize, b: usize, count: u32, fromA: usize, fromB: usize): bool {
  const end = a + ((<usize>count) << 3);
  for (const whole = a + ((<usize>(count & ~1)) << 3); a < whole; a += 16, b += 16) {
    if (!areAlike(v128.load(a), v128.load(b), fromA, fromB, true)) return false;
  }
  return a === end || areAlike(v128.load64_splat(a), v128.load64_splat(b), fromA, fromB, true);
}

/** @param isDouble whether singles may be other numbers. */
function areAlike(a: v128, b: v128, fromA: usize, fromB: usize, isDouble: bool): bool {
  const areNeither = v128.and(f64x2.ne(a, a), f64x2.ne(b, b));
  let fits = v128.or(f64x2.eq(a, b), areNeither);
  if (fromA !== 0 && !i64x2.all_true(fits)) fits = v128.or(fits, isRounded(a, b, fromA, isDouble));
  if (fromB !== 0 && !i64x2.all_true(fits)) fits = v128.or(fits, isRounded(b, a, fromB, isDouble));
  return i64x2.all_true(fits);
}

function isRounded(values: v128, rounded: v128, target: usize, isDouble: bool): v128 {
  const isAtOnce = isRoundedAtOnce(values, rounded, target);
  if (!isDouble) return isAtOnce;
  const isMeant = v128.and(isAtOnce, v128.load64_splat(target, 80));
  if (i64x2.all_true(isMeant)) return isMeant;
  const singles = f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(values));
  return v128.or(isMeant, isRoundedAtOnce(singles, rounded, target));
}

function isRoundedAtOnce(values: v128, rounded: v128, target: usize): v128 {
  const magnitude = f64x2.abs(values);
  // no further than needed, so that nothing below leaves the range of a double
  const bounded = f64x2.pmin(magnitude, v128.load64_splat(target, 32));
  const power = f64x2.pmax(v128.load64_splat(target), v128.and(bounded, v128.load64_splat(EXPONENT)));
  // what is added has the wanted distance from one double to the next
  const shift = f64x2.mul(power, v128.load64_splat(target, 8));
  const nearest = f64x2.pmax(f64x2.sub(f64x2.add(bounded, shift), shift), v128.load64_splat(target, 64));
  const isBeyond = f64x2.gt(nearest, v128.load64_splat(target, 16));
  const result = v128.bitselect(v128.load64_splat(target, 24), nearest, isBeyond);
  const sign = v128.and(values, v128.load64_splat(target, 56));
  const isNearest = f64x2.eq(v128.or(result, sign), rounded);
  if (i64x2.all_true(isNearest)) return isNearest;
  const stopped = f64x2.pmin(magnitude, v128.load64_splat(target, 40));
  const isStopped = f64x2.eq(v128.or(stopped, sign), rounded);
  const isOfNaN = v128.and(f64x2.ne(values, values), f64x2.eq(v128.load64_splat(target, 48), rounded));
  const isTooLow = v128.and(v128.load64_splat(target, 72), f64x2.le(values, f64x2.splat(0)));
  const isNone = v128.and(v128.or(f64x2.ne(result, result), isTooLow), f64x2.ne(rounded, rounded));
  return v128.or(v128.or(isNearest, isStopped), v128.or(isOfNaN, isNone));
}
