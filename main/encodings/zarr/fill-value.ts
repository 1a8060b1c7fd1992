// Fill values: https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html and .../v3/data-types (JSON encodings of one element).
import type { ElementType } from '#main/encodings/zarr/description.ts';
import { dtypeInfo } from '#shared/dtype.ts';

/** Floats by dtype: bits of the exponent and of the fraction. */
const FLOATS: ReadonlyMap<string, readonly [exponent: number, fraction: number]> = new Map([
  ['f64', [11, 52]],
  ['f32', [8, 23]],
  ['f16', [5, 10]],
  ['bf16', [8, 7]],
]);

const NAMED: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/**
 * One element as the chunks hold it.
 * @param integer the value where it is one, exactly.
 * @returns `zeros` for zeros and for no value at all, `unknown` for what the dtype cannot have or we cannot spell.
 */
export function encodeFill(
  value: unknown,
  integer: bigint | undefined,
  type: ElementType,
): Uint8Array | 'zeros' | 'unknown' {
  if (value === null || value === undefined || value === 0 || value === false)
    return Object.is(value, -0) ? orZeros(partsOf(value, undefined, type), type) : 'zeros';
  return orZeros(partsOf(value, integer, type), type);
}

function orZeros(
  bytes: Uint8Array | undefined,
  { byteOrder, dtype }: ElementType,
): Uint8Array | 'zeros' | 'unknown' {
  if (!bytes) return 'unknown';
  if (bytes.every((byte) => byte === 0)) return 'zeros';
  if (byteOrder === 'little') return bytes;
  const parts = dtypeInfo(dtype).kind === 'complex' ? 2 : 1;
  const width = bytes.byteLength / parts;
  for (let part = 0; part < parts; part++) bytes.subarray(part * width, (part + 1) * width).reverse();
  return bytes;
}

/** Little-endian. */
function partsOf(
  value: unknown,
  integer: bigint | undefined,
  { dtype, itemBytes }: ElementType,
): Uint8Array | undefined {
  const { kind, bits } = dtypeInfo(dtype);
  if (kind === 'complex') {
    const parts: readonly unknown[] = Array.isArray(value) ? value : [value, 0];
    const halves = parts.map((part) => floatBytes(part, bits === 64 ? 'f32' : 'f64'));
    if (halves.length !== 2 || halves.includes(undefined)) return undefined;
    return Uint8Array.from(halves.flatMap((half) => [...half!]));
  }
  if (kind === 'float') return floatBytes(value, dtype) ?? hexBytes(value, itemBytes);
  if (kind === 'bool') return value === true || value === 1 ? Uint8Array.of(1) : undefined;
  if (kind === 'void') return base64Bytes(value, itemBytes) ?? byteList(value, itemBytes);
  if (integer !== undefined) return integerBytes(integer, itemBytes);
  if (kind === 'time' && value === 'NaT') return integerBytes(-(2n ** 63n), itemBytes);
  return undefined;
}

function integerBytes(value: bigint, itemBytes: number): Uint8Array {
  const bits = BigInt.asUintN(8 * itemBytes, value);
  return Uint8Array.from({ length: itemBytes }, (_, at) => Number((bits >> BigInt(8 * at)) & 0xffn));
}

function floatBytes(value: unknown, dtype: string): Uint8Array | undefined {
  const form = FLOATS.get(dtype);
  const number = typeof value === 'number' ? value : typeof value === 'string' ? NAMED.get(value) : undefined;
  if (!form) return undefined;
  const [exponent, fraction] = form;
  const itemBytes = (1 + exponent + fraction) / 8;
  if (number === undefined) return hexBytes(value, itemBytes);
  const out = new DataView(new ArrayBuffer(8));
  if (dtype === 'f64') out.setFloat64(0, number, true);
  else if (dtype === 'f32') out.setFloat32(0, number, true);
  else out.setUint16(0, halfBits(number, exponent, fraction), true);
  return new Uint8Array(out.buffer, 0, itemBytes);
}

/** The 16 bits of a number with so many of exponent and fraction, rounded to even. */
function halfBits(value: number, exponentBits: number, fractionBits: number): number {
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const infinity = (2 ** exponentBits - 1) * 2 ** fractionBits;
  if (Number.isNaN(value)) return infinity + 2 ** (fractionBits - 1);
  const size = Math.abs(value);
  if (size === Infinity) return sign + infinity;
  const exponent = size === 0 ? 1 - bias : Math.max(1 - bias, Math.floor(Math.log2(size)));
  const scaled = size / 2 ** (exponent - fractionBits);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  // a fraction that has its leading bit counts the exponent up by one
  return sign + Math.min(infinity, (exponent + bias - 1) * 2 ** fractionBits + rounded);
}

/** Bits spelled out, as version 3 has them for NaNs and for narrow floats: the highest digit first. */
function hexBytes(value: unknown, itemBytes: number): Uint8Array | undefined {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]+$/.test(value) || value.length !== 2 + 2 * itemBytes)
    return undefined;
  return Uint8Array.from(Buffer.from(value.slice(2), 'hex')).reverse();
}

function base64Bytes(value: unknown, itemBytes: number): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  const bytes = Uint8Array.from(Buffer.from(value, 'base64'));
  return bytes.byteLength === itemBytes ? bytes : undefined;
}

function byteList(value: unknown, itemBytes: number): Uint8Array | undefined {
  if (!Array.isArray(value) || value.length !== itemBytes) return undefined;
  return Uint8Array.from(value as number[]);
}
