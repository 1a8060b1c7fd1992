import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fastDigest } from '#main/kernels/fast-digest.ts';

function digestOf(...pieces: readonly Uint8Array[]): string {
  const digest = fastDigest();
  try {
    for (const piece of pieces) digest.add(piece);
    return digest.value();
  } finally {
    digest.release();
  }
}

describe('XXH64 of byte i being 7 i mod 251, as the xxhash package 4.1 for Python has it', () => {
  it.each([
    [0, 'ef46db3751d8e999'],
    [1, 'e934a84adb052768'],
    [3, '9ff70a635a6209ab'],
    [4, 'ae5acdc00a55ac41'],
    [8, '87116b3365b924eb'],
    [12, '14b8433b9a14e611'],
    [31, '0f187c62b1e722b7'],
    [32, '91b0cb0931a8c629'],
    [33, '931b043cf8d65b94'],
    [63, '575186c12dcebcfd'],
    [64, 'ab64977b5af9d022'],
    [100, 'b7fe1d84b2f23a05'],
    [1000, '023fd2ed1ff957d5'],
    [100_003, '1d0edb76d73b0886'],
  ])('%i bytes', (length, expected) => {
    const bytes = Uint8Array.from({ length }, (_, at) => (7 * at) % 251);
    expect(digestOf(bytes)).toBe(expected);
  });
});

describe('a fast digest', () => {
  it('does not depend on how the bytes came', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, (some) => {
        expect(digestOf(...some)).toBe(digestOf(Uint8Array.from(some.flatMap((piece) => [...piece]))));
      }),
    );
  });

  it('tells two of them that are under way apart', () => {
    const [first, second] = [fastDigest(), fastDigest()];
    for (const byte of [1, 2, 3]) {
      first.add(Uint8Array.of(byte));
      second.add(Uint8Array.of(byte, byte));
    }
    expect([first.value(), second.value()]).toEqual([
      digestOf(Uint8Array.of(1, 2, 3)),
      digestOf(Uint8Array.of(1, 1, 2, 2, 3, 3)),
    ]);
    first.release();
    second.release();
  });

  it('tells any change of one bit', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(bytes, fc.nat(), (before, place) => {
        const bit = place % (8 * before.byteLength);
        const after = before.slice();
        after[bit >> 3]! ^= 1 << (bit & 7);
        expect(digestOf(after)).not.toBe(digestOf(before));
      }),
    );
  });
});
