import { analysisKernels, memoryRegion, placeInput } from '#main/kernels/analysis-module.ts';
import type { Summary } from '#shared/statistics.ts';

/** Extremes and sum of 64-bit integers, which doubles would round. */
export interface WholeNumbers {
  min: bigint | undefined;
  max: bigint | undefined;
  sum: bigint;
  count: number;
}

export function emptyWholeNumbers(): WholeNumbers {
  return { min: undefined, max: undefined, sum: 0n, count: 0 };
}

/** What the kernel counts each signed integer more. */
const SIGNED_ORIGIN = 2n ** 63n;

const recordRegion = memoryRegion();

/** Whether doubles round some of a dtype's integers. */
export function isWhole(dtype: string): boolean {
  return dtype === 'i64' || dtype === 'u64';
}

/** Adds a window of i64 or u64. */
export function addWholeNumbers(into: WholeNumbers, dtype: string, bytes: Uint8Array): void {
  const count = bytes.byteLength / 8;
  if (count === 0) return;
  const kernels = analysisKernels();
  const at = placeInput(bytes);
  const record = recordRegion.reserve(32);
  const isSigned = dtype === 'i64';
  (isSigned ? kernels.wholeNumbersI64 : kernels.wholeNumbersU64)(at, count, record);
  const { buffer } = kernels.memory;
  const [min, max] = new (isSigned ? BigInt64Array : BigUint64Array)(buffer, record, 2);
  const [lower, upper] = new BigUint64Array(buffer, record + 16, 2);
  const sum = lower! + (upper! << 32n) - (isSigned ? BigInt(count) * SIGNED_ORIGIN : 0n);
  mergeWholeNumbers(into, { min, max, sum, count });
}

/** Adds what another part of the values has. */
export function mergeWholeNumbers(
  into: WholeNumbers,
  { min, max, sum, count }: Readonly<WholeNumbers>,
): void {
  if (min === undefined || max === undefined) return;
  if (into.min === undefined || min < into.min) into.min = min;
  if (into.max === undefined || max > into.max) into.max = max;
  into.sum += sum;
  into.count += count;
}

export function wholeNumberFigures({ min, max, sum, count }: Readonly<WholeNumbers>): Partial<Summary> {
  if (min === undefined || max === undefined) return {};
  const whole = sum / BigInt(count);
  const rest = sum - whole * BigInt(count);
  return { min, max, mean: Number(whole) + Number(rest) / count };
}
