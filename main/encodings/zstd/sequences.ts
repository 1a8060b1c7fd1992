// The sequences section of a block: RFC 8878, sections 3.1.1.3.2 and 3.1.1.4.
import { requireEndMark } from '#main/encodings/zstd/backward-bits.ts';
import { damaged } from '#main/encodings/zstd/damaged.ts';
import type { FrameSpace } from '#main/encodings/zstd/frame-space.ts';
import { buildFseTable, constantFseTable, readFseTable, type FseTable } from '#main/encodings/zstd/fse.ts';
import type { Literals } from '#main/encodings/zstd/literals.ts';
import type { AppError } from '#shared/errors.ts';

/** Binary logarithms of the states of the tables that lie in a frame's space, where later blocks of it may use them again. */
export interface SequenceTables {
  literalLengths: number | undefined;
  offsets: number | undefined;
  matchLengths: number | undefined;
}

/** Where the steps of a block go, as addresses. */
export interface Target {
  /** Where the next byte goes. */
  readonly position: number;
  /** The first byte that a copy may take. */
  readonly start: number;
  /** Where output has to end at the latest. */
  readonly limit: number;
  /** What is wrong with a copy from before the start, where it need not be damage. */
  readonly beforeStart: AppError | undefined;
}

/** How far the steps of a block have come, as addresses. */
export interface Progress {
  readonly position: number;
  /** The next literal. */
  readonly literals: number;
}

/** Steps that cannot be taken, by the kernel's number for them. */
const FAULTS = [
  '',
  'sequences beyond their bitstream',
  'more literals than there are',
  'more bytes than were promised',
  'an offset of 0',
  'a copy from before the beginning',
  'a bitstream longer than its sequences',
] as const;
/** Of those, the one that may be a copy from further back than is held. */
const BEFORE_START = 5;

/** How a block says which table it uses; 1 is a table of one symbol. */
const STANDARD = 0;
const OWN = 2;
const REPEATED = 3;

/** Places in the record. */
const POSITION = 3;
const LITERALS = 4;
const RECORD_LENGTH = 5;

/** What kind of number a table is for. */
interface Column {
  readonly mostLog: number;
  readonly mostSymbol: number;
  readonly standard: FseTable;
  /** Of every symbol: the least number that it stands for, and how many bits are added to that. */
  readonly bases: readonly number[];
  readonly bits: readonly number[];
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);

const LITERAL_BITS = [...new Array<number>(16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, ...range(6, 11)];
const OFFSET_BITS = range(0, 32);
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

const ones = (count: number): number[] => new Array<number>(count).fill(1);
const rare = (count: number): number[] => new Array<number>(count).fill(-1);
const twos = (count: number): number[] => new Array<number>(count).fill(2);

const COLUMNS: Readonly<Record<keyof SequenceTables, Column>> = {
  literalLengths: {
    mostLog: 9,
    mostSymbol: 35,
    standard: buildFseTable([4, 3, ...twos(11), ...ones(3), ...twos(9), 3, 2, ...ones(5), ...rare(4)], 6),
    bases: basesOf(0, LITERAL_BITS),
    bits: LITERAL_BITS,
  },
  offsets: {
    mostLog: 8,
    mostSymbol: 31,
    standard: buildFseTable([...ones(6), ...twos(3), ...ones(15), ...rare(5)], 5),
    bases: basesOf(1, OFFSET_BITS),
    bits: OFFSET_BITS,
  },
  matchLengths: {
    mostLog: 9,
    mostSymbol: 52,
    standard: buildFseTable([1, 4, 3, ...twos(6), ...ones(37), ...rare(7)], 6),
    bases: basesOf(3, MATCH_BITS),
    bits: MATCH_BITS,
  },
};

/**
 * Takes the steps of a block, which lies in the space as well; its sequences go from `literals.end` to its end.
 * @param tables are brought up to date, as is the space's record of the latest offsets.
 */
export function takeSequences(
  block: Uint8Array,
  literals: Literals,
  space: FrameSpace,
  tables: SequenceTables,
  { position, start, limit, beforeStart }: Target,
): Progress {
  const { count, end: modesAt } = countOf(block, literals.end);
  if (count === 0) {
    if (modesAt !== block.byteLength) throw damaged('bytes behind a block without sequences');
    return { position, literals: literals.at };
  }
  const modes = block[modesAt] ?? 3;
  if ((modes & 3) !== 0) throw damaged('sequences in a mode that is reserved');
  let at = modesAt + 1;
  const place = (name: keyof SequenceTables, mode: number): number => {
    const log = tables[name];
    if (mode === REPEATED) {
      if (log === undefined) throw damaged('sequences that refer to a table that is not there');
      return log;
    }
    const { table, end } = readTable(block, at, COLUMNS[name], mode);
    at = end;
    placeTable(table, COLUMNS[name], new Uint32Array(space.bytes.buffer, space[name]));
    return (tables[name] = table.log);
  };
  const literalLog = place('literalLengths', modes >> 6);
  const offsetLog = place('offsets', (modes >> 4) & 3);
  const matchLog = place('matchLengths', (modes >> 2) & 3);
  requireEndMark(block, at, block.byteLength);
  const { kernels, content, record, literalLengths, offsets, matchLengths } = space;
  const progress = new Uint32Array(space.bytes.buffer, record, RECORD_LENGTH);
  progress[POSITION] = position;
  progress[LITERALS] = literals.at;
  const fault = kernels.takeSequences(
    count,
    content + at,
    content + block.byteLength,
    literalLengths,
    literalLog,
    offsets,
    offsetLog,
    matchLengths,
    matchLog,
    literals.at + literals.byteLength,
    start,
    limit,
    record,
  );
  if (fault === BEFORE_START && beforeStart) throw beforeStart;
  if (fault !== 0) throw damaged(FAULTS[fault]!);
  return { position: progress[POSITION], literals: progress[LITERALS] };
}

/** Puts a table where the kernel reads it, in its arrangement. */
function placeTable({ symbols, bits, bases }: FseTable, column: Column, into: Uint32Array): void {
  for (let state = 0; state < symbols.length; state++) {
    const symbol = symbols[state]!;
    into[2 * state] = column.bases[symbol]!;
    into[2 * state + 1] = bases[state]! | (column.bits[symbol]! << 16) | (bits[state]! << 24);
  }
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
): { readonly table: FseTable; readonly end: number } {
  if (mode === STANDARD) return { table: standard, end: at };
  if (mode === OWN) return readFseTable(block, at, block.byteLength, mostLog, mostSymbol);
  const symbol = block[at] ?? 255;
  if (symbol > mostSymbol) throw damaged(`a code of ${symbol}`);
  return { table: constantFseTable(symbol), end: at + 1 };
}
