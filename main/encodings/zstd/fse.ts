// Finite state entropy tables: RFC 8878, section 4.1.
import { damaged } from '#main/encodings/zstd/damaged.ts';

/** For each state: the symbol, and how the next state is made of a base and so many bits. */
export interface FseTable {
  /** Binary logarithm of the number of states. */
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** @param counts of every symbol in all the states; −1 for one that is rarer than one state. */
export function buildFseTable(counts: ArrayLike<number>, log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(counts.length);
  let high = size - 1;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    if (counts[symbol] === -1) {
      symbols[high--] = symbol;
      next[symbol] = 1;
    } else next[symbol] = counts[symbol]!;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let place = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    for (let i = 0; i < counts[symbol]!; i++) {
      symbols[place] = symbol;
      do place = (place + step) & (size - 1);
      while (place > high);
    }
  }
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state]!;
    const count = next[symbol]!++;
    const width = log - 31 + Math.clz32(count);
    bits[state] = width;
    bases[state] = (count << width) - size;
  }
  return { log, symbols, bits, bases };
}

/** One symbol whatever the bits. */
export function constantFseTable(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

export interface ReadTable {
  readonly table: FseTable;
  /** Byte that follows the description. */
  readonly end: number;
}

/**
 * Reads the description of a table that begins at a byte and ends before `end`.
 * @param mostLog of the accuracy that is allowed, and `mostSymbol` of the symbols.
 */
export function readFseTable(
  bytes: Uint8Array,
  begin: number,
  end: number,
  mostLog: number,
  mostSymbol: number,
): ReadTable {
  const log = (bytes[begin]! & 0x0f) + 5;
  if (begin >= end || log > mostLog) throw damaged(`a table of 2^${log} states`);
  const counts: number[] = [];
  let bit = 8 * begin + 4;
  let threshold = 1 << log;
  let width = log + 1;
  // one more than the states that are still to be given away
  let remaining = threshold + 1;
  const look = (count: number): number => {
    const byte = bit >>> 3;
    const word = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16);
    return (word >>> (bit & 7)) & ((1 << count) - 1);
  };
  while (remaining > 1 && counts.length <= mostSymbol) {
    const small = 2 * threshold - 1 - remaining;
    let value = look(width);
    if ((value & (threshold - 1)) < small) {
      value &= threshold - 1;
      bit += width - 1;
    } else {
      if (value >= threshold) value -= small;
      bit += width;
    }
    const count = value - 1;
    remaining -= Math.abs(count);
    counts.push(count);
    if (count === 0) {
      let repeats: number;
      do {
        repeats = look(2);
        bit += 2;
        for (let i = 0; i < repeats; i++) counts.push(0);
      } while (repeats === 3 && counts.length <= mostSymbol);
    }
    while (remaining > 1 && remaining < threshold) {
      width--;
      threshold >>= 1;
    }
  }
  const after = (bit + 7) >>> 3;
  if (remaining !== 1 || counts.length > mostSymbol + 1 || after > end)
    throw damaged('a table whose parts do not add up');
  return { table: buildFseTable(counts, log), end: after };
}
