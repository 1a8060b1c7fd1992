import { describe, expect, it } from 'vitest';

import { readIdx } from '#main/services/runs/data/idx.ts';
import { isAppError } from '#shared/errors.ts';

/** Header by hand: two zeros, type, rank, sizes, all big-endian. */
function idx(type: number, sizes: readonly number[], content: readonly number[]): Uint8Array {
  const header = [0, 0, type, sizes.length, ...sizes.flatMap((size) => [0, 0, size >> 8, size & 255])];
  // a view that starts in the middle of its buffer
  const bytes = new Uint8Array([9, 9, 9, ...header, ...content]);
  return bytes.subarray(3);
}

describe('an IDX file', () => {
  check('of bytes', idx(0x08, [2, 3], [1, 2, 3, 253, 254, 255]), [2, 3], [1, 2, 3, 253, 254, 255]);
  check('of signed bytes', idx(0x09, [2], [255, 127]), [2], [-1, 127]);
  check('of 16-bit integers', idx(0x0b, [2], [0xff, 0xfe, 0x01, 0x00]), [2], [-2, 256]);
  check('of 32-bit integers', idx(0x0c, [1], [0x80, 0, 0, 0]), [1], [-2147483648]);
  check('of floats', idx(0x0d, [1], [0x3f, 0xc0, 0, 0]), [1], [1.5]);
  check('of doubles', idx(0x0e, [1], [0xc0, 4, 0, 0, 0, 0, 0, 0]), [1], [-2.5]);
  check('of no examples', idx(0x08, [0, 28], []), [0, 28], []);

  function check(what: string, bytes: Uint8Array, shape: number[], elements: number[]): void {
    it(`${what} reads`, () => {
      const array = readIdx(bytes, 'x.idx');
      expect({ shape: array.shape, elements: Array.from(array.elements) }).toEqual({ shape, elements });
    });
  }

  refuse('that is empty', new Uint8Array(0), 'unknown-format');
  refuse('of another kind', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0]), 'unknown-format');
  refuse('of an element type there is not', idx(0x0a, [1], [1]), 'unknown-format');
  refuse('that ends in its sizes', idx(0x08, [2, 3], []).subarray(0, 7), 'corrupt');
  refuse('that is short of one byte', idx(0x08, [2, 3], [1, 2, 3, 4, 5]), 'corrupt');
  refuse('that has one byte too many', idx(0x08, [1], [1, 2]), 'corrupt');
  refuse('of 255 dimensions', new Uint8Array([0, 0, 8, 255, ...new Array<number>(1020).fill(1)]), 'limit');
  refuse(
    'of more elements than can be',
    new Uint8Array([0, 0, 8, 3, ...new Array<number>(12).fill(255)]),
    'corrupt',
  );

  function refuse(what: string, bytes: Uint8Array, code: string): void {
    it(`${what} is refused as ${code}`, () => {
      try {
        readIdx(bytes, 'x.idx');
        expect.unreachable();
      } catch (error) {
        expect(isAppError(error) && error.code).toBe(code);
        expect(isAppError(error) && error.fields.file).toBe('x.idx');
      }
    });
  }
});
