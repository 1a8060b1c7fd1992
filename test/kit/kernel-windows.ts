import fc from 'fast-check';

/** Bits rather than numbers, so that NaN payloads, infinities, zeros of either sign and denormals come up. */
const floatBits = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }),
  fc.float(),
  fc.constantFrom(0, -0, 1e-45, -1e-40, Infinity, -Infinity, NaN, 3.4028234663852886e38),
);

/** Windows of f32: short of any length, all NaN, and longer than a block of the kernels, with a few odd values strewn in. */
export const floatWindows: fc.Arbitrary<Float32Array> = fc.oneof(
  fc.array(floatBits, { maxLength: 70 }).map((values) => Float32Array.from(values)),
  fc.nat(40).map((length) => new Float32Array(length).fill(NaN)),
  fc
    .record({
      length: fc.integer({ min: 4000, max: 9000 }),
      seed: fc.integer(),
      center: fc.constantFrom(0, 1, 1e6, -1e-3),
      odd: fc.array(fc.tuple(fc.nat(9000), floatBits), { maxLength: 5 }),
    })
    .map(({ length, seed, center, odd }) => {
      const values = Float32Array.from({ length }, (_, index) => center + waves(index + seed));
      for (const [at, value] of odd) values[at % length] = value;
      return values;
    }),
);

export const doubleWindows: fc.Arbitrary<Float64Array> = fc.oneof(
  fc.array(fc.double(), { maxLength: 70 }).map((values) => Float64Array.from(values)),
  floatWindows.map((values) => Float64Array.from(values, (value) => value * 1.000000001)),
);

function waves(index: number): number {
  return Math.sin(index * 12.9898) + Math.sin(index * 0.0137);
}

/** The same numbers in a buffer of their own, at any offset that their type allows. */
export function shifted<Numbers extends Float32Array | Float64Array>(values: Numbers, by: number): Numbers {
  const Kind = values.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => Numbers;
  const width = values.BYTES_PER_ELEMENT;
  const copy = new Kind(new ArrayBuffer(values.byteLength + by * width), by * width, values.length);
  copy.set(values);
  return copy;
}
