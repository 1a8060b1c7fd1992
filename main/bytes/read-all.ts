import { readSync } from 'node:fs';

const PAGE_BYTES = 4096;
/**
 * Where the target lies so few bytes behind the source, counted within their pages, x86 processors take each load for
 * dependent on the store before it and copy at a tenth of their speed: seen with AMD Zen 5, whose string moves the system copies with.
 */
const SLOW_BYTES = 16;
/** Shorter reads cost more by the call than by the copy, and longer ones are nobody's windows. */
const [LEAST_BYTES, MOST_BYTES] = [PAGE_BYTES, 4 * 1024 * 1024];

/**
 * Reads by position until the target is full.
 * @param target best in memory that begins at a page, as WebAssembly's does.
 * @returns the bytes read: fewer than it has room for where the file ends before.
 */
export function readAll(descriptor: number, target: Uint8Array, position: number): number {
  if (!isSlow(target, position)) return readStraight(descriptor, target, position);
  const detour = detourFor(target, position);
  const done = readStraight(descriptor, detour, position);
  target.set(detour.subarray(0, done));
  return done;
}

function readStraight(descriptor: number, target: Uint8Array, position: number): number {
  let done = 0;
  while (done < target.byteLength) {
    const count = readSync(descriptor, target, done, target.byteLength - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function isSlow({ byteLength, byteOffset }: Uint8Array, position: number): boolean {
  if (byteLength < LEAST_BYTES || byteLength > MOST_BYTES) return false;
  const ahead = (byteOffset - (position % PAGE_BYTES) + PAGE_BYTES) % PAGE_BYTES;
  return ahead > 0 && ahead < SLOW_BYTES;
}

let spare = new Uint8Array(0);

/** Memory for as many bytes, half a page away from what would be slow on either side. */
function detourFor({ byteLength }: Uint8Array, position: number): Uint8Array {
  if (spare.byteLength < byteLength + PAGE_BYTES) spare = new Uint8Array(byteLength + PAGE_BYTES);
  const begin = (position + PAGE_BYTES / 2) % PAGE_BYTES;
  return spare.subarray(begin, begin + byteLength);
}
