import * as fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';

import { decodeWire, encodeWire } from '#shared/wire.ts';

const roundTrip = (message: unknown) => decodeWire(encodeWire(message));

const typedArray = fc.oneof(
  ...[
    fc.int8Array(),
    fc.uint8Array(),
    fc.uint8ClampedArray(),
    fc.int16Array(),
    fc.uint16Array(),
    fc.int32Array(),
  ],
  ...[fc.uint32Array(), fc.float32Array(), fc.float64Array(), fc.bigInt64Array(), fc.bigUint64Array()],
);
const leaf = fc.oneof(
  fc.constantFrom(null, undefined, true, false, NaN, Infinity, -Infinity, -0, 0, '', '$', '__proto__'),
  ...[fc.double(), fc.integer(), fc.bigInt(), fc.string({ unit: 'binary' }), typedArray],
);
const key = fc.oneof(fc.string(), fc.constantFrom('$', '__proto__', 'constructor', 'toString', ''));
const message = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

describe('a message as bytes', () => {
  test('comes out as it went in', () => {
    fc.assert(
      fc.property(message, (value) => isDeepStrictEqual(roundTrip(value), value)),
      {
        numRuns: 1000,
      },
    );
  });

  test('comes out the same from a view that starts anywhere', () => {
    fc.assert(
      fc.property(message, fc.nat(9), (value, offset) => {
        const bytes = encodeWire(value);
        const shifted = new Uint8Array(bytes.byteLength + offset + 3).fill(0xff);
        shifted.set(bytes, offset);
        const view = shifted.subarray(offset, offset + bytes.byteLength);
        return isDeepStrictEqual(decodeWire(view), value);
      }),
    );
  });

  test('comes out of a Node buffer with nothing of the memory around it', () => {
    const pool = Buffer.alloc(8192, 0xff);
    const bytes = encodeWire(new Uint8Array([1, 2, 3]));
    pool.set(bytes, 100);
    const array = decodeWire(pool.subarray(100, 100 + bytes.byteLength)) as Uint8Array;
    expect([array.byteLength, array.buffer.byteLength, ...array]).toEqual([3, 3, 1, 2, 3]);
  });

  test('keeps the bits of a NaN', () => {
    const bits = new Uint32Array([0x7fa00001, 0xffc12345, 0x80000000]);
    const array = roundTrip(new Float32Array(bits.buffer)) as Float32Array;
    expect(new Uint32Array(array.buffer)).toEqual(bits);
  });

  test('holds only the window of a view, not the buffer behind it', () => {
    const view = new Uint8Array(100_000).subarray(10, 14);
    expect(encodeWire(view).byteLength).toBeLessThan(200);
  });

  test('leaves prototypes alone', () => {
    const value = roundTrip(JSON.parse('{"__proto__": {"isPolluted": true}}')) as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['isPolluted']).toBeUndefined();
  });

  test('refuses what cannot be sent', () => {
    expect(() => encodeWire({ call: () => 1 })).toThrow(TypeError);
    expect(() => encodeWire([Symbol('a')])).toThrow(TypeError);
  });
});

describe('bytes that are no message', () => {
  test('end in an error, never in a wrong value or a large allocation', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeWire(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });

  test.each([
    ['an array outside the message', '{"$":["array","Float64Array",0,1000000000]}'],
    ['an array before its start', '{"$":["array","Uint8Array",-8,8]}'],
    ['a fraction of an array', '{"$":["array","Uint8Array",0.5,1]}'],
    ['an array of an unknown kind', '{"$":["array","constructor",0,0]}'],
    ['something unknown', '{"$":["function","alert(1)"]}'],
  ])('%s is refused', (_what, json) => {
    const text = new TextEncoder().encode(json);
    const bytes = new Uint8Array(4 + text.byteLength);
    new DataView(bytes.buffer).setUint32(0, text.byteLength, true);
    bytes.set(text, 4);
    expect(() => decodeWire(bytes)).toThrow();
  });
});
