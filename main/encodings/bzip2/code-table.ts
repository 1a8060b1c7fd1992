// Huffman codes of bzip2: canonical, of 1 to 20 bits, their lengths stored as differences.
import { damaged } from '#main/encodings/bzip2/damaged.ts';
import { LOOK_BITS, type ForwardBits } from '#main/encodings/bzip2/forward-bits.ts';

const MOST_LENGTH = 20;
/** Codes up to this length are found in one step. */
const SHORT_BITS = 10;

/** Takes one symbol. */
export type TakeSymbol = () => number;

/** Reads the lengths of a table's codes. @throws AppError `corrupt` for lengths that make no code. */
export function readCodeTable(bits: ForwardBits, symbolCount: number): TakeSymbol {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.take(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    while (length >= 1 && length <= MOST_LENGTH && bits.take(1) === 1) length += bits.take(1) === 0 ? 1 : -1;
    if (length < 1 || length > MOST_LENGTH) throw damaged(`a code of ${length} bits`);
    lengths[symbol] = length;
  }
  return symbolReader(bits, lengths);
}

function symbolReader(bits: ForwardBits, lengths: Uint8Array): TakeSymbol {
  /** Symbols by the length of their codes, then by their number. */
  const ordered = Uint16Array.from(lengths.keys()).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  /** Symbol × 32 + length, for what begins with a short code; 0 elsewhere. */
  const short = new Uint16Array(1 << SHORT_BITS);
  /** For each length, the first code beyond those of that length, in the highest of the bits looked at. */
  const limits = new Float64Array(MOST_LENGTH + 1);
  /** For each length, the place in `ordered` of its first code less that code. */
  const places = new Float64Array(MOST_LENGTH + 1);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= MOST_LENGTH; length++) {
    code *= 2;
    places[length] = place - code;
    for (; place < ordered.length && lengths[ordered[place]!] === length; place++, code++) {
      const spread = 1 << (SHORT_BITS - length);
      if (length <= SHORT_BITS && (code + 1) * spread <= short.length)
        short.fill(ordered[place]! * 32 + length, code * spread, (code + 1) * spread);
    }
    if (code > 2 ** length) throw damaged('more codes than there is room for');
    limits[length] = code * 2 ** (LOOK_BITS - length);
  }

  function takeLong(looked: number): number {
    let length = SHORT_BITS + 1;
    while (length <= MOST_LENGTH && looked >= limits[length]!) length++;
    if (length > MOST_LENGTH) throw damaged('a code that stands for nothing');
    bits.skip(length);
    return ordered[(looked >>> (LOOK_BITS - length)) + places[length]!]!;
  }

  return () => {
    const looked = bits.look();
    const found = short[looked >>> (LOOK_BITS - SHORT_BITS)]!;
    if (found === 0) return takeLong(looked);
    bits.skip(found & 31);
    return found >>> 5;
  };
}
