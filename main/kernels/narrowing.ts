/** One pass of a selection: keys in intervals are listed, or counted by the part of their interval. */
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import { placeNumbers } from '#main/kernels/numbers.ts';
import { elementByteLength } from '#shared/dtype.ts';

/** Keys from `low` to `high` of the values whose float has this upper half: see `sort-key.ts`. */
export interface KeyInterval {
  readonly half: number;
  readonly low: bigint;
  readonly high: bigint;
}

export interface IntervalQuestion extends KeyInterval {
  /** How many values it has if all its keys are wanted; absent where they are to be counted. */
  readonly listed?: number;
}

export interface IntervalCounts {
  /** Of keys from low + i × 2^shift on, as far as `high`. */
  readonly counts: Float64Array;
  readonly shift: bigint;
  /** Of the keys counted. */
  readonly least: bigint;
  readonly most: bigint;
}

export interface NarrowingAnswer {
  /** Of all listed intervals, in no order. */
  readonly keys: BigInt64Array;
  /** Of each counted interval in turn. */
  readonly counted: readonly IntervalCounts[];
}

/** A pass that is under way; its memory is lent to it. */
export interface Narrowing {
  /** Adds one window of canonical bytes. */
  add(bytes: Uint8Array): void;
  answer(): NarrowingAnswer;
  release(): void;
}

const PART_BITS = 16;
const PARTS = 2 ** PART_BITS;
const TABLE_BYTES = PARTS * 8;
const PLACE_BYTES = 65_536;
const INTERVAL_BYTES = 48;
/** Intervals have to be numbered by a byte. */
export const MOST_INTERVALS = 255;

/** @param questions at most `MOST_INTERVALS` of them, ascending. */
export function narrowing(dtype: string, questions: readonly IntervalQuestion[]): Narrowing {
  const kernels = analysisKernels();
  const narrow = kernelFor(dtype);
  const region = memoryRegion();
  const listed = questions.reduce((sum, question) => sum + (question.listed ?? 0), 0);
  const counted = questions.filter((question) => question.listed === undefined);
  // one more than there should be, so that too many show
  const keyBytes = (listed + 1) * 8;
  const intervalBytes = questions.length * INTERVAL_BYTES;
  const tables = region.reserve(counted.length * TABLE_BYTES + keyBytes + intervalBytes + PLACE_BYTES);
  const keys = tables + counted.length * TABLE_BYTES;
  const intervals = keys + keyBytes;
  const places = intervals + intervalBytes;
  new Uint8Array(kernels.memory.buffer, tables, keys - tables).fill(0);
  const marks = new Uint8Array(kernels.memory.buffer, places, PLACE_BYTES).fill(0);
  questions.forEach((question, index) => {
    if (questions[index - 1]?.half !== question.half) marks[question.half] = index + 1;
    const isFollowed = questions[index + 1]?.half === question.half;
    const table = question.listed === undefined ? tables + counted.indexOf(question) * TABLE_BYTES : 0;
    placeInterval(intervals + index * INTERVAL_BYTES, question, table, isFollowed);
  });
  let end = keys;
  return {
    add: (bytes) => {
      const { at, count } = placeKeyed(dtype, bytes);
      end = narrow(at, count, places, intervals, end, intervals);
    },
    answer: () => ({
      keys: new BigInt64Array(kernels.memory.buffer, keys, (end - keys) / 8).slice(),
      counted: counted.map((question, index) =>
        countsAt(
          intervals + questions.indexOf(question) * INTERVAL_BYTES,
          tables + index * TABLE_BYTES,
          question,
        ),
      ),
    }),
    release: region.release,
  };
}

function kernelFor(dtype: string) {
  const { narrowF32, narrowF64, narrowI32, narrowU32, narrowI64, narrowU64 } = analysisKernels();
  switch (dtype) {
    case 'f32':
      return narrowF32;
    case 'i32':
      return narrowI32;
    case 'u32':
      return narrowU32;
    case 'i64':
      return narrowI64;
    case 'u64':
      return narrowU64;
    default:
      return narrowF64;
  }
}

/** x87 numbers have the keys of the doubles that they are told as. */
function placeKeyed(dtype: string, bytes: Uint8Array): { readonly at: number; readonly count: number } {
  if (dtype === 'f80') return placeNumbers(dtype, bytes);
  return { at: placeInput(bytes), count: bytes.byteLength / elementByteLength(dtype) };
}

/** As `assembly/narrowing.ts` has it. */
function placeInterval(at: number, { low, high }: KeyInterval, table: number, isFollowed: boolean): void {
  const view = new DataView(analysisKernels().memory.buffer, at, INTERVAL_BYTES);
  view.setBigInt64(0, low, true);
  view.setBigUint64(8, high - low, true);
  view.setBigUint64(16, shiftOf(high - low), true);
  view.setUint32(24, table, true);
  view.setUint32(28, isFollowed ? 1 : 0, true);
  view.setBigInt64(32, 2n ** 63n - 1n, true);
  view.setBigInt64(40, -(2n ** 63n), true);
}

/** By so many bits distances are shifted to number no more than `PARTS` parts. */
function shiftOf(width: bigint): bigint {
  return BigInt(Math.max(0, width.toString(2).length - PART_BITS));
}

function countsAt(at: number, table: number, { low, high }: KeyInterval): IntervalCounts {
  const { buffer } = analysisKernels().memory;
  const view = new DataView(buffer, at, INTERVAL_BYTES);
  const words = new Uint32Array(buffer, table, 2 * PARTS);
  const counts = new Float64Array(PARTS);
  for (let part = 0; part < PARTS; part++) counts[part] = words[2 * part]! + words[2 * part + 1]! * 2 ** 32;
  return {
    counts,
    shift: shiftOf(high - low),
    least: view.getBigInt64(32, true),
    most: view.getBigInt64(40, true),
  };
}

/** What was told of parts of the values together. */
export function mergedNarrowing(a: NarrowingAnswer, b: NarrowingAnswer): NarrowingAnswer {
  const keys = new BigInt64Array(a.keys.length + b.keys.length);
  keys.set(a.keys);
  keys.set(b.keys, a.keys.length);
  return { keys, counted: a.counted.map((counts, index) => mergedCounts(counts, b.counted[index]!)) };
}

function mergedCounts(a: IntervalCounts, b: IntervalCounts): IntervalCounts {
  return {
    counts: a.counts.map((count, part) => count + b.counts[part]!),
    shift: a.shift,
    least: a.least < b.least ? a.least : b.least,
    most: a.most > b.most ? a.most : b.most,
  };
}
