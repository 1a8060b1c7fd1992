/** What is told of values by their code, with a table of what each code stands for. */

/** The furthest apart of two windows of codes. @param places of every code, i32; the smallest one for what is no finite number. */
export function stepsOfBytes(a: usize, b: usize, count: u32, places: usize): u32 {
  return stepsOfCodes<u8>(a, b, count, places);
}

export function stepsOfHalves(a: usize, b: usize, count: u32, places: usize): u32 {
  return stepsOfCodes<u16>(a, b, count, places);
}

function stepsOfCodes<T>(a: usize, b: usize, count: u32, places: usize): u32 {
  let most: u32 = 0;
  for (let index: usize = 0; index < <usize>count; index++) {
    const left = load<i32>(places + ((<usize>load<T>(a + index * sizeof<T>())) << 2));
    const right = load<i32>(places + ((<usize>load<T>(b + index * sizeof<T>())) << 2));
    if (left === i32.MIN_VALUE || right === i32.MIN_VALUE) continue;
    most = max(most, <u32>abs(left - right));
  }
  return most;
}

/** As `stepsOfBytes`, of doubles, whose places follow from their bits. */
export function stepsOfDoubles(a: usize, b: usize, count: u32): u64 {
  let most: u64 = 0;
  for (let index: usize = 0; index < <usize>count; index++) {
    const left = load<i64>(a + (index << 3));
    const right = load<i64>(b + (index << 3));
    if (left === right || !isFinite(load<f64>(a + (index << 3))) || !isFinite(load<f64>(b + (index << 3))))
      continue;
    const placeA = placeOf(left);
    const placeB = placeOf(right);
    most = max(most, <u64>(max(placeA, placeB) - min(placeA, placeB)));
  }
  return most;
}

/** Zeros of either sign are one place. */
function placeOf(bits: i64): i64 {
  return ((bits & 0x7fffffffffffffff) ^ (bits >> 63)) - (bits >> 63);
}

/** Codes to their numbers. @param numbers of every code, f32. */
export function decodeBytes(at: usize, count: u32, numbers: usize, out: usize): void {
  for (let index: usize = 0; index < <usize>count; index++) {
    store<f32>(out + (index << 2), load<f32>(numbers + ((<usize>load<u8>(at + index)) << 2)));
  }
}

export function decodeHalves(at: usize, count: u32, numbers: usize, out: usize): void {
  for (let index: usize = 0; index < <usize>count; index++) {
    store<f32>(out + (index << 2), load<f32>(numbers + ((<usize>load<u16>(at + (index << 1))) << 2)));
  }
}
