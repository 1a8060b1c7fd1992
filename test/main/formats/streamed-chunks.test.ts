import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { tensorReader } from '#main/formats/read.ts';
import { chunkedFault } from '#main/formats/validate-chunks.ts';

const MIB = 2 ** 20;

/** A frame of blocks of 128 KiB, each of one byte again and again: the number of the block. */
function frameOf(blocks: number): Uint8Array {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
  for (let at = 0; at < blocks; at++) {
    const header = (at === blocks - 1 ? 1 : 0) | (1 << 1) | ((128 * 1024) << 3);
    bytes.push(header & 0xff, (header >> 8) & 0xff, header >> 16, at % 251);
  }
  return Uint8Array.from(bytes);
}

describe('a chunk of gigabytes that Zstandard packed', () => {
  const blocks = 16 * 1024;
  const shape = [2048, MIB];
  const packed = frameOf(blocks);
  const storage = {
    kind: 'chunked',
    shape,
    byteOrder: 'little',
    chunks: [
      {
        ...{ origin: [0, 0], shape, source: 0, offset: 0, byteLength: packed.byteLength },
        filters: [{ kind: 'zstd' }],
      },
    ],
  } as const;
  const tensor: StoredTensor = { name: 'w', dtype: 'u8', shape, storage };
  const sources = [memorySource(packed)];

  it('is described with its values', () => {
    expect(chunkedFault('u8', shape, 2 ** 31, storage, sources)).toBeUndefined();
  });

  it('is read onwards and back in the memory of a window', async () => {
    const reader = tensorReader(tensor, sources);
    const before = process.memoryUsage();
    const at = async (row: number): Promise<number[]> => {
      const bytes = await reader.read(row * MIB, 1);
      return [...bytes];
    };
    // a row has eight blocks
    expect(await at(0)).toEqual([0]);
    expect(await at(100)).toEqual([800 % 251]);
    expect(await at(101)).toEqual([808 % 251]);
    expect(await at(3)).toEqual([24]);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 * MIB);
  });
});
