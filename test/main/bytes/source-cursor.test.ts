import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { sourceCursor } from '#main/bytes/source-cursor.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { rejection } from '#test/kit/rejection.ts';

const MIB = 1024 * 1024;
const source = (byteLength: number) =>
  countingSource(
    memorySource(
      Uint8Array.from({ length: byteLength }, (_, index) => index % 251),
      'f',
    ),
  );

describe('sourceCursor', () => {
  it('hands out the bytes at its position, wherever windows end', async () => {
    const cursor = sourceCursor(source(100_000));
    for (let position = 0; position + 777 <= 100_000; position += 777) {
      expect(cursor.position()).toBe(position);
      const part = await cursor.take(777);
      expect(part.base).toBe(position);
      expect([part.u8(), part.u8()]).toEqual([position % 251, (position + 1) % 251]);
    }
  });

  it('reads little where it jumps and more where it goes on', async () => {
    const jumping = source(10 * MIB);
    const cursor = sourceCursor(jumping);
    for (let step = 0; step < 9; step++) {
      await cursor.take(20);
      cursor.skip(MIB);
    }
    expect(jumping.reads()).toHaveLength(9);
    expect(jumping.byteCount()).toBeLessThanOrEqual(8192 + 8 * 4096);

    const straight = source(10 * MIB);
    const walker = sourceCursor(straight);
    while (walker.remaining() >= 100) await walker.take(100);
    expect(straight.reads().length).toBeLessThan(60);
  });

  it('ends at the end of its source', async () => {
    const cursor = sourceCursor(source(10), 4);
    expect(cursor.remaining()).toBe(6);
    expect(() => cursor.skip(7)).toThrow('the file ends before the bytes that it promises');
    expect(await rejection(cursor.take(7))).toMatchObject({ code: 'corrupt', file: 'f', offset: 4 });
    await cursor.take(6);
    expect((await cursor.take(0)).byteLength).toBe(0);
  });
});
