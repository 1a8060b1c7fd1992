/**
 * Values of at most sixteen bits, counted by their code: 256 or 65,536 counts hold everything there is to know about
 * them but their order, so every figure, bin and quantile follows without reading again.
 */
import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import type { BinCounts } from '#main/kernels/binning.ts';
import { decode, smallestNormal } from '#main/kernels/decode.ts';
import { emptyMoments, type Moments } from '#main/kernels/moments.ts';
import { allCodes } from '#main/kernels/numbers.ts';
import { elementByteLength, isReal } from '#shared/dtype.ts';

/** The codes that occur, in ascending order, and how often each does: most often a few thousand of the 65,536. */
export interface CodeCounts {
  readonly dtype: string;
  readonly codes: Uint32Array;
  readonly counts: Float64Array;
}

/** Whether a dtype has so few codes that counting them is enough. */
export function hasFewCodes(dtype: string): boolean {
  return isReal(dtype) && elementByteLength(dtype) <= 2;
}

/** A count that is under way; its memory is lent to it. */
export interface CodeCounter {
  add(bytes: Uint8Array): void;
  /** By code, all that was added so far. */
  counts(): Float64Array;
  /** As `counts`, without the codes that do not occur. */
  occurring(): Omit<CodeCounts, 'dtype'>;
  release(): void;
}

/** Counts the codes of windows of a dtype that has few. */
export function codeCounter(dtype: string): CodeCounter {
  const { countBytes, countHalves } = analysisKernels();
  return elementByteLength(dtype) === 1
    ? tableCounter(4, 256, 1, countBytes)
    : tableCounter(2, 65_536, 2, countHalves);
}

/** Counts f32 values by their upper sixteen bits: a first picture, and the first digit of a selection. */
export function upperHalfCounter(): CodeCounter {
  return tableCounter(2, 65_536, 4, analysisKernels().countUpperHalves);
}

/** As `upperHalfCounter`, of doubles, each rounded to a float first. */
export function roundedHalfCounter(): CodeCounter {
  return tableCounter(2, 65_536, 8, analysisKernels().countUpperHalvesOfDoubles);
}

/** u32 counts are emptied before they could overflow. */
const MOST_UNDRAINED = 2 ** 31;

const listRegion = memoryRegion();

function tableCounter(
  tableCount: number,
  length: number,
  elementBytes: number,
  count: (at: number, count: number, tables: number) => void,
): CodeCounter {
  const kernels = analysisKernels();
  const region = memoryRegion();
  const tableBytes = tableCount * length * 4;
  const totalBytes = length * 8;
  const tables = region.reserve(tableBytes + totalBytes);
  const totals = tables + tableBytes;
  new Uint8Array(kernels.memory.buffer, tables, tableBytes + totalBytes).fill(0);
  let undrained = 0;
  const drain = () => {
    kernels.drain(tables, tableCount, length, totals);
    undrained = 0;
  };
  return {
    add: (bytes) => {
      const added = bytes.byteLength / elementBytes;
      if (undrained + added > MOST_UNDRAINED) drain();
      count(placeInput(bytes), added, tables);
      undrained += added;
    },
    counts: () => {
      drain();
      return new Float64Array(kernels.memory.buffer, totals, length).slice();
    },
    occurring: () => {
      drain();
      const counts = listRegion.reserve(length * 12);
      const codes = counts + totalBytes;
      const found = kernels.gather(totals, length, codes, counts);
      return {
        codes: new Uint32Array(kernels.memory.buffer, codes, found).slice(),
        counts: new Float64Array(kernels.memory.buffer, counts, found).slice(),
      };
    },
    release: region.release,
  };
}

/** The codes that occur, of counts by code. */
export function occurringCodes(all: Float64Array): Omit<CodeCounts, 'dtype'> {
  const codes = Uint32Array.from(all.keys()).filter((code) => all[code]! > 0);
  return { codes, counts: Float64Array.from(codes, (code) => all[code]!) };
}

const knownValues = new Map<string, Float64Array>();

/** The number of every code, as a double. Shared: do not write to it. */
export function valuesOfCodes(dtype: string): Float64Array {
  const known = knownValues.get(dtype);
  if (known) return known;
  const values = Float64Array.from(decode(dtype, allCodes(elementByteLength(dtype))));
  knownValues.set(dtype, values);
  return values;
}

/** Moments of all elements counted; positions are not known. */
export function momentsOfCodes({ dtype, codes, counts }: CodeCounts): Moments {
  const moments = emptyMoments();
  const values = valuesOfCodes(dtype);
  const tiny = smallestNormal(dtype);
  const sum = compensatedSum();
  for (let at = 0; at < codes.length; at++) {
    const count = counts[at]!;
    const value = values[codes[at]!]!;
    moments.count += count;
    if (value - value !== 0) {
      if (value === Infinity) moments.positiveInfinity += count;
      else if (value === -Infinity) moments.negativeInfinity += count;
      else moments.nan += count;
      continue;
    }
    moments.finite += count;
    if (value === 0) moments.zeros += count;
    else if (Math.abs(value) < tiny) moments.denormals += count;
    if (value < moments.min) moments.min = value;
    if (value > moments.max) moments.max = value;
    sum.add(value * count);
  }
  if (moments.finite === 0) return moments;
  moments.mean = sum.total() / moments.finite;
  const squares = compensatedSum();
  for (let at = 0; at < codes.length; at++) {
    const deviation = values[codes[at]!]! - moments.mean;
    if (deviation - deviation === 0) squares.add(deviation * deviation * counts[at]!);
  }
  moments.squares = squares.total();
  return moments;
}

/** Neumaier's sum: what the larger of two summands swallows is kept. */
function compensatedSum(): { add: (value: number) => void; total: () => number } {
  let sum = 0;
  let compensation = 0;
  return {
    add: (value) => {
      const next = sum + value;
      compensation += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sum = next;
    },
    total: () => sum + compensation,
  };
}

/** Adds all elements counted to bins of any edges. */
export function binCodes({ dtype, codes, counts }: CodeCounts, bins: BinCounts, edges: Float64Array): void {
  const values = valuesOfCodes(dtype);
  const [low, high] = [edges[0]!, edges[edges.length - 1]!];
  const last = edges.length - 2;
  let bin = 0;
  for (let at = 0; at < codes.length; at++) {
    const count = counts[at]!;
    const value = values[codes[at]!]!;
    if (value === Infinity) bins.positiveInfinity += count;
    else if (value === -Infinity) bins.negativeInfinity += count;
    else if (value !== value) bins.nan += count;
    else if (value < low) bins.below += count;
    else if (value > high) bins.above += count;
    else {
      // values of neighbouring codes are neighbours: there are few steps from one to the next
      while (bin < last && value >= edges[bin + 1]!) bin++;
      while (value < edges[bin]!) bin--;
      bins.counts[bin]! += count;
    }
  }
}

/** The finite values at 0-based ranks of their sorted order. */
export function valuesAtRanks(
  { dtype, codes, counts }: CodeCounts,
  ranks: readonly number[],
): Map<number, number> {
  const table = valuesOfCodes(dtype);
  const values = Array.from(codes, (code) => table[code]!);
  const order = Array.from(values.keys())
    .filter((at) => Number.isFinite(values[at]))
    .sort((a, b) => values[a]! - values[b]!);
  const wanted = [...new Set(ranks)].sort((a, b) => a - b);
  const found = new Map<number, number>();
  let before = 0;
  let next = 0;
  for (const at of order) {
    before += counts[at]!;
    while (next < wanted.length && wanted[next]! < before) found.set(wanted[next++]!, values[at]!);
  }
  return found;
}
