// Huffman trees of literals: RFC 8878, section 4.2.
import { backwardBits } from '#main/encodings/zstd/backward-bits.ts';
import { damaged } from '#main/encodings/zstd/damaged.ts';
import { readFseTable } from '#main/encodings/zstd/fse.ts';

export interface HuffmanTable {
  /** Bits of the longest code. */
  readonly longest: number;
  /** For every number of so many bits: the symbol whose code it begins with, and above it that code's length. */
  readonly codes: Uint16Array;
}

const LONGEST_CODE = 11;
const WEIGHT_TABLE_LOG = 6;
const MOST_SYMBOLS = 256;
/** Headers from here on hold plain weights, half a byte each. */
const PLAIN_WEIGHTS = 128;

/** Reads the description of a tree. @returns the table, and the byte that follows it. */
export function readHuffmanTable(
  bytes: Uint8Array,
  begin: number,
  end: number,
): { readonly table: HuffmanTable; readonly end: number } {
  const header = bytes[begin]!;
  const count = header - PLAIN_WEIGHTS + 1;
  const after = begin + 1 + (header < PLAIN_WEIGHTS ? header : (count + 1) >> 1);
  if (begin >= end || after > end) throw damaged('a Huffman tree beyond the end');
  const weights =
    header < PLAIN_WEIGHTS ? packedWeights(bytes, begin + 1, after) : plainWeights(bytes, begin + 1, count);
  return { table: tableOf(weights), end: after };
}

function plainWeights(bytes: Uint8Array, begin: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => {
    const byte = bytes[begin + (at >> 1)]!;
    return at % 2 === 0 ? byte >> 4 : byte & 0x0f;
  });
}

/** Two states take turns until the bits are used up; the other one has a last word. */
function packedWeights(bytes: Uint8Array, begin: number, end: number): number[] {
  const { table, end: from } = readFseTable(bytes, begin, end, WEIGHT_TABLE_LOG, LONGEST_CODE + 1);
  const bits = backwardBits(bytes, from, end);
  const states = [bits.take(table.log), bits.take(table.log)];
  const weights: number[] = [];
  for (let turn = 0; weights.length < MOST_SYMBOLS; turn = 1 - turn) {
    const state = states[turn]!;
    weights.push(table.symbols[state]!);
    states[turn] = table.bases[state]! + bits.take(table.bits[state]!);
    if (bits.left() < 0) {
      weights.push(table.symbols[states[1 - turn]!]!);
      break;
    }
  }
  return weights;
}

/** @param weights of all symbols but the last, whose weight makes the sum a power of two. */
function tableOf(weights: number[]): HuffmanTable {
  const sum = weights.reduce((total, weight) => total + ((1 << weight) >> 1), 0);
  const longest = 32 - Math.clz32(sum);
  const rest = 2 ** longest - sum;
  if (sum === 0 || longest > LONGEST_CODE || weights.length >= MOST_SYMBOLS || (rest & (rest - 1)) !== 0) {
    throw damaged('a Huffman tree whose codes do not add up');
  }
  weights.push(32 - Math.clz32(rest));
  const codes = new Uint16Array(1 << longest);
  let place = 0;
  for (let weight = 1; weight <= longest; weight++) {
    const span = 1 << (weight - 1);
    for (let symbol = 0; symbol < weights.length; symbol++) {
      if (weights[symbol] !== weight) continue;
      codes.fill(((longest + 1 - weight) << 8) | symbol, place, place + span);
      place += span;
    }
  }
  return { longest, codes };
}
