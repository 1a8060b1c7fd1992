import { describe, expect, it } from 'vitest';

import type { Filter } from '#main/encodings/filters/filters.ts';
import { chunkMemoryBytes, taskChunkBytes } from '#main/services/chunk-memory.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';

const MIB = 2 ** 20;

/** Four chunks of a mebibyte of f32, the last of them stored in 900,000 bytes, the others in 700,000. */
function plan(filters: readonly Filter[], rows = 4): TensorPlan {
  const chunks = Array.from({ length: rows }, (_, row) => ({
    origin: [512 * row, 0],
    shape: [512, 512],
    source: 0,
    offset: row * MIB,
    byteLength: filters.length === 0 ? MIB : row === rows - 1 ? 900_000 : 700_000,
    filters,
  }));
  const shape = [512 * rows, 512];
  const storage = { kind: 'chunked', shape, chunks, byteOrder: 'little' } as const;
  return { tensor: { name: 't', dtype: 'f32', shape, storage } };
}

describe('memory for the chunks of a task', () => {
  it('is that of its largest chunk, packed and unpacked, of either tensor', () => {
    expect(taskChunkBytes({ plan: plan([{ kind: 'zlib' }]) })).toBe(MIB + 900_000);
    expect(taskChunkBytes({ a: plan([{ kind: 'zlib' }]), b: plan([{ kind: 'zlib' }], 1) })).toBe(
      2 * (MIB + 900_000),
    );
  });

  it('is twice the unpacked chunk where one filter hands it to another', () => {
    const filters: Filter[] = [{ kind: 'shuffle', elementBytes: 4 }, { kind: 'zlib' }];
    expect(taskChunkBytes({ plan: plan(filters) })).toBe(2 * MIB);
  });

  it('is none for chunks that are not packed, for other storage, and for tasks without tensors', () => {
    expect(taskChunkBytes({ plan: plan([]) })).toBe(0);
    const storage = { kind: 'inline', bytes: new Uint8Array(4) } as const;
    expect(taskChunkBytes({ plan: { tensor: { name: 't', dtype: 'f32', shape: [1], storage } } })).toBe(0);
    expect(taskChunkBytes({ source: { kind: 'file', path: 'x', byteLength: 1 }, begin: 0 })).toBe(0);
  });

  it('of all tasks leaves a process within 300 MiB, whatever the number of its threads', () => {
    expect(chunkMemoryBytes(8)).toBe(108 * MIB);
    expect(chunkMemoryBytes(2)).toBe(204 * MIB);
  });
});
