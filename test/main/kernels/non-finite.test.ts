import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countNonFinite, hasNonFinite } from '#main/kernels/non-finite.ts';
import { nonFiniteTask } from '#main/services/tasks/non-finite.ts';
import { hasOracles } from '#test/kit/shared-files.ts';
import { readStatisticsOracle } from '#test/kit/statistics-oracle.ts';
import { dtypeInfo, elementByteLength } from '#shared/dtype.ts';

const f32 = (...bits: number[]) => new Uint8Array(Uint32Array.from(bits).buffer);
const halves = (...bits: number[]) => new Uint8Array(Uint16Array.from(bits).buffer);

describe('NaNs and infinities are told from bits', () => {
  const rows: [dtype: string, bytes: Uint8Array, expected: object][] = [
    // every kind of NaN, both infinities, the greatest finite numbers and denormals, by IEEE 754
    [
      'f32',
      f32(0x7f7fffff, 0xff7fffff, 1, 0x7f800001, 0xffc00000, 0x7f800000, 0xff800000, 0x80000000),
      { nan: 2, positiveInfinity: 1, negativeInfinity: 1, first: 3 },
    ],
    [
      'f16',
      halves(0x7bff, 0xfc00, 0x7c00, 0x7c01, 0xfe00),
      { nan: 2, positiveInfinity: 1, negativeInfinity: 1, first: 1 },
    ],
    [
      'bf16',
      halves(0x7f7f, 0x7f80, 0xff80, 0xff81),
      { nan: 1, positiveInfinity: 1, negativeInfinity: 1, first: 1 },
    ],
    [
      'f64',
      new Uint8Array(Float64Array.of(1, -Infinity, NaN).buffer),
      { nan: 1, positiveInfinity: 0, negativeInfinity: 1, first: 1 },
    ],
    // e4m3fn has NaN alone, and only with all bits set
    [
      'f8_e4m3',
      Uint8Array.of(0x7e, 0x7f, 0xff),
      { nan: 2, positiveInfinity: 0, negativeInfinity: 0, first: 1 },
    ],
    [
      'c64',
      new Uint8Array(Float32Array.of(1, 2, NaN, Infinity, -Infinity, 0, 0, Infinity).buffer),
      { nan: 1, positiveInfinity: 1, negativeInfinity: 1, first: 1 },
    ],
  ];
  it.each(rows)('%s', (dtype, bytes, expected) => {
    expect(countNonFinite(dtype, bytes)).toEqual(expected);
  });

  it('an empty window and one of finite values hold none', () => {
    const none = { nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
    expect(countNonFinite('f32', new Uint8Array(0))).toEqual(none);
    expect(countNonFinite('f16', halves(0x7bff, 0, 0x8000))).toEqual(none);
  });

  it('only dtypes that have a code for them are looked through', () => {
    const wanted = ['f64', 'f32', 'f16', 'bf16', 'f8_e4m3', 'f8_e5m2', 'f8_e8m0', 'f80', 'c64', 'c128'];
    expect(wanted.filter((dtype) => !hasNonFinite(dtype))).toEqual([]);
    expect(['i64', 'u8', 'bool', 'f4_e2m1', 'f6_e2m3', 'str'].filter(hasNonFinite)).toEqual([]);
  });
});

type Kind = 'finite' | 'nan' | 'positiveInfinity' | 'negativeInfinity';

const kindOf = (value: number): Kind =>
  Number.isNaN(value)
    ? 'nan'
    : value === Infinity
      ? 'positiveInfinity'
      : value === -Infinity
        ? 'negativeInfinity'
        : 'finite';

/** Sign, exponent and mantissa as IEEE 754 has them. */
const ieee = (exponentBits: number, mantissaBits: number) => (view: DataView, at: number) => {
  const code = exponentBits + mantissaBits > 7 ? view.getUint16(at, true) : view.getUint8(at);
  const [mantissa, exponent] = [code % 2 ** mantissaBits, Math.floor(code / 2 ** mantissaBits)];
  if (exponent % 2 ** exponentBits !== 2 ** exponentBits - 1) return 'finite';
  if (mantissa > 0) return 'nan';
  return exponent < 2 ** exponentBits ? 'positiveInfinity' : 'negativeInfinity';
};

const nanCodes =
  (...codes: number[]) =>
  (view: DataView, at: number): Kind =>
    codes.includes(view.getUint8(at)) ? 'nan' : 'finite';

/** By the definitions of the formats: IEEE 754 and the OCP and Graphcore papers on eight bits. */
const PLAIN: Record<string, (view: DataView, at: number) => Kind> = {
  f64: (view, at) => kindOf(view.getFloat64(at, true)),
  f32: (view, at) => kindOf(view.getFloat32(at, true)),
  f16: ieee(5, 10),
  bf16: ieee(8, 7),
  f8_e5m2: ieee(5, 2),
  f8_e4m3: nanCodes(0x7f, 0xff),
  f8_e4m3fnuz: nanCodes(0x80),
  f8_e5m2fnuz: nanCodes(0x80),
  f8_e8m0: nanCodes(0xff),
};

/** Windows of any length, most of them of ordinary values, with any bytes strewn in. */
const windows = (width: number) =>
  fc
    .record({
      count: fc.oneof(fc.nat(40), fc.integer({ min: 100, max: 700 })),
      strewn: fc.array(fc.tuple(fc.nat(10_000), fc.uint8Array({ minLength: width, maxLength: width })), {
        maxLength: 6,
      }),
      topmost: fc.array(fc.tuple(fc.nat(10_000), fc.constantFrom(0x7f, 0xff, 0x7c, 0x80)), { maxLength: 3 }),
    })
    .map(({ count, strewn, topmost }) => {
      const bytes = new Uint8Array(count * width).fill(0x31);
      if (count === 0) return bytes;
      for (const [at, code] of strewn) bytes.set(code, (at % count) * width);
      // the exponent's upper bits lie in the last byte of a value
      for (const [at, byte] of topmost) bytes[((at % count) + 1) * width - 1] = byte;
      return bytes;
    });

describe('counts and place equal those of a plain loop for any bytes', () => {
  it.each(Object.entries(PLAIN))('%s', (dtype, plain) => {
    const width = elementByteLength(dtype);
    fc.assert(
      fc.property(windows(width), (bytes) => {
        const view = new DataView(bytes.buffer);
        const kinds = Array.from({ length: bytes.length / width }, (_, index) => plain(view, index * width));
        const count = (kind: Kind) => kinds.filter((other) => other === kind).length;
        const first = kinds.findIndex((kind) => kind !== 'finite');
        expect(countNonFinite(dtype, bytes)).toEqual({
          nan: count('nan'),
          positiveInfinity: count('positiveInfinity'),
          negativeInfinity: count('negativeInfinity'),
          ...(first < 0 ? {} : { first }),
        });
      }),
      { numRuns: 150 },
    );
  });

  it('a complex element far into a window counts once', () => {
    const parts = new Float64Array(4000).fill(1);
    parts[3001] = -Infinity;
    parts[3002] = NaN;
    parts[3003] = Infinity;
    const expected = { nan: 1, positiveInfinity: 0, negativeInfinity: 1, first: 1500 };
    expect(countNonFinite('c128', new Uint8Array(parts.buffer))).toEqual(expected);
    expect(countNonFinite('c64', new Uint8Array(Float32Array.from(parts).buffer))).toEqual(expected);
  });
});

describe.skipIf(!hasOracles)('counts over whole tensors equal those of NumPy', () => {
  const oracle = hasOracles ? readStatisticsOracle() : undefined;
  const floats = Object.entries(oracle?.arrays ?? {}).filter(
    ([name]) => dtypeInfo(oracle!.bytesOf(name).dtype).kind === 'float',
  );
  it.each(floats)('%s', async (name, { count, nan, posinf, neginf }) => {
    const { dtype, bytes } = oracle!.bytesOf(name);
    const tensor = { name, dtype, shape: [count], storage: { kind: 'inline', bytes } } as const;
    const { first, ...counts } = await nonFiniteTask({ plan: { tensor } }, {});
    expect(counts).toEqual({ nan, positiveInfinity: posinf, negativeInfinity: neginf });
    expect(first === undefined).toBe(nan + posinf + neginf === 0);
    if (first === undefined) return;
    const size = elementByteLength(dtype);
    const upTo = countNonFinite(dtype, bytes.slice(0, first * size));
    expect(upTo.first, 'nothing before the first').toBeUndefined();
    expect(countNonFinite(dtype, bytes.slice(first * size, (first + 1) * size)).first).toBe(0);
  });
});
