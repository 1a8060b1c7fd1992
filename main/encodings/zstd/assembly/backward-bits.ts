/**
 * Bits of a stream that is read from its end (RFC 8878, section 4.1): those below `position` at the top of a word, 57 of them at least.
 * Up to sixteen bytes before the stream are looked at, never used.
 * @param begin the stream's first byte. @param position bits that are left, no less than −64.
 */
export function bitsBelow(begin: usize, position: i32): u64 {
  const bytes = (position + 7) >> 3;
  const above = <u64>(8 * bytes - position);
  return load<u64>(begin + bytes - 8) << above;
}

/** The topmost bits of a word, as a number; none give 0. */
export function topBits(word: u64, count: u64): u32 {
  const half = word >> 1;
  return <u32>(half >> (63 - count));
}

/** Bits in bytes [begin, end): the highest bit that is set in the last one, which is not 0, marks where they end. */
export function bitCount(begin: usize, end: usize): i32 {
  return 8 * <i32>(end - begin - 1) + 31 - <i32>clz<u32>(load<u8>(end - 1));
}
