/**
 * Dropout by counter: whether an element stays is a function of key, counter and its place alone, so that the way back
 * needs no mask of the way there, and threads need no order.
 */
import { philox, word0, word1, word2, word3 } from './philox';

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
    philox(block, c1, c2, c3, key0, key1);
    drop<T>(values, word0, threshold, factor);
    if (values + sizeof<T>() < end) drop<T>(values + sizeof<T>(), word1, threshold, factor);
    if (values + 2 * sizeof<T>() < end) drop<T>(values + 2 * sizeof<T>(), word2, threshold, factor);
    if (values + 3 * sizeof<T>() < end) drop<T>(values + 3 * sizeof<T>(), word3, threshold, factor);
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
