import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { endsLikeTable, openTable } from '#main/encodings/sorted-table/sorted-table.ts';
import { rejection } from '#test/kit/rejection.ts';
import { hasOracles, hasSamples, ORACLES, SAMPLES } from '#test/kit/shared-files.ts';
import { writeTable } from '#test/kit/sorted-table-writer.ts';

async function readAll(bytes: Uint8Array): Promise<[string, string][]> {
  const table = await openTable(memorySource(bytes, 'f'));
  const entries: [string, string][] = [];
  for await (const { key, value } of table.entries()) {
    entries.push([Buffer.from(key).toString(), Buffer.from(value).toString()]);
  }
  return entries;
}

const ENTRIES = ['', 'a', 'ab', 'abc', 'abd', 'b', 'bcd'].map(
  (key) => [key, Buffer.from(`value of ${key}`)] as const,
);
const EXPECTED = ENTRIES.map(([key, value]) => [key, value.toString()]);

describe('reading', () => {
  it.each([
    ['one block', {}],
    ['several blocks', { perBlock: 2 }],
    ['snappy', { isSnappy: true, perBlock: 3 }],
  ])('%s', async (_, options) => {
    expect(await readAll(writeTable({ entries: ENTRIES, ...options }))).toEqual(EXPECTED);
  });

  it('a table without entries', async () => expect(await readAll(writeTable({ entries: [] }))).toEqual([]));

  it('values know where they are in the file, those of compressed blocks where their block is', async () => {
    const bytes = writeTable({ entries: ENTRIES });
    const table = await openTable(memorySource(bytes));
    for await (const { value, offset } of table.entries()) {
      expect([...bytes.subarray(offset, offset + value.byteLength)]).toEqual([...value]);
    }
    const packed = await openTable(memorySource(writeTable({ entries: ENTRIES, isSnappy: true })));
    for await (const { offset } of packed.entries()) expect(offset).toBe(0);
  });

  it('any keys and values come back in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ unit: 'grapheme' }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (keys, perBlock, isSnappy) => {
          const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          const entries = sorted.map((key) => [key, Buffer.from(key.repeat(9))] as const);
          const found = await readAll(writeTable({ entries, perBlock, isSnappy }));
          expect(found).toEqual(sorted.map((key) => [key, key.repeat(9)]));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('genuine tables', () => {
  it.skipIf(!hasSamples)('an index whose blocks TensorFlow compressed with snappy', async () => {
    const entries = await readAll(readFileSync(`${SAMPLES}tensorflow-snappy-index/model.ckpt-0.index`));
    expect(entries[0]![0]).toBe('');
    expect(entries.map(([key]) => key)).toContain('global_step');
    expect(entries.length).toBeGreaterThan(20);
  });

  it.skipIf(!hasOracles)(
    'every damaged byte of an index is found by a checksum or the structure',
    async () => {
      const original = readFileSync(`${ORACLES}chapter/tensorflow-keras2/mlp.params.index`);
      const content = JSON.stringify(await readAll(original));
      for (let index = 0; index < original.byteLength; index++) {
        const damaged = Uint8Array.from(original);
        damaged[index]! ^= 1 << (index % 8);
        const result = await readAll(damaged).then(
          (entries) => JSON.stringify(entries) === content,
          (error: { code?: string }) => error.code === 'corrupt' || error.code === 'unsupported',
        );
        expect(result, `byte ${index}`).toBe(true);
      }
    },
  );
});

describe('damage', () => {
  const whole = writeTable({ entries: ENTRIES });
  const at = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const copy = whole.slice();
    change(copy);
    return copy;
  };
  it.each<[string, Uint8Array, object]>([
    ['too short for a footer', whole.subarray(0, 40), { expected: 'a footer of 48 bytes' }],
    [
      'another magic number',
      at((bytes) => bytes.set([0], bytes.length - 1)),
      { expected: 'the magic number of a table', offset: whole.length - 8 },
    ],
    [
      'a footer without places',
      at((bytes) => bytes.fill(0xff, bytes.length - 48, bytes.length - 8)),
      { expected: 'the places of two blocks', offset: whole.length - 48 },
    ],
    [
      'an index block outside the file',
      at((bytes) => bytes.set([0, 0, 0xff, 0xff, 0x7f, 1], bytes.length - 48)),
      { expected: `a block that ends at or before offset ${whole.length - 48}` },
    ],
    [
      'a block that does not match its checksum',
      at((bytes) => bytes.set([bytes[10]! ^ 1], 10)),
      { message: 'a block of the table does not match its checksum', offset: 0 },
    ],
    [
      'keys that do not rise',
      writeTable({
        entries: [
          ['b', new Uint8Array(1)],
          ['a', new Uint8Array(1)],
        ],
      }),
      { expected: 'keys in rising order' },
    ],
  ])('%s', async (_, bytes, expected) => {
    expect(await rejection(readAll(bytes))).toMatchObject({ code: 'corrupt', file: 'f', ...expected });
  });

  it('a compression that nobody knows', async () => {
    expect(await rejection(readAll(writeTable({ entries: ENTRIES, statedKind: 7 })))).toMatchObject({
      code: 'unsupported',
      expected: '0 (not at all) or 1 (snappy)',
      found: '7',
    });
  });
});

it('a table is told by its last eight bytes', () => {
  expect(endsLikeTable(writeTable({ entries: [] }).subarray(-48))).toBe(true);
  expect(endsLikeTable(new Uint8Array(48))).toBe(false);
  expect(endsLikeTable(new Uint8Array(3))).toBe(false);
});
