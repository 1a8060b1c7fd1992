/** Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011). */

const MULTIPLIER_0: u64 = 0xd2511f53;
const MULTIPLIER_1: u64 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;
const ROUNDS: i32 = 10;

/** The four words of the last block; an instance, and so a thread, has its own. */
export let word0: u32 = 0;
export let word1: u32 = 0;
export let word2: u32 = 0;
export let word3: u32 = 0;

/** The block of a counter and a key, into the words above. */
export function philox(c0: u32, c1: u32, c2: u32, c3: u32, key0: u32, key1: u32): void {
  let x0 = c0;
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
  word0 = x0;
  word1 = x1;
  word2 = x2;
  word3 = x3;
}
