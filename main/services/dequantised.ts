import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import { decode } from '#main/kernels/decode.ts';
import { tensorReader } from '#main/formats/read.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { Summary } from '#shared/statistics.ts';
import { contiguousStrides, type Quantisation, type TensorInfo } from '#shared/tensor.ts';

/** Quantised tensors are read into memory for this; larger ones keep the statistics of their integers only. */
const MOST_ELEMENTS = 16 * 1024 * 1024;

/**
 * Statistics of the real numbers that a quantised tensor stands for: (integer - zero point) × scale as float32,
 * as PyTorch's dequantize does. Undefined for tensors that are too large or lack their scale.
 */
export async function dequantised(
  open: OpenCheckpoint,
  compute: Compute,
  info: TensorInfo,
  options: { readonly quantiles?: readonly number[] | undefined; readonly signal: AbortSignal },
): Promise<Summary | undefined> {
  const { quantisation } = info;
  if (!quantisation || info.elementCount > MOST_ELEMENTS) return undefined;
  const tensor = open.tensor(info.name);
  const reader = tensorReader(tensor, open.checkpoint.sources);
  const integers = decode(tensor.dtype, await reader.read(0, reader.elementCount, options.signal));
  const numbers = realNumbers(integers, tensor.shape, quantisation);
  if (!numbers) return undefined;
  const real: StoredTensor = {
    name: info.name,
    dtype: 'f32',
    shape: tensor.shape,
    storage: { kind: 'inline', bytes: new Uint8Array(numbers.buffer) },
  };
  const task = { plan: { tensor: real }, quantiles: options.quantiles ?? [], isDigestWanted: false };
  return (await compute.run('summary', task, { signal: options.signal })).summary;
}

function realNumbers(
  integers: Float64Array | Float32Array,
  shape: readonly number[],
  { scale, scales, zeroPoint, zeroPoints, axis }: Quantisation,
): Float32Array | undefined {
  if (scale !== undefined) return Float32Array.from(integers, (value) => (value - (zeroPoint ?? 0)) * scale);
  if (!scales || axis === undefined) return undefined;
  const stride = contiguousStrides(shape)[axis] ?? 1;
  const dimension = shape[axis] ?? 1;
  return Float32Array.from(integers, (value, index) => {
    const channel = Math.floor(index / stride) % dimension;
    return (value - (zeroPoints?.[channel] ?? 0)) * scales[channel]!;
  });
}
