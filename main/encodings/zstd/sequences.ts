// The sequences section of a block: RFC 8878, sections 3.1.1.3.2 and 3.1.1.4.
import { backwardBits } from '#main/encodings/zstd/backward-bits.ts';
import { damaged } from '#main/encodings/zstd/damaged.ts';
import { buildFseTable, constantFseTable, readFseTable, type FseTable } from '#main/encodings/zstd/fse.ts';

/** Tables that a later block of the frame may use again. */
export interface SequenceTables {
  literalLengths: FseTable | undefined;
  offsets: FseTable | undefined;
  matchLengths: FseTable | undefined;
}

/** What one step does: so many literals, then a copy of so many bytes from so far back. */
export type TakeSequence = (literals: number, offsetValue: number, match: number) => void;

/** What kind of number a table is for. */
interface Column {
  readonly mostLog: number;
  readonly mostSymbol: number;
  readonly standard: FseTable;
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);

const LITERAL_BITS = [...new Array<number>(16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, ...range(6, 11)];
const MATCH_BITS = [...new Array<number>(32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, ...range(7, 10)];

/** First values: each follows the last value of the code before. */
function basesOf(first: number, bits: readonly number[]): number[] {
  let next = first;
  return bits.map((width) => {
    const base = next;
    next += 2 ** width;
    return base;
  });
}

const LITERAL_BASES = basesOf(0, LITERAL_BITS);
const MATCH_BASES = basesOf(3, MATCH_BITS);

const ones = (count: number): number[] => new Array<number>(count).fill(1);
const rare = (count: number): number[] => new Array<number>(count).fill(-1);
const twos = (count: number): number[] => new Array<number>(count).fill(2);

const COLUMNS: Readonly<Record<keyof SequenceTables, Column>> = {
  literalLengths: {
    mostLog: 9,
    mostSymbol: 35,
    standard: buildFseTable([4, 3, ...twos(11), ...ones(3), ...twos(9), 3, 2, ...ones(5), ...rare(4)], 6),
  },
  offsets: {
    mostLog: 8,
    mostSymbol: 31,
    standard: buildFseTable([...ones(6), ...twos(3), ...ones(15), ...rare(5)], 5),
  },
  matchLengths: {
    mostLog: 9,
    mostSymbol: 52,
    standard: buildFseTable([1, 4, 3, ...twos(6), ...ones(37), ...rare(7)], 6),
  },
};

/** Reads the sequences of a block, which go from a byte of it to its end. @param tables are brought up to date. */
export function readSequences(
  block: Uint8Array,
  begin: number,
  tables: SequenceTables,
  take: TakeSequence,
): void {
  const { count, end: modesAt } = countOf(block, begin);
  if (count === 0) {
    if (modesAt !== block.byteLength) throw damaged('bytes behind a block without sequences');
    return;
  }
  const modes = block[modesAt] ?? 3;
  if ((modes & 3) !== 0) throw damaged('sequences in a mode that is reserved');
  let at = modesAt + 1;
  const table = (name: keyof SequenceTables, mode: number): FseTable => {
    const read = readTable(block, at, COLUMNS[name], mode, tables[name]);
    at = read.end;
    tables[name] = read.table;
    return read.table;
  };
  const literal = table('literalLengths', modes >> 6);
  const offset = table('offsets', (modes >> 4) & 3);
  const match = table('matchLengths', (modes >> 2) & 3);
  const bits = backwardBits(block, at, block.byteLength);
  let literalState = bits.take(literal.log);
  let offsetState = bits.take(offset.log);
  let matchState = bits.take(match.log);
  for (let index = 0; index < count; index++) {
    const offsetCode = offset.symbols[offsetState]!;
    const matchCode = match.symbols[matchState]!;
    const literalCode = literal.symbols[literalState]!;
    const offsetValue = 2 ** offsetCode + bits.take(offsetCode);
    const matchLength = MATCH_BASES[matchCode]! + bits.take(MATCH_BITS[matchCode]!);
    const literalLength = LITERAL_BASES[literalCode]! + bits.take(LITERAL_BITS[literalCode]!);
    if (index < count - 1) {
      literalState = literal.bases[literalState]! + bits.take(literal.bits[literalState]!);
      matchState = match.bases[matchState]! + bits.take(match.bits[matchState]!);
      offsetState = offset.bases[offsetState]! + bits.take(offset.bits[offsetState]!);
    }
    if (bits.left() < 0) throw damaged('sequences beyond their bitstream');
    take(literalLength, offsetValue, matchLength);
  }
  if (bits.left() !== 0) throw damaged('a bitstream longer than its sequences');
}

function countOf(block: Uint8Array, begin: number): { readonly count: number; readonly end: number } {
  const [first, second = 0, third = 0] = block.subarray(begin, begin + 3);
  if (first === undefined) throw damaged('a block that ends before its sequences');
  if (first < 128) return { count: first, end: begin + 1 };
  if (first < 255) return { count: ((first - 128) << 8) + second, end: begin + 2 };
  return { count: second + (third << 8) + 0x7f00, end: begin + 3 };
}

function readTable(
  block: Uint8Array,
  at: number,
  { mostLog, mostSymbol, standard }: Column,
  mode: number,
  earlier: FseTable | undefined,
): { readonly table: FseTable; readonly end: number } {
  switch (mode) {
    case 0:
      return { table: standard, end: at };
    case 1: {
      const symbol = block[at] ?? 255;
      if (symbol > mostSymbol) throw damaged(`a code of ${symbol}`);
      return { table: constantFseTable(symbol), end: at + 1 };
    }
    case 2:
      return readFseTable(block, at, block.byteLength, mostLog, mostSymbol);
    default:
      if (!earlier) throw damaged('sequences that refer to a table that is not there');
      return { table: earlier, end: at };
  }
}
