import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { unpackZstdParts } from '#main/encodings/zstd/zstd-parts.ts';
import { unpackZstd } from '#main/encodings/zstd/zstd.ts';
import { isAppError } from '#shared/errors.ts';
import { rejection } from '#test/kit/rejection.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/zstd/', import.meta.url));
interface Expected {
  readonly byteLength: number;
  readonly sha256: string;
  readonly hasChecksum: boolean;
}
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Record<string, Expected>;

const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}`));
const unpack = (packed: Uint8Array, most = 1_000_000) => unpackZstd(packed, most, { file: 'x', offset: 0 });
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What is found wrong, or nothing. */
function faultOf(packed: Uint8Array, most?: number): string | undefined {
  try {
    unpack(packed, most);
    return undefined;
  } catch (error) {
    if (isAppError(error) && error.code !== 'internal') return error.fields.found ?? error.message;
    throw error;
  }
}

/** A frame by hand: magic, header, blocks. */
const frame = (...bytes: number[]): Uint8Array => Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes]);
/** A block's header: is it the last, its kind, its size. */
const block = (isLast: boolean, kind: number, size: number): number[] => {
  const header = (isLast ? 1 : 0) | (kind << 1) | (size << 3);
  return [header & 0xff, (header >> 8) & 0xff, header >> 16];
};

describe('frames by libzstd', () => {
  it.each(Object.entries(EXPECTED))('%s', (name, { byteLength, sha256 }) => {
    const out = unpack(bytesOf(name), byteLength);
    expect([out.byteLength, digest(out)]).toEqual([byteLength, sha256]);
  });

  it.each(Object.entries(EXPECTED))('%s is refused wherever it is cut', (name, { byteLength }) => {
    const whole = bytesOf(name);
    for (let end = 1; end < whole.byteLength; end += 1 + Math.floor(end / 400) + (byteLength >> 12)) {
      const isBetweenFrames = name === 'frames+.zst' && faultOf(whole.slice(0, end)) === undefined;
      if (!isBetweenFrames) expect(faultOf(whole.slice(0, end)), `cut at ${end}`).toBeDefined();
    }
  });

  it.each(Object.entries(EXPECTED).filter(([, { hasChecksum }]) => hasChecksum))(
    '%s: no flipped bit gives other bytes, as it has a checksum',
    (name, { sha256, byteLength }) => {
      const whole = bytesOf(name);
      for (let bit = 0; bit < 8 * whole.byteLength; bit += 7 + (byteLength >> 8)) {
        const damaged = whole.slice();
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        // the flag that says that there is a checksum cannot vouch for itself
        if (bit >> 3 === 4) continue;
        if (faultOf(damaged) === undefined) expect(digest(unpack(damaged)), `bit ${bit}`).toBe(sha256);
      }
    },
  );

  it.each(Object.entries(EXPECTED))('%s gives no byte more than is allowed', (name, { byteLength }) => {
    if (byteLength > 0) expect(faultOf(bytesOf(name), byteLength - 1)).toBeDefined();
  });
});

describe('frames unpacked part by part', () => {
  const partsOf = async (packed: Uint8Array): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    // in the middle of a file
    const file = Uint8Array.from([1, 2, 3, ...packed, 4, 5]);
    for await (const part of unpackZstdParts(memorySource(file), 3, packed.byteLength)) parts.push(part);
    return Uint8Array.from(Buffer.concat(parts));
  };

  it.each(Object.entries(EXPECTED))('%s', async (name, { sha256 }) => {
    expect(digest(await partsOf(bytesOf(name)))).toBe(sha256);
  });

  it('beyond their window many times over', async () => {
    // a window of 1 KiB: 30 rounds of a KiB, each 1000 literals and then 24 bytes from 1000 back
    const literals = Array.from({ length: 1000 }, (_, at) => (at * at + 7) % 256);
    const raw = [...block(false, 0, 1000), ...literals];
    // offset value 1003: code 9 and 491 in nine bits; match 24: code 21; no literals: code 0; then the end mark
    const bits = 0x200 | 491;
    const copy = [...block(false, 2, 8), 0, 1, 0x54, 0, 9, 21, bits & 0xff, bits >> 8];
    const blocks = Array.from({ length: 30 }, () => [...raw, ...copy]).flat();
    const packed = frame(0x00, 0x00, ...blocks, ...block(true, 0, 0));
    const expected = Array.from({ length: 30 }, () => [...literals, ...literals.slice(0, 24)]).flat();
    expect(digest(await partsOf(packed))).toBe(digest(Uint8Array.from(expected)));
    expect(digest(unpack(packed))).toBe(digest(Uint8Array.from(expected)));
  });

  it('are refused where their checksum is missed', async () => {
    const damaged = bytesOf('floats.zst');
    damaged[damaged.byteLength - 1]! ^= 1;
    const error = await rejection(partsOf(damaged));
    expect([error.code, error.found, error.offset]).toEqual([
      'corrupt',
      'a content that misses its checksum',
      3,
    ]);
  });

  it('are refused where they reach further back than is held', async () => {
    const error = await rejection(partsOf(frame(0x00, 0xff, ...block(true, 0, 0))));
    expect([error.code, error.message]).toEqual([
      'limit',
      'the Zstandard data reach further back than is held',
    ]);
  });
});

describe('what is wrong with a frame is said', () => {
  it.each<[string, Uint8Array, string]>([
    ['another magic number', Uint8Array.of(1, 2, 3, 4, 5), '0x4030201 where a frame should begin'],
    ['a reserved bit', frame(0x28, 0, ...block(true, 0, 0)), 'a header with a reserved bit'],
    ['a dictionary', frame(0x21, 7, 0, ...block(true, 0, 0)), '07'],
    ['a reserved kind of block', frame(0x20, 0, ...block(true, 3, 0)), 'a block of a kind that is reserved'],
    ['a block beyond the window', frame(0x20, 1, ...block(true, 0, 2), 1, 2), 'a block of 2 bytes'],
    ['a length that is not kept', frame(0x20, 2, ...block(true, 0, 1), 1), '1 bytes instead of 2'],
    ['a block that is cut short', frame(0x20, 2, ...block(true, 0, 2), 1), 'data that end too soon'],
    [
      'literals beyond their block',
      frame(0x20, 9, ...block(true, 2, 2), 0x18, 1),
      'literals beyond the end of their block',
    ],
    [
      'a tree of an earlier block that is not there',
      frame(0x20, 9, ...block(true, 2, 5), 0x93, 0x40, 0, 1, 0),
      'literals that refer to a Huffman tree that is not there',
    ],
    [
      'a block that ends before its sequences',
      frame(0x20, 9, ...block(true, 2, 2), 0x08, 1),
      'a block that ends before its sequences',
    ],
    [
      'a reserved mode of sequences',
      frame(0x20, 9, ...block(true, 2, 4), 0x08, 1, 1, 1),
      'sequences in a mode that is reserved',
    ],
    [
      'a table of an earlier block that is not there',
      frame(0x20, 9, ...block(true, 2, 5), 0x08, 1, 1, 0xfc, 1),
      'sequences that refer to a table that is not there',
    ],
    [
      'a copy from before the beginning',
      // one literal, then 3 bytes from 13 back: codes 1, 4 and 0 in tables of one symbol each
      frame(0x20, 9, ...block(true, 2, 8), 0x08, 1, 1, 0x54, 1, 4, 0, 0x10),
      'a copy from before the beginning',
    ],
    [
      'more literals than there are',
      frame(0x20, 99, ...block(true, 2, 8), 0x08, 1, 1, 0x54, 9, 0, 0, 0x01),
      'more literals than there are',
    ],
  ])('%s', (_what, packed, message) => {
    expect(faultOf(packed)).toBe(message);
  });

  it('a content larger than allowed, before room is made for it', () => {
    const claims = frame(0xe0, 0, 0, 0, 0, 0, 1, 0, 0, ...block(true, 1, 1), 0);
    expect(faultOf(claims, 1000)).toBe(`${2 ** 40} bytes where at most 1000 should come out`);
  });

  it('a copy from further back than is held, which is not damage', () => {
    // a window of 256 MiB, 129 MiB of one byte, then 3 bytes from 2^27 + 61 back
    const repeated = Array.from({ length: 1032 }, () => [...block(false, 1, 2 ** 17), 7]).flat();
    const bits = (2 ** 27 + 64).toString(2).padStart(32, '0').match(/.{8}/g)!;
    const copy = [0, 1, 0x54, 0, 27, 0, ...bits.map((byte) => parseInt(byte, 2)).reverse()];
    const packed = frame(0x00, 0x90, ...repeated, ...block(true, 2, copy.length), ...copy);
    expect(() => unpack(packed, 2 ** 28)).toThrow('the Zstandard data reach further back than is held');
  });

  it('repeated bytes without end in a frame that states no length', () => {
    const blocks = Array.from({ length: 100 }, (_, at) => [...block(at === 99, 1, 100_000), 0]).flat();
    expect(faultOf(frame(0x00, 0x70, ...blocks), 150_000)).toBe('more bytes than were promised');
  });
});
