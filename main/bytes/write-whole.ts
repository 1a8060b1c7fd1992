import type { FileSystem } from '#main/bytes/file-system.ts';

/** A signal may interrupt a write again and again; a system that does nothing else is broken. */
const MOST_INTERRUPTIONS = 100;

/**
 * Writes all bytes, however few the system takes at a time, at a position in bytes or else at the end.
 * Throws what the file system throws.
 */
export function writeWhole(
  system: FileSystem,
  descriptor: number,
  chunk: Uint8Array,
  position?: number,
): void {
  let interruptions = 0;
  let written = 0;
  while (written < chunk.byteLength) {
    const at = position === undefined ? undefined : position + written;
    let count: number;
    try {
      count = system.write(descriptor, chunk.subarray(written), at);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EINTR' || ++interruptions > MOST_INTERRUPTIONS) throw error;
      continue;
    }
    if (count <= 0) throw Object.assign(new Error('the system took no bytes'), { code: 'EIO' });
    written += count;
  }
}
