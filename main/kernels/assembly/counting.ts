/** How often each code or leading half occurs: a store a value, so neighbours count in tables of their own. */

/** @param tables four of 256 u32 counts. */
export function countBytes(at: usize, count: u32, tables: usize): void {
  const end = at + count;
  for (const whole = at + (count & ~7); at < whole; at += 8) {
    const codes = load<u64>(at);
    increase(tables + (((<usize>codes) & 0xff) << 2), 0);
    increase(tables + (((<usize>(codes >> 8)) & 0xff) << 2), 1024);
    increase(tables + (((<usize>(codes >> 16)) & 0xff) << 2), 2048);
    increase(tables + (((<usize>(codes >> 24)) & 0xff) << 2), 3072);
    increase(tables + (((<usize>(codes >> 32)) & 0xff) << 2), 0);
    increase(tables + (((<usize>(codes >> 40)) & 0xff) << 2), 1024);
    increase(tables + (((<usize>(codes >> 48)) & 0xff) << 2), 2048);
    increase(tables + ((<usize>(codes >> 56)) << 2), 3072);
  }
  for (; at < end; at++) increase(tables + ((<usize>load<u8>(at)) << 2), 0);
}

const SECOND: usize = 65536 * 4;

/** @param tables two of 65,536 u32 counts. */
export function countHalves(at: usize, count: u32, tables: usize): void {
  const end = at + ((<usize>count) << 1);
  for (const whole = at + ((<usize>(count & ~7)) << 1); at < whole; at += 16) {
    increase(tables + ((<usize>load<u16>(at)) << 2), 0);
    increase(tables + ((<usize>load<u16>(at, 2)) << 2), SECOND);
    increase(tables + ((<usize>load<u16>(at, 4)) << 2), 0);
    increase(tables + ((<usize>load<u16>(at, 6)) << 2), SECOND);
    increase(tables + ((<usize>load<u16>(at, 8)) << 2), 0);
    increase(tables + ((<usize>load<u16>(at, 10)) << 2), SECOND);
    increase(tables + ((<usize>load<u16>(at, 12)) << 2), 0);
    increase(tables + ((<usize>load<u16>(at, 14)) << 2), SECOND);
  }
  for (; at < end; at += 2) increase(tables + ((<usize>load<u16>(at)) << 2), 0);
}

/** The upper sixteen bits of each word: what a float has of sign, exponent and the first seven bits behind the point. */
export function countUpperHalves(at: usize, count: u32, tables: usize): void {
  const end = at + ((<usize>count) << 2);
  for (const whole = at + ((<usize>(count & ~3)) << 2); at < whole; at += 16) {
    increase(tables + ((<usize>load<u16>(at, 2)) << 2), 0);
    increase(tables + ((<usize>load<u16>(at, 6)) << 2), SECOND);
    increase(tables + ((<usize>load<u16>(at, 10)) << 2), 0);
    increase(tables + ((<usize>load<u16>(at, 14)) << 2), SECOND);
  }
  for (; at < end; at += 4) increase(tables + ((<usize>load<u16>(at, 2)) << 2), 0);
}

/** As `countUpperHalves`, of doubles: the upper halves of the floats that they round to. */
export function countUpperHalvesOfDoubles(at: usize, count: u32, tables: usize): void {
  const end = at + ((<usize>count) << 3);
  for (const whole = at + ((<usize>(count & ~1)) << 3); at < whole; at += 16) {
    const floats = f32x4.demote_f64x2_zero(v128.load(at));
    increase(tables + ((<usize>i16x8.extract_lane_u(floats, 1)) << 2), 0);
    increase(tables + ((<usize>i16x8.extract_lane_u(floats, 3)) << 2), SECOND);
  }
  if (at < end) increase(tables + ((<usize>(reinterpret<u32>(<f32>load<f64>(at)) >>> 16)) << 2), 0);
}

function increase(at: usize, offset: usize): void {
  store<u32>(at + offset, load<u32>(at + offset) + 1);
}

/** Adds tables of u32 counts to a table of doubles, and clears them. */
export function drain(tables: usize, tableCount: u32, length: u32, totals: usize): void {
  const width = (<usize>length) << 2;
  for (let index: usize = 0; index < <usize>length; index++) {
    let sum: u64 = 0;
    for (let table: u32 = 0; table < tableCount; table++) {
      sum += load<u32>(tables + <usize>table * width + (index << 2));
    }
    if (sum !== 0) store<f64>(totals + (index << 3), load<f64>(totals + (index << 3)) + <f64>sum);
  }
  memory.fill(tables, 0, <usize>tableCount * width);
}

/**
 * Lists what a table of doubles counted at least once.
 * @param length a multiple of two. @param codes u32, and counts f64, with room for all of them. @returns how many there are.
 */
export function gather(totals: usize, length: u32, codes: usize, counts: usize): u32 {
  let found: usize = 0;
  for (let index: usize = 0; index < <usize>length; index++) {
    const total = load<f64>(totals + (index << 3));
    if (total === 0) continue;
    store<u32>(codes + (found << 2), <u32>index);
    store<f64>(counts + (found << 3), total);
    found++;
  }
  return <u32>found;
}
