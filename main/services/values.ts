import { offeredTensor } from '#main/formats/offered.ts';
import { decode, decodeIntegers } from '#main/kernels/decode.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { slicedTensor } from '#main/services/sliced-tensor.ts';
import { viewPlan, withReader } from '#main/services/tensor-plan.ts';
import { timeTexts } from '#main/services/time-texts.ts';
import { AppError } from '#shared/errors.ts';
import { dtypeInfo } from '#shared/dtype.ts';
import { parseSlice, sliceShape } from '#shared/slice.ts';
import type { TensorValue, TensorValues } from '#shared/commands/tensor.ts';

/** More values than this are no answer to look at; a slice is. */
const MOST_VALUES = 4 * 1024 * 1024;

export interface ValuesOptions {
  /** NumPy-like. */
  readonly slice?: string | undefined;
  /** Of the dtypes that the tensor offers, the one to read it as. */
  readonly as?: string | undefined;
  /** Elements; a larger slice is refused with `limit`. */
  readonly most?: number | undefined;
  readonly signal?: AbortSignal;
}

/** The values of a slice in C order. */
export async function readValues(
  open: OpenCheckpoint,
  name: string,
  { slice = '', as, most = MOST_VALUES, signal }: ValuesOptions = {},
): Promise<TensorValues> {
  const asStored = open.plan(name);
  const plan = as === undefined ? asStored : viewPlan(asStored, (tensor) => offeredTensor(tensor, as));
  const dtype = as ?? open.tensor(name).dtype;
  const axes = parseSlice(slice, plan.tensor.shape);
  const shape = sliceShape(axes);
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > most) {
    throw new AppError('limit', `the slice has ${count} values`, {
      tensor: name,
      expected: `at most ${most}`,
      found: String(count),
      hint: 'take a smaller slice, such as 0:100 along each axis',
    });
  }
  const sliced = slicedTensor(plan.tensor, axes);
  const described = axes.map(({ start, step, isDropped }) => ({ start, step, isDropped }));
  if (sliced.storage.kind === 'strings') {
    return { shape, dtype, values: sliced.storage.values.map(asText), axes: described };
  }
  const bytes = await withReader({ ...plan, tensor: sliced }, (reader) => reader.read(0, count, signal));
  return { shape, dtype, values: valuesOf(sliced.dtype, bytes), axes: described };
}

function asText(value: string | Uint8Array): string {
  if (typeof value === 'string') return value;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(value);
  } catch {
    return `hex:${Buffer.from(value).toString('hex')}`;
  }
}

/** Values of canonical bytes, exact: integers beyond 2^53 as bigint, complex numbers as pairs, void as hexadecimal text. */
export function valuesOf(dtype: string, bytes: Uint8Array): TensorValue[] {
  const { kind, bits } = dtypeInfo(dtype);
  if (kind === 'time') return timeTexts(dtype, decodeIntegers('i64', bytes));
  if (kind === 'void') {
    const width = bits / 8;
    return Array.from({ length: width === 0 ? 0 : bytes.byteLength / width }, (_, i) =>
      Buffer.from(bytes.subarray(i * width, (i + 1) * width)).toString('hex'),
    );
  }
  if (dtype === 'i64' || dtype === 'u64') return Array.from(decodeIntegers(dtype, bytes), narrowed);
  if (dtype === 'bool') return Array.from(bytes, (byte) => byte !== 0);
  const numbers = decode(dtype, bytes);
  if (kind !== 'complex') return Array.from(numbers);
  return Array.from(
    { length: numbers.length / 2 },
    (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!] as const,
  );
}

function narrowed(value: bigint): number | bigint {
  const isSafe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
  return isSafe ? Number(value) : value;
}
