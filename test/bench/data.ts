import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync, statSync, writeSync } from 'node:fs';

/** A small generator of repeatable numbers; what they are does not matter, that they spread does. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface MadeFile {
  /** Elements of each tensor. */
  readonly sizes: readonly number[];
  readonly seed: number;
  /** f32 unless told. */
  readonly dtype?: 'f32' | 'bf16';
  /** Every second mebielement is a little off what the seed alone gives. */
  readonly isNoisy?: boolean;
}

const PIECE = 1 << 20;

/** A safetensors file written by hand; kept between runs. */
export function makeSafetensors(path: string, { sizes, seed, dtype = 'f32', isNoisy }: MadeFile): void {
  const width = dtype === 'f32' ? 4 : 2;
  const total = sizes.reduce((sum, size) => sum + size, 0) * width;
  const entries: Record<string, unknown> = {};
  let offset = 0;
  sizes.forEach((size, index) => {
    entries[`layers.${index}.weight`] = {
      dtype: dtype.toUpperCase(),
      shape: [size],
      data_offsets: [offset, offset + size * width],
    };
    offset += size * width;
  });
  const header = Buffer.from(JSON.stringify(entries));
  if (existsSync(path) && statSync(path).size === 8 + header.byteLength + total) return;
  const file = openSync(path, 'w');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.byteLength));
  writeSync(file, length);
  writeSync(file, header);
  const random = mulberry(seed);
  // a sum of four uniform numbers is near enough to a bell
  const bell = Float32Array.from({ length: PIECE }, () => random() + random() + random() + random() - 2);
  const noise = bell.map((value) => value + (random() - 0.5) * 1e-4);
  for (let at = 0; at < total / width; at += PIECE) {
    const count = Math.min(PIECE, total / width - at);
    const isOdd = (at / PIECE) % 2 === 1;
    const values = (isNoisy && isOdd ? noise : bell).slice(0, count);
    for (let i = 0; i < count; i++) values[i]! *= 1 + (at / PIECE) * 1e-3;
    writeSync(file, new Uint8Array(dtype === 'f32' ? values.buffer : upperHalves(values).buffer));
  }
  closeSync(file);
}

function upperHalves(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
}

/**
 * Puts a file into the page cache anew. What has lain there for long may have been broken into small pages,
 * and what was written a little at a time begins so: both are read more slowly, and by one side more than by another.
 */
export function cacheAnew(path: string): void {
  // GNU dd drops what is cached of a file; elsewhere it stays as it is
  spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
  readWhole(path);
}

const WINDOW = 2 ** 20;

/** Reads a file once, a mebibyte at a time. */
export function readWhole(path: string): void {
  const file = openSync(path, 'r');
  const window = Buffer.allocUnsafe(WINDOW);
  while (readSync(file, window) > 0);
  closeSync(file);
}

/** Reads two files of one length side by side and compares their bytes: what any equality costs that does not map them. */
export function compareWhole(pathA: string, pathB: string): boolean {
  const [a, b] = [openSync(pathA, 'r'), openSync(pathB, 'r')];
  const [windowA, windowB] = [Buffer.allocUnsafe(WINDOW), Buffer.allocUnsafe(WINDOW)];
  let isEqual = true;
  for (let count = 1; count > 0 && isEqual;) {
    count = readSync(a, windowA);
    isEqual = readSync(b, windowB) === count && windowA.equals(windowB);
  }
  closeSync(a);
  closeSync(b);
  return isEqual;
}
