/** Dense elements in C order. The trainer's own are f32; f64 serves models that are stored so, and the checks of formulas. */
export type Values = Float32Array | Float64Array;

export type Precision = 'f32' | 'f64';

/** Zeros. */
export function allocate(precision: Precision, elementCount: number): Values {
  return precision === 'f32' ? new Float32Array(elementCount) : new Float64Array(elementCount);
}

export function precisionOf(values: Values): Precision {
  return values instanceof Float32Array ? 'f32' : 'f64';
}

/** The values rounded to a precision; the same memory where they have it already. */
export function inPrecision(values: Values, precision: Precision): Values {
  if (precisionOf(values) === precision) return values;
  return precision === 'f32' ? Float32Array.from(values) : Float64Array.from(values);
}

/** The bytes of the values, shared with them: canonical, since every machine we run on is little-endian. */
export function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
