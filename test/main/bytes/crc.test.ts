import { crc32 as zlibCrc32 } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { crc32 } from '#main/bytes/crc32.ts';
import { crc32c, maskCrc32c } from '#main/bytes/crc32c.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const range = (length: number, at: (index: number) => number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => at(i));

describe('published check values', () => {
  it.each([
    ['CRC-32 of 123456789', crc32(text('123456789')), 0xcbf43926],
    ['CRC-32 of nothing', crc32(new Uint8Array(0)), 0],
    ['CRC-32C of 123456789', crc32c(text('123456789')), 0xe3069283],
    // RFC 3720, appendix B.4
    ['CRC-32C of 32 zeros', crc32c(new Uint8Array(32)), 0x8a9136aa],
    ['CRC-32C of 32 bytes FF', crc32c(range(32, () => 0xff)), 0x62a8ab43],
    ['CRC-32C of 0 to 31', crc32c(range(32, (index) => index)), 0x46dd794e],
    ['CRC-32C of 31 to 0', crc32c(range(32, (index) => 31 - index)), 0x113fdb5c],
    // google/leveldb util/crc32c_test.cc has no masked value; this one is the definition, by hand
    [
      'the mask: 15 bits to the right and a constant more',
      maskCrc32c(0x00018000),
      (0x00000003 + 0xa282ead8) >>> 0,
    ],
  ])('%s', (_, found, expected) => expect(found).toBe(expected));
});

describe('pieces', () => {
  it.each([
    ['CRC-32', crc32],
    ['CRC-32C', crc32c],
  ])('%s of parts, seeded with each other, is that of the whole, at any alignment', (_, crc) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(9), (bytes, cut, shift) => {
        const shifted = new Uint8Array(bytes.byteLength + shift);
        shifted.set(bytes, shift);
        const view = shifted.subarray(shift);
        expect(crc(view.subarray(cut), crc(view.subarray(0, cut)))).toBe(crc(bytes));
      }),
    );
  });

  it('CRC-32 equals zlib’s', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      }),
    );
  });
});
