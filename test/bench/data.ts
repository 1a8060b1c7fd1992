import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs';

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

/** A safetensors file of f32 tensors, written by hand; kept between runs. `changeAt`: one element differs. */
export function makeSafetensors(
  path: string,
  sizes: readonly number[],
  seed: number,
  changeAt?: number,
): void {
  const total = sizes.reduce((sum, size) => sum + size, 0) * 4;
  const entries: Record<string, unknown> = {};
  let offset = 0;
  sizes.forEach((size, index) => {
    entries[`layers.${index}.weight`] = {
      dtype: 'F32',
      shape: [size],
      data_offsets: [offset, offset + size * 4],
    };
    offset += size * 4;
  });
  const header = Buffer.from(JSON.stringify(entries));
  if (existsSync(path) && statSync(path).size === 8 + header.byteLength + total) return;
  const file = openSync(path, 'w');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.byteLength));
  writeSync(file, length);
  writeSync(file, header);
  const random = mulberry(seed);
  const piece = new Float32Array(1 << 18);
  // a sum of four uniform numbers is near enough to a bell
  for (let i = 0; i < piece.length; i++) piece[i] = random() + random() + random() + random() - 2;
  let at = 0;
  while (at < total / 4) {
    const count = Math.min(piece.length, total / 4 - at);
    const window = piece.slice(0, count);
    for (let i = 0; i < count; i++) window[i]! *= 1 + (at >>> 18) * 1e-3;
    if (changeAt !== undefined && changeAt >= at && changeAt < at + count) window[changeAt - at] = 1.5;
    writeSync(file, Buffer.from(window.buffer));
    at += count;
  }
  closeSync(file);
}
