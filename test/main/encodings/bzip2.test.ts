import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { bzip2Source, indexBzip2 } from '#main/bytes/bzip2-source.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { beginsBzip2, unpackBzip2 } from '#main/encodings/bzip2/bzip2.ts';
import { isAppError } from '#shared/errors.ts';
import { withWrongChecksum } from '#test/kit/bzip2-damage.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { rejection } from '#test/kit/rejection.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/bzip2/', import.meta.url));
interface Expected {
  readonly byteLength: number;
  readonly sha256: string;
}
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Record<string, Expected>;
const MOST = 4_000_000;

const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}`));
const unpack = (packed: Uint8Array, most = MOST) => unpackBzip2(packed, most, { file: 'x', offset: 0 });
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What is found wrong, or nothing. */
async function faultOf(packed: Uint8Array, most?: number): Promise<string | undefined> {
  try {
    await unpack(packed, most);
    return undefined;
  } catch (error) {
    if (isAppError(error) && error.code !== 'internal') return error.fields.found ?? error.message;
    throw error;
  }
}

/** Bits, highest first, filled up with zeros. */
function bitsOf(...fields: readonly (readonly [value: number, width: number])[]): Uint8Array {
  const bits = fields.map(([value, width]) => value.toString(2).padStart(width, '0')).join('');
  return Uint8Array.from(bits.match(/.{1,8}/g)!, (byte) => parseInt(byte.padEnd(8, '0'), 2));
}
const HEADER = [
  [0x425a, 16],
  [0x6831, 16],
] as const;
const MARK = [
  [0x314159, 24],
  [0x265359, 24],
  [0, 32],
] as const;

describe('streams by libbz2', () => {
  it.each(Object.entries(EXPECTED))('%s', async (name, { byteLength, sha256 }) => {
    const out = await unpack(bytesOf(name), byteLength);
    expect([out.byteLength, digest(out)]).toEqual([byteLength, sha256]);
    expect(beginsBzip2(bytesOf(name))).toBe(true);
  });

  it.each(Object.keys(EXPECTED).filter((name) => name !== 'streams.bz2'))(
    '%s is refused wherever it is cut',
    async (name) => {
      const whole = bytesOf(name);
      const step = 1 + Math.floor(whole.byteLength / 40);
      for (let end = 1; end < whole.byteLength; end += step)
        expect(await faultOf(whole.slice(0, end)), `cut at ${end}`).toBeDefined();
    },
  );

  it.each(Object.entries(EXPECTED).filter(([name]) => name !== 'repeated.bz2'))(
    '%s: no flipped bit gives other bytes, as its blocks have checksums',
    async (name, { sha256 }) => {
      const whole = bytesOf(name);
      const step = 7 + Math.floor(whole.byteLength / 16);
      for (let bit = 0; bit < 8 * whole.byteLength; bit += step) {
        const damaged = whole.slice();
        damaged[bit >> 3]! ^= 0x80 >> (bit & 7);
        if ((await faultOf(damaged)) === undefined)
          expect(digest(await unpack(damaged)), `bit ${bit}`).toBe(sha256);
      }
    },
  );

  it.each(Object.entries(EXPECTED))('%s gives no byte more than is allowed', async (name, { byteLength }) => {
    if (byteLength > 0) expect(await faultOf(bytesOf(name), byteLength - 1)).toMatch(/^more than \d+ bytes$/);
  });
});

describe('files read by position', () => {
  it.each(Object.entries(EXPECTED))('%s', async (name, { byteLength, sha256 }) => {
    const file = memorySource(bytesOf(name));
    const source = bzip2Source(file, await indexBzip2(file, MOST));
    expect(source.byteLength).toBe(byteLength);
    const whole = await source.read(0, byteLength);
    expect(digest(whole)).toBe(sha256);
    for (const at of [0, 1, byteLength >> 1, byteLength - 9].filter(
      (begin) => begin >= 0 && begin < byteLength,
    )) {
      const length = Math.min(9, byteLength - at);
      expect(await source.read(at, length)).toEqual(whole.slice(at, at + length));
    }
  });

  it('a part of one block takes that block alone', async () => {
    const file = memorySource(bytesOf('blocks.bz2'));
    const index = await indexBzip2(file, MOST);
    expect(index.ends.length).toBeGreaterThan(1);
    const counted = countingSource(file);
    await bzip2Source(counted, index).read(index.ends.at(-1) - 5, 5);
    expect(counted.byteCount()).toBeLessThan(file.byteLength - Math.floor(index.bitOffsets.at(-1) / 8) + 1);
  });

  it('a damaged block leaves the others readable', async () => {
    const packed = bytesOf('blocks.bz2');
    const file = memorySource(withWrongChecksum(packed), 'x');
    const index = await indexBzip2(file, MOST);
    const source = bzip2Source(file, index);
    expect(await rejection(source.read(0, 1))).toMatchObject({
      code: 'corrupt',
      found: 'a block that misses its checksum',
      offset: 4,
    });
    const [begin, end] = [index.ends[0]!, index.ends[1]!];
    const whole = await unpack(packed);
    expect(await source.read(begin, end - begin)).toEqual(whole.slice(begin, end));
  });

  it('more than the caller passes over is refused', async () => {
    const error = await rejection(indexBzip2(memorySource(bytesOf('repeated.bz2'), 'x'), 2_000_000));
    expect([error.code, error.expected]).toEqual(['limit', 'at most 2000000 bytes']);
  });
});

describe('what is wrong with a stream is said', () => {
  it.each<[string, Uint8Array, string]>([
    ['another magic number', Uint8Array.of(1, 2, 3, 4, 5), 'bytes where a stream should begin'],
    ['a header alone', bitsOf(...HEADER), 'data that end too soon'],
    ['something else in the place of a block', bitsOf(...HEADER, [1, 80]), 'no block where one should begin'],
    [
      'bytes behind the end',
      Uint8Array.from([...bytesOf('one.bz2'), 7]),
      'bytes where a stream should begin',
    ],
    [
      'a randomised block',
      bitsOf(...HEADER, ...MARK, [1, 1], [0, 31]),
      'the bzip2 data are in the randomised form of before version 0.9.5',
    ],
    ['a block without bytes', bitsOf(...HEADER, ...MARK, [0, 25], [0, 16]), 'a block of no bytes'],
    [
      'one table of codes',
      bitsOf(...HEADER, ...MARK, [0, 25], [1, 16], [1, 16], [1, 3]),
      '1 tables of codes',
    ],
    [
      'a table that is not there',
      bitsOf(...HEADER, ...MARK, [0, 25], [1, 16], [1, 16], [2, 3], [1, 15], [0b110, 3]),
      'a group of symbols in a table that is not there',
    ],
    [
      'a code of no bits',
      bitsOf(...HEADER, ...MARK, [0, 25], [1, 16], [1, 16], [2, 3], [1, 15], [0, 1], [0, 5]),
      'a code of 0 bits',
    ],
    [
      'more codes than there is room for',
      // three codes of one bit
      bitsOf(...HEADER, ...MARK, [0, 25], [1, 16], [1, 16], [2, 3], [1, 15], [0, 1], [1, 5], [0, 40]),
      'more codes than there is room for',
    ],
  ])('%s', async (_what, packed, message) => {
    expect(await faultOf(packed)).toBe(message);
  });
});
