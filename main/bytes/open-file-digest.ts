import { createHash } from 'node:crypto';

import type { FileSystem } from '#main/bytes/file-system.ts';
import { WINDOW_BYTES } from '#main/bytes/limits.ts';

export interface FileDigest {
  readonly byteLength: number;
  /** Lower-case hexadecimal SHA-256 of the content. */
  readonly sha256: string;
}

/** Length and digest of an open file as the system gives it back, from its beginning to its end. */
export function openFileDigest(descriptor: number, system: FileSystem): FileDigest {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(WINDOW_BYTES);
  let byteLength = 0;
  for (;;) {
    const count = system.read(descriptor, buffer, byteLength);
    if (count === 0) return { byteLength, sha256: hash.digest('hex') };
    hash.update(buffer.subarray(0, count));
    byteLength += count;
  }
}
