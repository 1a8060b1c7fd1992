import { readFileSync } from 'node:fs';

export interface PlainTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A safetensors file read in the plainest way, sharing nothing with the product's own reader. */
export function readPlainSafetensors(path: string): {
  readonly tensors: ReadonlyMap<string, PlainTensor>;
  readonly metadata: Readonly<Record<string, string>>;
} {
  const file = readFileSync(path);
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(
    file.toString('utf8', 8, headerEnd),
  ) as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> & {
    __metadata__?: Record<string, string>;
  };
  const tensors = new Map(
    Object.entries(entries).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => [
        name,
        // copied, so that every tensor starts at a multiple of 8
        { dtype, shape, bytes: Uint8Array.from(file.subarray(headerEnd + begin, headerEnd + end)) },
      ],
    ),
  );
  return { tensors, metadata };
}

/** The values of a float tensor. */
export function floatsOf(tensor: PlainTensor): Float32Array | Float64Array {
  return tensor.dtype === 'F64'
    ? new Float64Array(tensor.bytes.buffer)
    : new Float32Array(tensor.bytes.buffer);
}
