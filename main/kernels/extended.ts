/** x87 extended precision: 64 bits of mantissa with its leading one, then 15 of exponent and the sign, in the 16 bytes that NumPy gives it. */

/** Bytes of an element, and those of them that are no padding. */
const ELEMENT_BYTES = 16;
export const EXTENDED_BYTES = 10;

interface Extended {
  readonly mantissa: bigint;
  /** As stored; all 15 bits set are an infinity or a NaN. */
  readonly exponent: number;
  readonly sign: 1 | -1;
}

const NOT_FINITE = 0x7fff;
/** Of the exponent, and the bits of the mantissa behind its point. */
const BIAS = 16_383;
const FRACTION_BITS = 63;

function extendedAt(view: DataView, at: number): Extended {
  const top = view.getUint16(at + 8, true);
  return {
    mantissa: view.getBigUint64(at, true),
    exponent: top & 0x7fff,
    sign: top & 0x8000 ? -1 : 1,
  };
}

/** The nearest doubles, rounded a second time where those are denormal; infinite beyond them. */
export function decodeExtended(bytes: Uint8Array): Float64Array {
  return mapped(bytes, ({ mantissa, exponent, sign }) => {
    if (exponent === NOT_FINITE) return fractionOf(mantissa) === 0n ? sign * Infinity : NaN;
    // Number() rounds the 64 bits to nearest
    return sign * scaled(Number(mantissa), exponent);
  });
}

/** What `decodeExtended` rounds away; 0 of numbers that doubles do not reach, and of what is no number. */
export function extendedRests(bytes: Uint8Array): Float64Array {
  return mapped(bytes, ({ mantissa, exponent, sign }) => {
    const rounded = Number(mantissa);
    const isReached = exponent !== NOT_FINITE && Number.isFinite(scaled(rounded, exponent));
    return isReached ? sign * scaled(Number(mantissa - BigInt(rounded)), exponent) : 0;
  });
}

/** Steps from zero on the number line to the number at a byte; undefined where it is not finite. */
export function extendedPlace(view: DataView, at: number): bigint | undefined {
  const { mantissa, exponent, sign } = extendedAt(view, at);
  if (exponent === NOT_FINITE) return undefined;
  return BigInt(sign) * ((BigInt(exponent) << BigInt(FRACTION_BITS)) | fractionOf(mantissa));
}

function mapped(bytes: Uint8Array, valueOf: (element: Extended) => number): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(bytes.byteLength / ELEMENT_BYTES);
  for (let i = 0; i < values.length; i++) values[i] = valueOf(extendedAt(view, i * ELEMENT_BYTES));
  return values;
}

/** The mantissa without its leading one. */
function fractionOf(mantissa: bigint): bigint {
  return BigInt.asUintN(FRACTION_BITS, mantissa);
}

function scaled(significand: number, exponent: number): number {
  // the power is split so that it does not overflow on its way
  const power = exponent - BIAS - FRACTION_BITS;
  const half = Math.trunc(power / 2);
  return significand * 2 ** half * 2 ** (power - half);
}
