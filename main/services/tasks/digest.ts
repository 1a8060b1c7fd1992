import { createHash } from 'node:crypto';

import { EXTENDED_BYTES } from '#main/kernels/extended.ts';
import { codeTable } from '#main/kernels/half.ts';
import { elementByteLength } from '#shared/dtype.ts';

/** The bytes that digests are taken over: 4-bit floats as f32, x87 numbers without their padding, the rest as they are. */
export function hashedForm(dtype: string, bytes: Uint8Array): Uint8Array {
  if (dtype === 'f4_e2m1') {
    const table = codeTable(dtype)!;
    return new Uint8Array(Float32Array.from(bytes, (code) => table[code]!).buffer);
  }
  if (dtype !== 'f80') return bytes;
  const width = elementByteLength(dtype);
  const used = new Uint8Array((bytes.byteLength / width) * EXTENDED_BYTES);
  for (let i = 0; i * width < bytes.byteLength; i++) {
    used.set(bytes.subarray(i * width, i * width + EXTENDED_BYTES), i * EXTENDED_BYTES);
  }
  return used;
}

/** SHA-256 of texts: each as its length (u32, little-endian) and its bytes. */
export function digestOfTexts(values: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const value of values) {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.byteLength);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}
