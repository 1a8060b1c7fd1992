/**
 * Counting values into equally wide bins with given edges, exactly as a search through the edges would. The place
 * of a value is estimated; only where the estimate lies so near an edge that rounding might have moved it across, are the edges asked.
 * Values that are not finite, or outside, never look safe, so they are sorted out there too.
 */

/** Below, above, NaN, +Infinity, -Infinity: five u32 counts. */
let outside: usize = 0;
let edges: usize = 0;
let bins: u32 = 0;

/** 2^23 as f32: adding it to a smaller float leaves a whole number in the lower 23 bits. */
const ROUNDER: i32 = 0x4b000000;

/** So many values have their places worked out before they are counted: taking turns, either step waits for the other. */
const BLOCK: u32 = 2048;
/** Of a block: u16, four times the number of the bin counted from 1, an offset in a table. */
const PLACES: usize = memory.data(4096, 64);
/** 4096 bins, and two places for what has to be searched for. A line more, so that no bin has one line of the cache in all tables. */
const TABLE_BYTES: usize = 16512;
/** Neighbours count in tables of their own, since an increment waits for the one before it in the same place. */
const TABLES: usize = memory.data(66048, 64);
/** What a loop keeps in registers. Made from numbers, V8 makes them anew at every turn; loaded before the loop, it does not. */
const CONSTANTS: usize = memory.data(112, 16);

/**
 * @param low the first edge, rounded. @param factor bins by width, rounded. @param binCount at most 4096.
 * @param doubt how far an estimate may be off, in the parts of a bin that `fractionBits` tells of.
 * @param counts u32, added to.
 */
export function binF32(
  at: usize,
  count: u32,
  low: f32,
  factor: f32,
  doubt: u32,
  binCount: u32,
  edgesAt: usize,
  counts: usize,
  outsideAt: usize,
): void {
  bins = binCount;
  edges = edgesAt;
  outside = outsideAt;
  for (let table: usize = 0; table < 4; table++) {
    memory.fill(TABLES + table * TABLE_BYTES, 0, (<usize>binCount + 2) << 2);
  }
  const even = count & ~7;
  const isFew = binCount <= 256;
  if (isFew) setConstants<u8>(low, factor, doubt);
  else setConstants<u16>(low, factor, doubt);
  for (let begin: u32 = 0; begin < even; begin += BLOCK) {
    const length = min(BLOCK, even - begin);
    const from = at + ((<usize>begin) << 2);
    if (isFew) placesF32<u8>(from, length);
    else placesF32<u16>(from, length);
    countPlaces(length);
    searchDoubtful(from, length, counts);
  }
  for (let index = even; index < count; index++) {
    search(<f64>load<f32>(at + ((<usize>index) << 2)), counts);
  }
  addTables(counts);
}

/** Bits behind the point of a place. @typeParam Bin u8 up to 256 bins. */
function fractionBits<Bin>(): i32 {
  return sizeof<Bin>() === 1 ? 15 : 11;
}

function setConstants<Bin>(low: f32, factor: f32, doubt: u32): void {
  const unit = 1 << fractionBits<Bin>();
  v128.store(CONSTANTS, f32x4.splat(low));
  v128.store(CONSTANTS, f32x4.splat(factor * <f32>unit), 16);
  // places are moved up by the doubt: a fraction below twice of it then lies too near an edge
  v128.store(CONSTANTS, i32x4.splat(ROUNDER + doubt), 32);
  v128.store(CONSTANTS, i32x4.splat(unit - 1), 48);
  v128.store(CONSTANTS, i32x4.splat(2 * doubt), 64);
  v128.store(CONSTANTS, i32x4.splat(ROUNDER - unit), 80);
  v128.store(CONSTANTS, i16x8.splat(<i16>(bins + 1)), 96);
}

/** Places of a multiple of eight values: 0 where it is in doubt or just below, one behind the last where it is outside or none. */
function placesF32<Bin>(at: usize, count: u32): void {
  const origin = v128.load(CONSTANTS);
  const scale = v128.load(CONSTANTS, 16);
  const rounder = v128.load(CONSTANTS, 32);
  const fraction = v128.load(CONSTANTS, 48);
  const near = v128.load(CONSTANTS, 64);
  const base = v128.load(CONSTANTS, 80);
  const last = v128.load(CONSTANTS, 96);
  let out = PLACES;
  for (const end = at + ((<usize>count) << 2); at < end; at += 32) {
    const a = f32x4.add(f32x4.mul(f32x4.sub(v128.load(at), origin), scale), rounder);
    const b = f32x4.add(f32x4.mul(f32x4.sub(v128.load(at, 16), origin), scale), rounder);
    const wholeA = i32x4.shr_u(i32x4.sub(a, base), fractionBits<Bin>());
    const wholeB = i32x4.shr_u(i32x4.sub(b, base), fractionBits<Bin>());
    const placeA = v128.andnot(wholeA, i32x4.gt_s(near, v128.and(a, fraction)));
    const placeB = v128.andnot(wholeB, i32x4.gt_s(near, v128.and(b, fraction)));
    v128.store(out, i16x8.shl(i16x8.min_u(i16x8.narrow_i32x4_u(placeA, placeB), last), 2));
    out += 16;
  }
}

function countPlaces(count: u32): void {
  const end = PLACES + ((<usize>count) << 1);
  for (let at = PLACES; at < end; at += 16) {
    first(load<u16>(at));
    second(load<u16>(at, 2));
    third(load<u16>(at, 4));
    fourth(load<u16>(at, 6));
    first(load<u16>(at, 8));
    second(load<u16>(at, 10));
    third(load<u16>(at, 12));
    fourth(load<u16>(at, 14));
  }
}

function first(place: usize): void {
  store<u32>(place, load<u32>(place, TABLES) + 1, TABLES);
}

function second(place: usize): void {
  store<u32>(place, load<u32>(place, TABLES + TABLE_BYTES) + 1, TABLES + TABLE_BYTES);
}

function third(place: usize): void {
  store<u32>(place, load<u32>(place, TABLES + 2 * TABLE_BYTES) + 1, TABLES + 2 * TABLE_BYTES);
}

function fourth(place: usize): void {
  store<u32>(place, load<u32>(place, TABLES + 3 * TABLE_BYTES) + 1, TABLES + 3 * TABLE_BYTES);
}

/** Finds the bins of what the places of the block leave open, and forgets that it was counted. */
function searchDoubtful(values: usize, count: u32, counts: usize): void {
  const end = (<usize>bins + 1) << 2;
  let open: u32 = 0;
  for (let table = TABLES; table < TABLES + 4 * TABLE_BYTES; table += TABLE_BYTES) {
    open += load<u32>(table) + load<u32>(table + end);
    store<u32>(table, 0);
    store<u32>(table + end, 0);
  }
  const doubtful = i16x8.splat(0);
  const elsewhere = i16x8.splat(<i16>end);
  for (let index: usize = 0; open > 0 && index < <usize>count; index += 8) {
    const places = v128.load(PLACES + (index << 1));
    if (!v128.any_true(v128.or(i16x8.eq(places, doubtful), i16x8.eq(places, elsewhere)))) continue;
    for (let lane: usize = 0; lane < 8; lane++) {
      const place = <usize>load<u16>(PLACES + ((index + lane) << 1));
      if (place !== 0 && place !== end) continue;
      search(<f64>load<f32>(values + ((index + lane) << 2)), counts);
      open--;
    }
  }
}

function addTables(counts: usize): void {
  for (let bin: usize = 1; bin <= <usize>bins; bin++) {
    const place = bin << 2;
    const sum =
      load<u32>(place, TABLES) +
      load<u32>(place, TABLES + TABLE_BYTES) +
      load<u32>(place, TABLES + 2 * TABLE_BYTES) +
      load<u32>(place, TABLES + 3 * TABLE_BYTES);
    store<u32>(counts + place - 4, load<u32>(counts + place - 4) + sum);
  }
}

/**
 * As `binF32`, value by value with 2^52 and any number of bins.
 * @param margin how far from the middle of its bin a place may lie: a half less what it may be off.
 * @param laneStride bytes between two tables of u32 counts; 0 where there is one.
 */
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
