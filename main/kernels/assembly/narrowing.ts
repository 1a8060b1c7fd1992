/**
 * Narrows down where the values at some ranks are. Values are known by a key: a signed number in the order of the values,
 * one for zeros of either sign. Those that round to the same leading half of a float are looked for in intervals of keys.
 */

/**
 * Of an interval: its least key (i64) and the last one's distance from it (u64); how far distances are shifted to
 * number its parts (u64); the address of a u64 count of each of its parts, 0 where its keys are listed instead (u32);
 * 1 where the next interval is of the same half (u32); the least and the greatest key counted so far (i64).
 */
const INTERVAL_BYTES: usize = 48;

/**
 * @param places a byte for each half: 0, or one more than the number of its first interval.
 * @param intervals those of a half follow each other. @param keys of intervals that are listed, added from here on.
 * @param room where it ends; what has no place there any more is left out.
 * @returns where the next key would be.
 */
export function narrowF64(
  at: usize,
  count: u32,
  places: usize,
  intervals: usize,
  keys: usize,
  room: usize,
): usize {
  return narrow<f64>(at, count, places, intervals, keys, room);
}

export function narrowF32(
  at: usize,
  count: u32,
  places: usize,
  intervals: usize,
  keys: usize,
  room: usize,
): usize {
  return narrow<f32>(at, count, places, intervals, keys, room);
}

export function narrowI64(
  at: usize,
  count: u32,
  places: usize,
  intervals: usize,
  keys: usize,
  room: usize,
): usize {
  return narrow<i64>(at, count, places, intervals, keys, room);
}

export function narrowU64(
  at: usize,
  count: u32,
  places: usize,
  intervals: usize,
  keys: usize,
  room: usize,
): usize {
  return narrow<u64>(at, count, places, intervals, keys, room);
}

export function narrowI32(
  at: usize,
  count: u32,
  places: usize,
  intervals: usize,
  keys: usize,
  room: usize,
): usize {
  return narrow<i32>(at, count, places, intervals, keys, room);
}

export function narrowU32(
  at: usize,
  count: u32,
  places: usize,
  intervals: usize,
  keys: usize,
  room: usize,
): usize {
  return narrow<u32>(at, count, places, intervals, keys, room);
}

function narrow<T>(at: usize, count: u32, places: usize, intervals: usize, keys: usize, room: usize): usize {
  for (const end = at + <usize>count * sizeof<T>(); at < end; at += sizeof<T>()) {
    const value = load<T>(at);
    const place = <usize>load<u8>(places + halfOf<T>(value));
    if (place !== 0) keys = note(keyOf<T>(value), intervals + (place - 1) * INTERVAL_BYTES, keys, room);
  }
  return keys;
}

/** As `countUpperHalves` and `countUpperHalvesOfDoubles` number it. */
function halfOf<T>(value: T): usize {
  if (isFloat<T>() && sizeof<T>() === 4) return reinterpret<u32>(<f32>value) >>> 16;
  return reinterpret<u32>(<f32>(<f64>value)) >>> 16;
}

function keyOf<T>(value: T): i64 {
  if (isFloat<T>()) {
    const bits = sizeof<T>() === 8 ? reinterpret<i64>(<f64>value) : <i64>reinterpret<i32>(<f32>value);
    const magnitude = bits & (sizeof<T>() === 8 ? 0x7fffffffffffffff : 0x7fffffff);
    return bits < 0 ? -magnitude : magnitude;
  }
  return isSigned<T>() || sizeof<T>() === 4 ? <i64>value : (<i64>value) ^ i64.MIN_VALUE;
}

function note(key: i64, interval: usize, keys: usize, room: usize): usize {
  let distance = <u64>(key - load<i64>(interval));
  while (distance > load<u64>(interval, 8)) {
    if (load<u32>(interval, 28) === 0) return keys;
    interval += INTERVAL_BYTES;
    distance = <u64>(key - load<i64>(interval));
  }
  const counts = <usize>load<u32>(interval, 24);
  if (counts !== 0) {
    const at = counts + ((<usize>(distance >> load<u64>(interval, 16))) << 3);
    store<u64>(at, load<u64>(at) + 1);
    if (key < load<i64>(interval, 32)) store<i64>(interval, key, 32);
    if (key > load<i64>(interval, 40)) store<i64>(interval, key, 40);
    return keys;
  }
  if (keys === room) return keys;
  store<i64>(keys, key);
  return keys + 8;
}
