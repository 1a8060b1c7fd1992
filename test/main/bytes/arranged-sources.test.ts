/** Sources that arrange the bytes of another one: columns of records, items scattered among zeros. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { columnSource } from '#main/bytes/column-source.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { scatteredSource } from '#main/bytes/scattered-source.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import { countingSource } from '#test/kit/counting-source.ts';

const CONTENT = Uint8Array.from({ length: 5000 }, (_, index) => (index * 31) & 0xff);

it('any range of a column is the items without what lies between them', async () => {
  const shape = fc.record({
    offset: fc.nat(50),
    itemBytes: fc.integer({ min: 1, max: 9 }),
    gap: fc.nat(20),
    count: fc.nat(100),
    from: fc.nat(1000),
    wanted: fc.nat(1000),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ offset, itemBytes, gap, count, from, wanted }) => {
      const strideBytes = itemBytes + gap;
      const source = columnSource(memorySource(CONTENT), { offset, itemBytes, strideBytes, count });
      const whole = Array.from({ length: count }, (_, item) => [
        ...CONTENT.subarray(offset + item * strideBytes, offset + item * strideBytes + itemBytes),
      ]).flat();
      const start = Math.min(from, whole.length);
      const length = Math.min(wanted, whole.length - start);
      expect([...(await source.read(start, length))]).toEqual(whole.slice(start, start + length));
    }),
    { numRuns: 300, seed: 1 },
  );
});

it('a column of wide records is read in windows', async () => {
  const of = countingSource(memorySource(new Uint8Array(5_000_000)));
  await columnSource(of, { offset: 0, itemBytes: 1, strideBytes: 1000, count: 5000 }).read(0, 5000);
  expect(Math.max(...of.reads().map(([, length]) => length))).toBeLessThanOrEqual(1024 * 1024);
});

it('a column must lie inside its source', () => {
  expect(() =>
    columnSource(memorySource(CONTENT), { offset: 1, itemBytes: 1, strideBytes: 1, count: 5000 }),
  ).toThrow();
});

it('any range of scattered items is zeros with the items in their places', async () => {
  const shape = fc.record({
    itemBytes: fc.integer({ min: 1, max: 5 }),
    positions: fc.uniqueArray(fc.nat(60), { maxLength: 30 }),
    isShuffled: fc.boolean(),
    from: fc.nat(300),
    wanted: fc.nat(300),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ itemBytes, positions: places, isShuffled, from, wanted }) => {
      const positions = Float64Array.from(places).sort();
      const order = Uint32Array.from(positions, (_, index) => positions.length - 1 - index);
      const byteLength = 61 * itemBytes;
      const whole = new Uint8Array(byteLength);
      positions.forEach((position, index) => {
        const stored = isShuffled ? order[index]! : index;
        whole.set(
          CONTENT.subarray(7 + stored * itemBytes, 7 + (stored + 1) * itemBytes),
          position * itemBytes,
        );
      });
      const scatter = { offset: 7, itemBytes, positions, byteLength, ...(isShuffled ? { order } : {}) };
      const source = scatteredSource(memorySource(CONTENT), scatter);
      const start = Math.min(from, byteLength);
      const length = Math.min(wanted, byteLength - start);
      expect([...(await source.read(start, length))]).toEqual([...whole.subarray(start, start + length)]);
    }),
    { numRuns: 300, seed: 2 },
  );
});

it('a word may count as zero', async () => {
  const source = scatteredSource(memorySource(Uint8Array.of(0, 0x80, 1, 0x80, 0x80, 0)), {
    offset: 0,
    itemBytes: 2,
    positions: Float64Array.of(0, 1, 2),
    byteLength: 6,
    zeroWord: Uint8Array.of(0, 0x80),
  });
  expect([...(await source.read(0, 6))]).toEqual([0, 0, 1, 0x80, 0x80, 0]);
});

describe('a list of sources', () => {
  it('takes spans back to the source that they are of', () => {
    const root = memorySource(CONTENT);
    const list = sourceList(root);
    expect(list.place(spanSource(spanSource(root, 100, 1000), 20, 50), 3)).toEqual({
      source: 0,
      offset: 123,
    });
    expect(list.sources).toEqual([root]);
  });

  it('lists others once', () => {
    const list = sourceList(memorySource(CONTENT));
    const other = memorySource(CONTENT);
    expect(list.place(other, 5)).toEqual({ source: 1, offset: 5 });
    expect(list.place(spanSource(other, 10, 10), 5)).toEqual({ source: 1, offset: 15 });
    expect(list.sources).toHaveLength(2);
  });
});
