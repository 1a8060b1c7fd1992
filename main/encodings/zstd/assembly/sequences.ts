import { bitCount, bitsBelow, topBits } from './backward-bits';

/** Steps of a Zstandard block: RFC 8878, sections 3.1.1.3.2 and 3.1.1.4. */

/** What comes back for steps that cannot be taken; the words for them are those of `encodings/zstd/sequences.ts`. */
const BEYOND_BITS: i32 = 1;
const BEYOND_LITERALS: i32 = 2;
const BEYOND_ROOM: i32 = 3;
const NO_OFFSET: i32 = 4;
const BEFORE_BEGINNING: i32 = 5;
const BITS_LEFT: i32 = 6;

/** Bits of a word less the most that three states take: what lengths and offsets may have for all to come out of one word. */
const BITS_BESIDE_STATES: u64 = 57 - 26;

/** Of an entry of a table: how many bits are added to its value, and how many to the base of the next state. */
function extraBits(entry: u64): u64 {
  return (entry >> 48) & 0xff;
}
function stateBits(entry: u64): u64 {
  return entry >> 56;
}
function nextBase(entry: u64): u32 {
  return (<u32>(entry >> 32)) & 0xffff;
}

/**
 * Takes all steps of a block: so many literals, then a copy of so many bytes from so far back.
 * Writes up to 16 bytes beyond where it ends, and reads as many beyond the literals.
 *
 * A table has eight bytes a state: the value's base (u32), the next state's base (u16), bits that are added to the one and to the other (u8 each).
 * @param count of steps, 1 at least. @param begin of their bitstream, before which are readable bytes; its last byte is not 0.
 * @param literalLog binary logarithm of the table's states, and so for the others.
 * @param limit where output has to end at the latest. @param start the first byte that a copy may take.
 * @param record five u32: the latest three offsets, where output goes, where literals come from; brought up to date.
 * @returns 0, or what is wrong.
 */
export function takeSequences(
  count: i32,
  begin: usize,
  end: usize,
  literalTable: usize,
  literalLog: i32,
  offsetTable: usize,
  offsetLog: i32,
  matchTable: usize,
  matchLog: i32,
  literalsEnd: usize,
  start: usize,
  limit: usize,
  record: usize,
): i32 {
  let first = load<u32>(record);
  let second = load<u32>(record, 4);
  let third = load<u32>(record, 8);
  let to: usize = load<u32>(record, 12);
  let literals: usize = load<u32>(record, 16);
  let position = bitCount(begin, end);
  let word = bitsBelow(begin, position);
  let literalState = topBits(word, literalLog);
  word <<= <u64>literalLog;
  let offsetState = topBits(word, offsetLog);
  word <<= <u64>offsetLog;
  let matchState = topBits(word, matchLog);
  position -= literalLog + offsetLog + matchLog;
  if (position < 0) return BEYOND_BITS;

  for (let left = count; left > 0; left--) {
    const offset = load<u64>(offsetTable + (offsetState << 3));
    const match = load<u64>(matchTable + (matchState << 3));
    const literal = load<u64>(literalTable + (literalState << 3));
    const isLong = extraBits(offset) + extraBits(match) + extraBits(literal) > BITS_BESIDE_STATES;
    word = bitsBelow(begin, position);
    const offsetValue = <u32>offset + topBits(word, extraBits(offset));
    position -= <i32>extraBits(offset);
    word = isLong ? bitsBelow(begin, position) : word << extraBits(offset);
    const matchLength: usize = <u32>match + topBits(word, extraBits(match));
    word <<= extraBits(match);
    const literalLength: usize = <u32>literal + topBits(word, extraBits(literal));
    position -= <i32>(extraBits(match) + extraBits(literal));
    if (left > 1) {
      word = isLong ? bitsBelow(begin, position) : word << extraBits(literal);
      literalState = nextBase(literal) + topBits(word, stateBits(literal));
      word <<= stateBits(literal);
      matchState = nextBase(match) + topBits(word, stateBits(match));
      word <<= stateBits(match);
      offsetState = nextBase(offset) + topBits(word, stateBits(offset));
      position -= <i32>(stateBits(literal) + stateBits(match) + stateBits(offset));
    }
    if (position < 0) return BEYOND_BITS;
    if (literalLength > literalsEnd - literals) return BEYOND_LITERALS;
    if (literalLength + matchLength > limit - to) return BEYOND_ROOM;
    copyApart(literals, to, literalLength);
    literals += literalLength;
    to += literalLength;

    // three values mean the latest offsets, shifted by one where no literals come first
    let back: u32;
    if (offsetValue > 3) {
      back = offsetValue - 3;
      third = second;
      second = first;
      first = back;
    } else {
      const index = offsetValue - 1 + (literalLength === 0 ? 1 : 0);
      back = index === 0 ? first : index === 1 ? second : index === 2 ? third : first - 1;
      if (back === 0) return NO_OFFSET;
      if (index > 1) third = second;
      if (index > 0) {
        second = first;
        first = back;
      }
    }
    if (<usize>back > to - start) return BEFORE_BEGINNING;
    copyBack(to, back, matchLength);
    to += matchLength;
  }
  if (position !== 0) return BITS_LEFT;
  store<u32>(record, first);
  store<u32>(record, second, 4);
  store<u32>(record, third, 8);
  store<u32>(record, <u32>to, 12);
  store<u32>(record, <u32>literals, 16);
  return 0;
}

/** Copies sixteen bytes at a time. */
function copyApart(from: usize, to: usize, byteLength: usize): void {
  const end = to + byteLength;
  do {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  } while (to < end);
}

/** Repeats what is `back` bytes before: a copy may reach into what it has just written. */
function copyBack(to: usize, back: usize, byteLength: usize): void {
  if (back >= 16) return copyApart(to - back, to, byteLength);
  const end = to + byteLength;
  if (back < 8) {
    for (let byte: usize = 0; byte < 8; byte++) store<u8>(to + byte, load<u8>(to + byte - back));
    to += 8;
    // what repeats after so few bytes repeats after a multiple of them too
    back *= (7 + back) / back;
  }
  for (; to < end; to += 8) store<u64>(to, load<u64>(to - back));
}
