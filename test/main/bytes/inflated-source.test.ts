import { deflateRawSync } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { inflatedSource } from '#main/bytes/inflated-source.ts';
import { INFLATE_CHUNK_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { countingSource } from '#test/kit/counting-source.ts';

/** Text that deflates to about a third, so that compressed and plain offsets differ throughout. */
const PLAIN = Uint8Array.from({ length: 500_000 }, (_, index) => (index * index * 7 + (index >> 5)) & 0x3f);
const PACKED = deflateRawSync(PLAIN);
const BEFORE = 13;

function packed(bytes: Uint8Array = PACKED): ByteSource {
  return memorySource(Uint8Array.from([...new Uint8Array(BEFORE).fill(1), ...bytes, 9, 9, 9]));
}

const open = (of = packed(), byteLength = PLAIN.byteLength, compressed = PACKED.byteLength): ByteSource =>
  inflatedSource(of, BEFORE, compressed, byteLength);

describe('an inflated source reads like the bytes that were deflated', () => {
  it('any ranges in any order', async () => {
    const source = open();
    const range = fc.tuple(fc.nat(PLAIN.byteLength), fc.nat(100_000));
    await fc.assert(
      fc.asyncProperty(range, async ([start, wanted]) => {
        const length = Math.min(wanted, PLAIN.byteLength - start);
        expect(Buffer.compare(await source.read(start, length), PLAIN.subarray(start, start + length))).toBe(
          0,
        );
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('reads that wait for each other get their own bytes', async () => {
    const source = open();
    const starts = [400_000, 0, 123_456, 499_990];
    const parts = await Promise.all(starts.map((start) => source.read(start, 10)));
    expect(parts.map((part) => [...part])).toEqual(
      starts.map((start) => [...PLAIN.subarray(start, start + 10)]),
    );
  });

  it('nothing, and all of an empty stream', async () => {
    expect(await open().read(77, 0)).toHaveLength(0);
    const nothing = deflateRawSync(new Uint8Array(0));
    expect(await open(packed(nothing), 0, nothing.byteLength).read(0, 0)).toHaveLength(0);
  });

  it('after it was closed, from the start', async () => {
    const source = open();
    await source.read(1000, 1000);
    await source.close();
    expect([...(await source.read(5, 3))]).toEqual([...PLAIN.subarray(5, 8)]);
  });

  it('describes itself', () => {
    const of = packed();
    expect(open(of).description).toEqual({
      kind: 'inflated',
      of: of.description,
      offset: BEFORE,
      compressedByteLength: PACKED.byteLength,
      byteLength: PLAIN.byteLength,
    });
  });
});

describe('reads no more than it must', () => {
  it('going onwards takes every compressed byte once', async () => {
    const of = countingSource(packed());
    const source = open(of);
    for (let start = 0; start < PLAIN.byteLength; start += 50_000) await source.read(start, 50_000);
    expect(of.byteCount()).toBe(PACKED.byteLength);
  });

  it('the start takes the first chunks, not the whole', async () => {
    const large = deflateRawSync(
      Uint8Array.from({ length: 4_000_000 }, () => Math.floor(Math.random() * 256)),
    );
    const of = countingSource(packed(large));
    const source = open(of, 4_000_000, large.byteLength);
    await source.read(0, 100);
    expect(of.byteCount()).toBeLessThanOrEqual(6 * INFLATE_CHUNK_BYTES);
    await source.close();
  });
});

describe('a stream that is not what it promises is corrupt', () => {
  const check = (name: string, source: () => ByteSource, expected: object): void => {
    it(name, async () => {
      const opened = source();
      await expect(opened.read(0, opened.byteLength)).rejects.toMatchObject(expected);
      // and stays so, rather than hanging
      await expect(opened.read(0, opened.byteLength)).rejects.toMatchObject(expected);
    });
  };
  const length = { code: 'corrupt', message: 'the compressed data do not have the length that they promise' };
  check('more than it says', () => open(packed(), PLAIN.byteLength - 1), {
    ...length,
    fields: { found: 'more' },
  });
  check('less than it says', () => open(packed(), PLAIN.byteLength + 1), length);
  check('cut short', () => open(packed(), PLAIN.byteLength, PACKED.byteLength - 50), {
    code: 'corrupt',
    message: 'the compressed data are damaged',
  });
  check('other bytes', () => open(packed(Uint8Array.from(PACKED, (byte) => ~byte))), {
    code: 'corrupt',
    message: 'the compressed data are damaged',
  });
  check(
    'a source that fails',
    () => {
      const broken = { ...packed(), read: () => Promise.reject(new Error('gone')) };
      return open(broken);
    },
    { code: 'corrupt', fields: { found: 'gone' } },
  );

  it('a range beyond the end', async () => {
    await expect(open().read(PLAIN.byteLength - 1, 2)).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('a bomb stops at the length it promised', async () => {
    const zeros = deflateRawSync(new Uint8Array(50_000_000));
    const of = countingSource(packed(zeros));
    const source = open(of, 1000, zeros.byteLength);
    await expect(source.read(0, 1000)).rejects.toMatchObject(length);
  });
});

it('a cancelled read leaves the source usable', async () => {
  const source = open();
  const controller = new AbortController();
  controller.abort();
  await expect(source.read(0, 10, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  expect([...(await source.read(0, 3))]).toEqual([...PLAIN.subarray(0, 3)]);
});
