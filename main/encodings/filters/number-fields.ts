// Numbers whose bits lie unusually in their bytes: the fields of an HDF5 fixed-point or floating-point datatype.

/** Where the bits of a number are, counted from its lowest bit, and what it becomes. */
export type NumberField = IntegerField | FloatField;

export interface IntegerField {
  readonly kind: 'integer';
  /** Bytes of an element as stored, at most 8. */
  readonly size: number;
  readonly isBigEndian: boolean;
  readonly bitOffset: number;
  /** Bits that count. */
  readonly precision: number;
  readonly isSigned: boolean;
  /** Bytes of the little-endian integer that comes out. */
  readonly outBytes: number;
}

export interface FloatField {
  readonly kind: 'float';
  /** Bytes of an element as stored, at most 8. */
  readonly size: number;
  readonly isBigEndian: boolean;
  readonly signAt: number;
  readonly exponentAt: number;
  readonly exponentBits: number;
  readonly exponentBias: number;
  readonly mantissaAt: number;
  readonly mantissaBits: number;
  /** Whether a leading 1 is to be thought before the mantissa. */
  readonly hasImpliedOne: boolean;
  /** The little-endian IEEE number that comes out; it must be able to hold every number of these fields. */
  readonly outBytes: 2 | 4 | 8;
}

/** Bits of an IEEE number's mantissa, and its exponent's bias, by bytes. */
const IEEE = {
  2: { mantissaBits: 10, bias: 15 },
  4: { mantissaBits: 23, bias: 127 },
  8: { mantissaBits: 52, bias: 1023 },
} as const;

/** The smallest IEEE number that holds every number with such fields exactly, in bytes; undefined where none does. */
export function ieeeBytesFor(
  exponentBits: number,
  exponentBias: number,
  mantissaBits: number,
): 2 | 4 | 8 | undefined {
  if (exponentBits < 1 || exponentBits > 11) return undefined;
  return ([2, 4, 8] as const).find((bytes) => {
    const { mantissaBits: most, bias } = IEEE[bytes];
    return (
      mantissaBits <= most && 2 ** exponentBits - 2 - exponentBias <= bias && 1 - exponentBias >= 1 - bias
    );
  });
}

/** Numbers of `outBytes` bytes each, little-endian. */
export function numbersOfFields(bytes: Uint8Array, field: NumberField): Uint8Array {
  const count = Math.floor(bytes.byteLength / field.size);
  const { outBytes } = field;
  const out = new Uint8Array(count * outBytes);
  for (let i = 0; i < count; i++) {
    const bits = bitsAt(bytes, i * field.size, field.size, field.isBigEndian);
    let value = field.kind === 'integer' ? integerOf(bits, field) : ieeeBitsOf(bits, field);
    for (let byte = 0; byte < outBytes; byte++, value >>= 8n)
      out[i * outBytes + byte] = Number(value & 0xffn);
  }
  return out;
}

function bitsAt(bytes: Uint8Array, at: number, size: number, isBigEndian: boolean): bigint {
  let bits = 0n;
  for (let byte = 0; byte < size; byte++) {
    bits = (bits << 8n) | BigInt(bytes[at + (isBigEndian ? byte : size - 1 - byte)]!);
  }
  return bits;
}

function integerOf(bits: bigint, { bitOffset, precision, isSigned }: IntegerField): bigint {
  const value = BigInt.asUintN(precision, bits >> BigInt(bitOffset));
  return BigInt.asUintN(64, isSigned ? BigInt.asIntN(precision, value) : value);
}

/** The bits of the IEEE number of `outBytes` bytes that has the same value. */
function ieeeBitsOf(bits: bigint, field: FloatField): bigint {
  const { exponentBits, exponentBias, mantissaBits, hasImpliedOne } = field;
  const { mantissaBits: outMantissa, bias: outBias } = IEEE[field.outBytes];
  const sign = ((bits >> BigInt(field.signAt)) & 1n) << BigInt(field.outBytes * 8 - 1);
  const exponent = Number(BigInt.asUintN(exponentBits, bits >> BigInt(field.exponentAt)));
  const mantissa = BigInt.asUintN(mantissaBits, bits >> BigInt(field.mantissaAt));
  if (exponent === 2 ** exponentBits - 1) {
    const special = BigInt(2 * outBias + 1) << BigInt(outMantissa);
    return sign | special | (mantissa << BigInt(outMantissa - mantissaBits));
  }
  const isNormal = hasImpliedOne && exponent > 0;
  // the value is significand × 2^power
  const significand = isNormal ? mantissa | (1n << BigInt(mantissaBits)) : mantissa;
  if (significand === 0n) return sign;
  // an explicit 1 is a bit of the mantissa, so it has one place less behind the point
  const places = hasImpliedOne ? mantissaBits : mantissaBits - 1;
  const power = Math.max(1, exponent) - exponentBias - places;
  const highest = significand.toString(2).length - 1;
  const outExponent = power + highest + outBias;
  if (outExponent <= 0) return sign | (significand << BigInt(power + outBias - 1 + outMantissa));
  const fraction = (significand - (1n << BigInt(highest))) << BigInt(outMantissa - highest);
  return sign | (BigInt(outExponent) << BigInt(outMantissa)) | fraction;
}
