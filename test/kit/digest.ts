import { createHash } from 'node:crypto';

import type { ByteSource } from '#main/bytes/source.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { tensorReader } from '#main/formats/read.ts';

/** Elements read at one go: small enough that strided tensors take several. */
const WINDOW_ELEMENTS = 1000;
/** The part of an f80's 16 bytes that holds its value. */
const F80_BYTES = 10;
/** What the codes of f4_e2m1 stand for; it is hashed as f32. */
const F4_VALUES = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];

/** SHA-256 of a tensor's canonical bytes as oracles/README.md defines it; undefined where the file has no values. */
export async function digestOf(
  tensor: StoredTensor,
  sources: readonly ByteSource[],
): Promise<string | undefined> {
  const hash = createHash('sha256');
  if (tensor.storage.kind === 'none') return undefined;
  if (tensor.storage.kind === 'strings') {
    for (const value of tensor.storage.values) {
      const bytes = Buffer.from(value);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.byteLength);
      hash.update(length).update(bytes);
    }
    return hash.digest('hex');
  }
  const reader = tensorReader(tensor, sources);
  for (let start = 0; start < reader.elementCount; start += WINDOW_ELEMENTS) {
    const count = Math.min(WINDOW_ELEMENTS, reader.elementCount - start);
    const bytes = await reader.read(start, count);
    hash.update(hashedForm(tensor.dtype, bytes));
  }
  return hash.digest('hex');
}

function hashedForm(dtype: string, bytes: Uint8Array): Uint8Array {
  if (dtype === 'f4_e2m1') return new Uint8Array(Float32Array.from(bytes, (code) => F4_VALUES[code]!).buffer);
  if (dtype !== 'f80') return bytes;
  const items = Array.from({ length: bytes.byteLength / 16 }, (_, at) =>
    bytes.subarray(at * 16, at * 16 + F80_BYTES),
  );
  return Buffer.concat(items);
}
