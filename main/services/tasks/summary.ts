import { createHash } from 'node:crypto';

import { decode, decodeIntegers } from '#main/kernels/decode.ts';
import { codeTable } from '#main/kernels/half.ts';
import {
  deviationOf,
  emptyMoments,
  mergeMoments,
  windowMoments,
  type Moments,
} from '#main/kernels/moments.ts';
import { countWindow, endPass, quantileOf, quantileRanks, startSelection } from '#main/kernels/select.ts';
import { digitCount, keysOf } from '#main/kernels/sort-key.ts';
import { withReader, withStoredReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { dtypeInfo, isReal } from '#shared/dtype.ts';
import type { Summary } from '#shared/statistics.ts';

export interface SummaryTask {
  readonly plan: TensorPlan;
  /** Probabilities; each costs no read of its own. */
  readonly quantiles: readonly number[];
  readonly isDigestWanted: boolean;
}

export interface SummaryAnswer {
  /** Absent for texts, times and void. */
  readonly summary?: Summary;
  /** Of the canonical bytes, lower-case hexadecimal. */
  readonly sha256?: string;
}

/** Values of a small tensor are read once and kept for the passes that quantiles need. */
const KEPT_BYTES = 32 * 1024 * 1024;

/** Statistics over every element of one tensor, in bounded memory. */
export async function summaryTask(task: SummaryTask, pass: Pass): Promise<SummaryAnswer> {
  const { tensor } = task.plan;
  if (tensor.storage.kind === 'strings') {
    return task.isDigestWanted ? { sha256: digestOfTexts(tensor.storage.values) } : {};
  }
  const answer = await valuesAnswer(
    { ...task, isDigestWanted: task.isDigestWanted && !task.plan.blocks },
    pass,
  );
  if (!task.isDigestWanted || !task.plan.blocks) return answer;
  // statistics are of the numbers that blocks stand for, the digest is of the blocks
  const digest = await withStoredReader(task.plan, (reader, dtype) => digestOnly(reader, dtype, task, pass));
  return { ...answer, ...digest };
}

function valuesAnswer(task: SummaryTask, pass: Pass): Promise<SummaryAnswer> {
  const { tensor } = task.plan;
  return withReader(task.plan, (original) => {
    const reader = keeping(original);
    const { kind } = dtypeInfo(tensor.dtype);
    if (kind === 'complex') return complexSummary(reader, tensor.dtype, task, pass);
    if (isReal(tensor.dtype)) return realSummary(reader, tensor.dtype, task, pass);
    return digestOnly(reader, tensor.dtype, task, pass);
  });
}

/** Remembers what was read, as long as it is little. */
function keeping(reader: TensorReader): TensorReader {
  if (reader.elementCount * reader.elementByteLength > KEPT_BYTES) return reader;
  const kept = new Map<number, Uint8Array>();
  return {
    ...reader,
    read: async (start, count, signal) => {
      const known = kept.get(start);
      if (known && known.byteLength === count * reader.elementByteLength) return known;
      const bytes = await reader.read(start, count, signal);
      kept.set(start, bytes);
      return bytes;
    },
  };
}

async function realSummary(
  reader: TensorReader,
  dtype: string,
  task: SummaryTask,
  pass: Pass,
): Promise<SummaryAnswer> {
  const moments = emptyMoments();
  const integers = dtype === 'i64' || dtype === 'u64' ? emptyIntegers() : undefined;
  const hash = task.isDigestWanted ? createHash('sha256') : undefined;
  for await (const { bytes } of windowsOf(reader, pass)) {
    hash?.update(hashedForm(dtype, bytes));
    mergeMoments(moments, windowMoments(decode(dtype, bytes), dtype));
    if (integers) addIntegers(integers, decodeIntegers(dtype, bytes));
  }
  const quantiles = await quantilesOf(reader, dtype, moments.finite, task.quantiles, pass);
  return {
    summary: { ...figuresOf(moments), ...(integers ? integerFigures(integers) : {}), quantiles, exact: true },
    ...(hash ? { sha256: hash.digest('hex') } : {}),
  };
}

function figuresOf(moments: Moments): Omit<Summary, 'quantiles' | 'exact'> {
  const { count, nan, positiveInfinity, negativeInfinity, zeros, denormals, min, max } = moments;
  const deviation = deviationOf(moments);
  const counts = { count, nan, positiveInfinity, negativeInfinity, zeros, denormals };
  return deviation ? { ...counts, min, max, ...deviation } : counts;
}

interface Integers {
  min: bigint | undefined;
  max: bigint | undefined;
  sum: bigint;
  count: number;
}

function emptyIntegers(): Integers {
  return { min: undefined, max: undefined, sum: 0n, count: 0 };
}

function addIntegers(into: Integers, values: BigInt64Array | BigUint64Array): void {
  let sum = 0n;
  for (const value of values) {
    if (into.min === undefined || value < into.min) into.min = value;
    if (into.max === undefined || value > into.max) into.max = value;
    sum += value;
  }
  into.sum += sum;
  into.count += values.length;
}

/** Extremes and mean of 64-bit integers, which a double would round. */
function integerFigures({ min, max, sum, count }: Integers): Partial<Summary> {
  if (min === undefined || max === undefined) return {};
  const whole = sum / BigInt(count);
  const rest = sum - whole * BigInt(count);
  return { min, max, mean: Number(whole) + Number(rest) / count };
}

async function quantilesOf(
  reader: TensorReader,
  dtype: string,
  finite: number,
  probabilities: readonly number[],
  pass: Pass,
): Promise<Summary['quantiles']> {
  if (finite === 0 || probabilities.length === 0) return {};
  const ranks = probabilities.map((q) => quantileRanks(q, finite));
  const selection = startSelection(
    digitCount(dtype),
    ranks.flatMap(({ lower, upper }) => [lower, upper]),
  );
  const is64 = dtype === 'i64' || dtype === 'u64';
  const { signal } = pass;
  let isUnfinished = true;
  while (isUnfinished) {
    for await (const { bytes } of windowsOf(reader, signal ? { signal } : {})) {
      countWindow(selection, keysOf(dtype, is64 ? decodeIntegers(dtype, bytes) : decode(dtype, bytes)));
    }
    isUnfinished = endPass(selection);
  }
  return Object.fromEntries(
    probabilities.map((q, index) => [String(q), quantileOf(dtype, selection, ranks[index]!)]),
  );
}

async function complexSummary(
  reader: TensorReader,
  dtype: string,
  task: SummaryTask,
  pass: Pass,
): Promise<SummaryAnswer> {
  const real = emptyMoments();
  const imaginary = emptyMoments();
  const counts = { count: 0, nan: 0, positiveInfinity: 0, negativeInfinity: 0, zeros: 0, denormals: 0 };
  const hash = task.isDigestWanted ? createHash('sha256') : undefined;
  for await (const { bytes } of windowsOf(reader, pass)) {
    hash?.update(bytes);
    const parts = decode(dtype, bytes);
    const re: number[] = [];
    const im: number[] = [];
    for (let i = 0; i < parts.length; i += 2) {
      const a = parts[i]!;
      const b = parts[i + 1]!;
      counts.count++;
      if (Number.isNaN(a) || Number.isNaN(b)) counts.nan++;
      else if (a === Infinity || b === Infinity) counts.positiveInfinity++;
      else if (a === -Infinity || b === -Infinity) counts.negativeInfinity++;
      else {
        if (a === 0 && b === 0) counts.zeros++;
        re.push(a);
        im.push(b);
      }
    }
    mergeMoments(real, windowMoments(Float64Array.from(re), 'f64'));
    mergeMoments(imaginary, windowMoments(Float64Array.from(im), 'f64'));
  }
  const re = deviationOf(real);
  const im = deviationOf(imaginary);
  const figures =
    re && im
      ? { mean: [re.mean, im.mean] as const, std: Math.hypot(re.std, im.std), l2: Math.hypot(re.l2, im.l2) }
      : {};
  return {
    summary: { ...counts, ...figures, quantiles: {}, exact: true },
    ...(hash ? { sha256: hash.digest('hex') } : {}),
  };
}

async function digestOnly(
  reader: TensorReader,
  dtype: string,
  task: SummaryTask,
  pass: Pass,
): Promise<SummaryAnswer> {
  if (!task.isDigestWanted) return {};
  const hash = createHash('sha256');
  for await (const { bytes } of windowsOf(reader, pass)) hash.update(hashedForm(dtype, bytes));
  return { sha256: hash.digest('hex') };
}

/** The bytes that digests are taken over: 4-bit floats as f32, x87 numbers without their padding, the rest as they are. */
function hashedForm(dtype: string, bytes: Uint8Array): Uint8Array {
  if (dtype === 'f4_e2m1') {
    const table = codeTable(dtype)!;
    return new Uint8Array(Float32Array.from(bytes, (code) => table[code]!).buffer);
  }
  if (dtype !== 'f80') return bytes;
  const used = new Uint8Array((bytes.byteLength / 16) * 10);
  for (let i = 0; i * 16 < bytes.byteLength; i++) used.set(bytes.subarray(i * 16, i * 16 + 10), i * 10);
  return used;
}

/** Each text as its length (u32, little-endian) and its bytes. */
function digestOfTexts(values: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const value of values) {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.byteLength);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}
