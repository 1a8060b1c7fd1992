import { bitCount, bitsBelow } from './backward-bits';

/** Codes of at most 11 bits that a word of 57 holds for sure. */
const SYMBOLS_A_WORD: usize = 5;
const BITS_A_WORD: i32 = 57;

/** What comes back where a stream and its symbols do not end together. */
const TOO_SHORT: i32 = 1;
const TOO_LONG: i32 = 2;

/**
 * Decodes one stream of Huffman codes in bytes [begin, end).
 * @param codes for every number of `longest` bits a u16: the symbol whose code it begins with, and above it that code's length.
 * @returns 0, 1 for symbols beyond the stream, 2 for a stream beyond its symbols.
 */
export function huffmanStream(
  codes: usize,
  longest: i32,
  begin: usize,
  end: usize,
  out: usize,
  outEnd: usize,
): i32 {
  return rest(codes, longest, begin, bitCount(begin, end), out, outEnd);
}

/**
 * As `huffmanStream`, of four streams, whose codes do not wait for each other.
 * Each gives `share` bytes, the last one what is left of them.
 */
export function huffmanStreams(
  codes: usize,
  longest: i32,
  first: usize,
  second: usize,
  third: usize,
  fourth: usize,
  end: usize,
  out: usize,
  outEnd: usize,
  share: usize,
): i32 {
  let position0 = bitCount(first, second);
  let position1 = bitCount(second, third);
  let position2 = bitCount(third, fourth);
  let position3 = bitCount(fourth, end);
  const shift = <u64>(64 - longest);
  const lastRoom = outEnd - out - 3 * share;
  let at: usize = 0;
  while (
    at + SYMBOLS_A_WORD <= lastRoom &&
    position0 >= BITS_A_WORD &&
    position1 >= BITS_A_WORD &&
    position2 >= BITS_A_WORD &&
    position3 >= BITS_A_WORD
  ) {
    let word0 = bitsBelow(first, position0);
    let word1 = bitsBelow(second, position1);
    let word2 = bitsBelow(third, position2);
    let word3 = bitsBelow(fourth, position3);
    const to = out + at;
    for (let symbol: usize = 0; symbol < SYMBOLS_A_WORD; symbol++) {
      const code0 = <u32>load<u16>(codes + ((<usize>(word0 >> shift)) << 1));
      const code1 = <u32>load<u16>(codes + ((<usize>(word1 >> shift)) << 1));
      const code2 = <u32>load<u16>(codes + ((<usize>(word2 >> shift)) << 1));
      const code3 = <u32>load<u16>(codes + ((<usize>(word3 >> shift)) << 1));
      word0 <<= <u64>(code0 >> 8);
      word1 <<= <u64>(code1 >> 8);
      word2 <<= <u64>(code2 >> 8);
      word3 <<= <u64>(code3 >> 8);
      position0 -= <i32>(code0 >> 8);
      position1 -= <i32>(code1 >> 8);
      position2 -= <i32>(code2 >> 8);
      position3 -= <i32>(code3 >> 8);
      store<u8>(to + symbol, code0);
      store<u8>(to + share + symbol, code1);
      store<u8>(to + 2 * share + symbol, code2);
      store<u8>(to + 3 * share + symbol, code3);
    }
    at += SYMBOLS_A_WORD;
  }
  const from = out + at;
  const fault0 = rest(codes, longest, first, position0, from, out + share);
  if (fault0 !== 0) return fault0;
  const fault1 = rest(codes, longest, second, position1, from + share, out + 2 * share);
  if (fault1 !== 0) return fault1;
  const fault2 = rest(codes, longest, third, position2, from + 2 * share, out + 3 * share);
  if (fault2 !== 0) return fault2;
  return rest(codes, longest, fourth, position3, from + 3 * share, outEnd);
}

/** From a position of the stream to its end. */
function rest(codes: usize, longest: i32, begin: usize, position: i32, at: usize, end: usize): i32 {
  const shift = <u64>(64 - longest);
  while (at + SYMBOLS_A_WORD <= end && position >= BITS_A_WORD) {
    let word = bitsBelow(begin, position);
    for (let symbol: usize = 0; symbol < SYMBOLS_A_WORD; symbol++) {
      const code = <u32>load<u16>(codes + ((<usize>(word >> shift)) << 1));
      word <<= <u64>(code >> 8);
      position -= <i32>(code >> 8);
      store<u8>(at + symbol, code);
    }
    at += SYMBOLS_A_WORD;
  }
  for (; at < end; at++) {
    const code = <u32>load<u16>(codes + ((<usize>(bitsBelow(begin, position) >> shift)) << 1));
    position -= <i32>(code >> 8);
    if (position < 0) return TOO_SHORT;
    store<u8>(at, code);
  }
  return position === 0 ? 0 : TOO_LONG;
}
