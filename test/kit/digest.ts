import { createHash } from 'node:crypto';

import type { ByteSource } from '#main/bytes/source.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { tensorReader } from '#main/formats/read.ts';

/** Elements read at one go: small enough that strided tensors take several. */
const WINDOW_ELEMENTS = 1000;
/** The part of an f80's 16 bytes that holds its value. */
const F80_BYTES = 10;

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
    if (tensor.dtype !== 'f80') hash.update(bytes);
    else for (let at = 0; at < count; at++) hash.update(bytes.subarray(at * 16, at * 16 + F80_BYTES));
  }
  return hash.digest('hex');
}
