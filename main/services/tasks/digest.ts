import { createHash } from 'node:crypto';

import { codeTable } from '#main/kernels/half.ts';

/** The bytes that digests are taken over: 4-bit floats as f32, x87 numbers without their padding, the rest as they are. */
export function hashedForm(dtype: string, bytes: Uint8Array): Uint8Array {
  if (dtype === 'f4_e2m1') {
    const table = codeTable(dtype)!;
    return new Uint8Array(Float32Array.from(bytes, (code) => table[code]!).buffer);
  }
  if (dtype !== 'f80') return bytes;
  const used = new Uint8Array((bytes.byteLength / 16) * 10);
  for (let i = 0; i * 16 < bytes.byteLength; i++) used.set(bytes.subarray(i * 16, i * 16 + 10), i * 10);
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
