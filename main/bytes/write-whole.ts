import type { FileSystem } from '#main/bytes/file-system.ts';

/** A signal may interrupt a write again and again; a system that does nothing else is broken. */
const MOST_INTERRUPTIONS = 100;

/** Writes all bytes, however few the system takes at a time. Throws what the file system throws. */
export function writeWhole(system: FileSystem, descriptor: number, chunk: Uint8Array): void {
  let interruptions = 0;
  let rest = chunk;
  while (rest.byteLength > 0) {
    let count: number;
    try {
      count = system.write(descriptor, rest);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EINTR' || ++interruptions > MOST_INTERRUPTIONS) throw error;
      continue;
    }
    if (count <= 0) throw Object.assign(new Error('the system took no bytes'), { code: 'EIO' });
    rest = rest.subarray(count);
  }
}
