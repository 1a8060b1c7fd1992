import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** A file of zeros that takes no room on the disk, but for some bytes. @param planted where each lies, and what it is. */
export function writeSparse(
  path: string,
  byteLength: number,
  planted: readonly (readonly [at: number, byte: number])[],
): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, byteLength);
  for (const [at, byte] of planted) writeSync(file, Uint8Array.of(byte), 0, 1, at);
  closeSync(file);
}
