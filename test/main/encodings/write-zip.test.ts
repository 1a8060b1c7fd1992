import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { crc32 } from '#main/bytes/crc32.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { layOutZip, zipDirectoryFor, zipHeaderFor, type ZipLayout } from '#main/encodings/zip/write-zip.ts';
import { openZip } from '#main/encodings/zip/zip.ts';

interface Content {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** All parts put where the layout has them; throws where one would overlap another. */
function write(contents: readonly Content[]): Uint8Array {
  const layout = layOutZip(contents.map(({ name, bytes }) => ({ name, byteLength: bytes.byteLength })));
  const parts: Uint8Array[] = [];
  layout.entries.forEach((entry, index) => {
    parts.push(zipHeaderFor(entry, crc32(contents[index]!.bytes)), contents[index]!.bytes);
  });
  parts.push(
    zipDirectoryFor(
      layout,
      contents.map(({ bytes }) => crc32(bytes)),
    ),
  );
  const whole = Uint8Array.from(Buffer.concat(parts));
  expect(whole.byteLength).toBe(layout.byteLength);
  return whole;
}

describe('what is written is an archive without irregularities', () => {
  it('any names and contents come back', async () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
    const contents = fc.uniqueArray(fc.record({ name, bytes: fc.uint8Array({ maxLength: 200 }) }), {
      maxLength: 12,
      selector: (content) => content.name,
    });
    await fc.assert(
      fc.asyncProperty(contents, async (files) => {
        const zip = (await openZip(memorySource(write(files))))!;
        await zip.locate(zip.entries);
        const odd = zip.problems.filter(({ code }) => code !== 'zip-name');
        expect(odd).toEqual([]);
        expect(zip.entries.map((entry) => entry.name)).toEqual(files.map((file) => file.name));
        for (const [index, entry] of zip.entries.entries()) {
          const source = await zip.source(entry);
          expect([...(await source.read(0, source.byteLength))]).toEqual([...files[index]!.bytes]);
          expect((await zip.dataOffset(entry)) % 64).toBe(0);
          expect(entry.crc32 ?? 0).toBe(crc32(files[index]!.bytes));
        }
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  it('nothing is an empty archive', () => {
    expect([...write([])]).toEqual([0x50, 0x4b, 5, 6, ...new Array<number>(18).fill(0)]);
  });

  it('equal content gives equal bytes, byte for byte what was agreed', () => {
    const bytes = write([
      { name: 'a.npy', bytes: Uint8Array.of(1, 2, 3) },
      { name: 'ü', bytes: new Uint8Array(70) },
    ]);
    // Python's zipfile found these bytes in order (testzip) when this digest was taken
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      '0789cb45125876fe501d807b0e7eb6c9e32449d35117f47a67526e44fc4b8bb7',
    );
  });
});

describe('ZIP64 records appear where they are needed', () => {
  /** A file of many gigabytes that is zeros but for its headers. */
  function sparse(layout: ZipLayout): ByteSource {
    const parts = [
      ...layout.entries.map((entry) => [entry.headerOffset, zipHeaderFor(entry, 7)] as const),
      [
        layout.directoryOffset,
        zipDirectoryFor(
          layout,
          layout.entries.map(() => 7),
        ),
      ] as const,
    ];
    const { name, description, close } = memorySource(new Uint8Array(0));
    return {
      name,
      description,
      close,
      byteLength: layout.byteLength,
      read: async (offset, length) => {
        const out = new Uint8Array(length);
        for (const [begin, bytes] of parts) {
          const from = Math.max(begin, offset);
          const to = Math.min(begin + bytes.byteLength, offset + length);
          if (to > from) out.set(bytes.subarray(from - begin, to - begin), from - offset);
        }
        return out;
      },
    };
  }

  const check = (name: string, lengths: readonly number[]): void => {
    it(name, async () => {
      const layout = layOutZip(lengths.map((byteLength, index) => ({ name: `e${index}`, byteLength })));
      const zip = (await openZip(sparse(layout)))!;
      await zip.locate(zip.entries);
      expect(zip.problems).toEqual([]);
      expect(zip.entries.map(({ byteLength, headerOffset }) => ({ byteLength, headerOffset }))).toEqual(
        layout.entries.map(({ byteLength, headerOffset }) => ({ byteLength, headerOffset })),
      );
      const offsets: number[] = [];
      for (const entry of zip.entries) offsets.push(await zip.dataOffset(entry));
      expect(offsets).toEqual(layout.entries.map(({ dataOffset }) => dataOffset));
    });
  };
  const GIB = 2 ** 30;
  check('an entry beyond 4 GiB', [5 * GIB]);
  check('an entry of exactly the mask', [2 ** 32 - 1, 10]);
  check('one byte less needs none', [2 ** 32 - 2 - 64]);
  check('offsets beyond 4 GiB', [3 * GIB, 3 * GIB, 10]);
  check('65,535 entries', new Array<number>(65_535).fill(1));
});

describe('what no archive can hold is refused', () => {
  it('two entries of one name', () => {
    const twice = { name: 'a', byteLength: 1 };
    expect(() => layOutZip([twice, twice])).toThrow('two entries would be called a');
  });
  it('a name of more than 65,535 bytes', () => {
    expect(() => layOutZip([{ name: 'ü'.repeat(40_000), byteLength: 1 }])).toThrow('too long');
  });
});
