/**
 * Dropout by counter: whether an element stays is a function of key, counter and its place alone, so that the way back
 * needs no mask of the way there, and threads need no order.
 */

const MULTIPLIER_0: u64 = 0xd2511f53;
const MULTIPLIER_1: u64 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;
const ROUNDS: i32 = 10;

/**
 * Zeros elements whose random word is below `threshold`, multiplies the others by `factor`. Element n of the
 * whole takes word n % 4 of Philox4x32-10's block with the counter (n / 4, c1, c2, c3).
 * @param start place of the first element here in the whole, a multiple of 4.
 */
function dropout<T>(
  values: usize,
  start: u32,
  count: usize,
  threshold: u32,
  factor: f64,
  key0: u32,
  key1: u32,
  c1: u32,
  c2: u32,
  c3: u32,
): void {
  const end = values + count * sizeof<T>();
  for (let block = start >> 2; values < end; block++) {
    let x0 = block;
    let x1 = c1;
    let x2 = c2;
    let x3 = c3;
    let k0 = key0;
    let k1 = key1;
    for (let round = 0; round < ROUNDS; round++) {
      const a = MULTIPLIER_0 * <u64>x0;
      const b = MULTIPLIER_1 * <u64>x2;
      x0 = (<u32>(b >> 32)) ^ x1 ^ k0;
      x1 = <u32>b;
      x2 = (<u32>(a >> 32)) ^ x3 ^ k1;
      x3 = <u32>a;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    drop<T>(values, x0, threshold, factor);
    if (values + sizeof<T>() < end) drop<T>(values + sizeof<T>(), x1, threshold, factor);
    if (values + 2 * sizeof<T>() < end) drop<T>(values + 2 * sizeof<T>(), x2, threshold, factor);
    if (values + 3 * sizeof<T>() < end) drop<T>(values + 3 * sizeof<T>(), x3, threshold, factor);
    values += 4 * sizeof<T>();
  }
}

function drop<T>(at: usize, word: u32, threshold: u32, factor: f64): void {
  store<T>(at, <T>(word < threshold ? 0 : <f64>load<T>(at) * factor));
}

export function dropout32(
  values: usize,
  start: u32,
  count: usize,
  threshold: u32,
  factor: f64,
  key0: u32,
  key1: u32,
  c1: u32,
  c2: u32,
  c3: u32,
): void {
  dropout<f32>(values, start, count, threshold, factor, key0, key1, c1, c2, c3);
}

export function dropout64(
  values: usize,
  start: u32,
  count: usize,
  threshold: u32,
  factor: f64,
  key0: u32,
  key1: u32,
  c1: u32,
  c2: u32,
  c3: u32,
): void {
  dropout<f64>(values, start, count, threshold, factor, key0, key1, c1, c2, c3);
}
