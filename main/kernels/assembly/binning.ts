/**
 * Counting values into equally wide bins with given edges, exactly as a search through the edges would. The place
 * of a value is estimated; only where the estimate lies so near an edge that rounding might have moved it across, are the edges asked.
 * Values that are not finite, or outside, never look safe, so they are sorted out there too.
 */

/** Below, above, NaN, +Infinity, -Infinity: five u32 counts. */
let outside: usize = 0;
let edges: usize = 0;
let bins: u32 = 0;

/** Adding 2^23 rounds a float below it to a whole number, which its lower bits then are. */
const ROUNDER: i32 = 0x4b000000;

/**
 * @param low the first edge, rounded. @param factor bins by width, rounded.
 * @param margin how far from the middle of its bin an estimate may lie: a half less the bound of its error.
 * @param laneStride bytes between the four tables of u32 counts; 0 where there is one.
 */
export function binF32(
  at: usize,
  count: u32,
  low: f32,
  factor: f32,
  margin: f32,
  binCount: u32,
  edgesAt: usize,
  counts: usize,
  laneStride: usize,
  outsideAt: usize,
): void {
  bins = binCount;
  edges = edgesAt;
  outside = outsideAt;
  const origin = f32x4.splat(low);
  const scale = f32x4.splat(factor);
  const half = f32x4.splat(0.5);
  const rounder = i32x4.splat(ROUNDER);
  const most = f32x4.splat(margin);
  const last = i32x4.splat(ROUNDER + binCount - 1);
  // what four times the rounded number leaves of the rounder's own bits is taken off again
  const base = <i32>counts - (ROUNDER << 2);
  const tables = i32x4.add(i32x4.splat(base), laneOffsets(<i32>laneStride));
  const end = at + ((<usize>count) << 2);
  for (const whole = at + ((<usize>(count & ~3)) << 2); at < whole; at += 16) {
    const place = f32x4.sub(f32x4.mul(f32x4.sub(v128.load(at), origin), scale), half);
    const rounded = f32x4.add(place, rounder);
    const offCenter = f32x4.abs(f32x4.sub(place, f32x4.sub(rounded, rounder)));
    // compared as integers, since NaN and the infinities are then beyond every bin
    const isOutside = v128.or(i32x4.gt_s(rounder, rounded), i32x4.gt_s(rounded, last));
    if (!v128.any_true(v128.or(isOutside, f32x4.gt(offCenter, most)))) {
      const addresses = i32x4.add(i32x4.shl(rounded, 2), tables);
      increase(i32x4.extract_lane(addresses, 0));
      increase(i32x4.extract_lane(addresses, 1));
      increase(i32x4.extract_lane(addresses, 2));
      increase(i32x4.extract_lane(addresses, 3));
    } else {
      search(<f64>load<f32>(at), counts);
      search(<f64>load<f32>(at, 4), counts);
      search(<f64>load<f32>(at, 8), counts);
      search(<f64>load<f32>(at, 12), counts);
    }
  }
  for (; at < end; at += 4) search(<f64>load<f32>(at), counts);
}

function laneOffsets(stride: i32): v128 {
  const two = i32x4.replace_lane(i32x4.splat(0), 1, stride);
  return i32x4.replace_lane(i32x4.replace_lane(two, 2, stride * 2), 3, stride * 3);
}

/** As `binF32`, with 2^52 and two tables. */
export function binF64(
  at: usize,
  count: u32,
  low: f64,
  factor: f64,
  margin: f64,
  binCount: u32,
  edgesAt: usize,
  counts: usize,
  laneStride: usize,
  outsideAt: usize,
): void {
  bins = binCount;
  edges = edgesAt;
  outside = outsideAt;
  const origin = f64x2.splat(low);
  const scale = f64x2.splat(factor);
  const half = f64x2.splat(0.5);
  const rounder = f64x2.splat(4503599627370496);
  const most = f64x2.splat(margin);
  const last = i64x2.add(rounder, i64x2.splat(binCount - 1));
  const second = counts + laneStride;
  const end = at + ((<usize>count) << 3);
  for (const whole = at + ((<usize>(count & ~1)) << 3); at < whole; at += 16) {
    const place = f64x2.sub(f64x2.mul(f64x2.sub(v128.load(at), origin), scale), half);
    const rounded = f64x2.add(place, rounder);
    const offCenter = f64x2.abs(f64x2.sub(place, f64x2.sub(rounded, rounder)));
    const isOutside = v128.or(i64x2.gt_s(rounder, rounded), i64x2.gt_s(rounded, last));
    if (!v128.any_true(v128.or(isOutside, f64x2.gt(offCenter, most)))) {
      increase(counts + (i32x4.extract_lane(rounded, 0) << 2));
      increase(second + (i32x4.extract_lane(rounded, 2) << 2));
    } else {
      search(load<f64>(at), counts);
      search(load<f64>(at, 8), counts);
    }
  }
  for (; at < end; at += 8) search(load<f64>(at), counts);
}

function increase(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}

/** Half-open bins, the last one closed. */
function search(value: f64, counts: usize): void {
  if (value - value !== 0) {
    if (value === Infinity) increase(outside + 12);
    else if (value === -Infinity) increase(outside + 16);
    else increase(outside + 8);
  } else if (value < load<f64>(edges)) increase(outside);
  else if (value > load<f64>(edges + ((<usize>bins) << 3))) increase(outside + 4);
  else {
    let low: u32 = 0;
    let high = bins - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (value >= load<f64>(edges + ((<usize>middle) << 3))) low = middle;
      else high = middle - 1;
    }
    increase(counts + ((<usize>low) << 2));
  }
}
