import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { unpackZstdParts } from '#main/encodings/zstd/zstd-parts.ts';
import { unpackZstd } from '#main/encodings/zstd/zstd.ts';

/** A step of a block in codes of RFC 8878, section 3.1.1.3.2.1: the bits that each of the three adds to its number. */
interface Step {
  readonly literal: number;
  readonly offset: number;
  readonly match: number;
}

/** Blocks all of whose steps have the same codes: their tables are of one symbol, and their bitstream is the added bits alone. */
interface Block {
  readonly codes: Step;
  readonly steps: readonly Step[];
  readonly spare: number;
}

/** First numbers and widths of codes, as the RFC lists them: a few of each width. */
const LITERALS: readonly [code: number, base: number, bits: number][] = [
  ...[0, 1, 2, 3, 7, 8, 15].map((code): [number, number, number] => [code, code, 0]),
  ...([
    [16, 16, 1],
    [20, 24, 2],
    [22, 32, 3],
    [24, 48, 4],
    [25, 64, 6],
    [26, 128, 7],
  ] as [number, number, number][]),
];
const MATCHES: readonly [code: number, base: number, bits: number][] = [
  ...[0, 1, 2, 4, 5, 6, 12, 13, 14, 28, 31].map((code): [number, number, number] => [code, code + 3, 0]),
  ...([
    [32, 35, 1],
    [36, 43, 2],
    [38, 51, 3],
    [40, 67, 4],
    [43, 131, 7],
  ] as [number, number, number][]),
];

const WINDOW_BYTES = 1024;
const MOST = WINDOW_BYTES;

/** Blocks as they are asked for, less the steps that would be damage: what they are in a file, and what they stand for. */
function frameOf(blocks: readonly Block[]): { readonly packed: Uint8Array; readonly expected: number[] } {
  const expected: number[] = [];
  const packed = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00];
  const latest = [1, 4, 8];
  let byte = 0;
  const nextLiteral = (): number => (byte = (byte * 5 + 113) % 251);
  for (const [index, { codes, steps, spare }] of blocks.entries()) {
    const [literalCode, literalBase, literalBits] = LITERALS[codes.literal % LITERALS.length]!;
    const [matchCode, matchBase, matchBits] = MATCHES[codes.match % MATCHES.length]!;
    const offsetCode = codes.offset % 10;
    const literals: number[] = [];
    let bits = '1';
    let count = 0;
    let room = MOST - spare;
    for (const step of steps) {
      const added = (number: number, width: number): number => number % 2 ** width;
      const length = literalBase + added(step.literal, literalBits);
      const match = matchBase + added(step.match, matchBits);
      const value = 2 ** offsetCode + added(step.offset, offsetCode);
      const back = offsetOf(latest, value, length);
      if (back === 0 || back > Math.min(WINDOW_BYTES, expected.length + length) || length + match > room)
        break;
      room -= length + match;
      if (value > 3) latest.splice(0, 3, back, latest[0]!, latest[1]!);
      else latest.splice(0, 3, ...promoted(latest, value - 1 + (length === 0 ? 1 : 0), back));
      for (let at = 0; at < length; at++) {
        literals.push(nextLiteral());
        expected.push(literals.at(-1));
      }
      for (let at = 0; at < match; at++) expected.push(expected[expected.length - back]!);
      bits +=
        binary(value, offsetCode) +
        binary(match - matchBase, matchBits) +
        binary(length - literalBase, literalBits);
      count++;
    }
    for (let at = 0; at < spare; at++) {
      literals.push(nextLiteral());
      expected.push(literals.at(-1));
    }
    // raw literals, with a length of twelve bits; tables of one symbol each
    const content = [((literals.length << 4) & 0xff) | 0x04, literals.length >> 4, ...literals, count];
    if (count > 0) content.push(0x54, literalCode, offsetCode, matchCode, ...backwards(bits));
    const header = (index === blocks.length - 1 ? 1 : 0) | (2 << 1) | (content.length << 3);
    packed.push(header & 0xff, (header >> 8) & 0xff, header >> 16, ...content);
  }
  return { packed: Uint8Array.from(packed), expected };
}

/** RFC 8878, section 3.1.1.5: the offset that a value means. */
function offsetOf(latest: readonly number[], value: number, literals: number): number {
  if (value > 3) return value - 3;
  if (literals > 0) return latest[value - 1]!;
  return value === 3 ? latest[0]! - 1 : latest[value]!;
}

function promoted([first, second, third]: readonly number[], index: number, back: number): number[] {
  if (index === 0) return [first!, second!, third!];
  return index === 1 ? [back, first!, third!] : [back, first!, second!];
}

function binary(value: number, width: number): string {
  return width === 0 ? '' : (value % 2 ** width).toString(2).padStart(width, '0');
}

/** Bits in the order of reading, from the end mark on, as the bytes that hold them. */
function backwards(bits: string): number[] {
  const whole = bits.padStart(8 * Math.ceil(bits.length / 8), '0');
  return Array.from({ length: whole.length / 8 }, (_, at) =>
    parseInt(whole.slice(8 * at, 8 * at + 8), 2),
  ).reverse();
}

const step = fc.record({ literal: fc.nat(1000), offset: fc.nat(1023), match: fc.nat(1000) });
const blocks = fc.array(
  fc.record({ codes: step, steps: fc.array(step, { maxLength: 40 }), spare: fc.nat(60) }),
  { minLength: 1, maxLength: 40 },
);

describe('steps of blocks, written by hand at random', () => {
  it('give what the RFC says, whole and part by part in a window of a kibibyte', async () => {
    let unpacked = 0;
    await fc.assert(
      fc.asyncProperty(blocks, async (asked) => {
        const { packed, expected } = frameOf(asked);
        unpacked += expected.length;
        const place = { file: 'x', offset: 0 };
        expect(Buffer.from(unpackZstd(packed, expected.length, place))).toEqual(Buffer.from(expected));
        const parts: Uint8Array[] = [];
        for await (const part of unpackZstdParts(memorySource(packed), 0, packed.byteLength))
          parts.push(part);
        expect(Buffer.concat(parts)).toEqual(Buffer.from(expected));
      }),
      { numRuns: 100, seed: 5 },
    );
    expect(unpacked).toBeGreaterThan(100_000);
  });
});
