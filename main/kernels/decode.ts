/** Canonical bytes (little-endian, C order, whole bytes per element) to numbers. */
import { decodeExtended, extendedRests } from '#main/kernels/extended.ts';
import { codeTable } from '#main/kernels/half.ts';
import { dtypeInfo, elementByteLength } from '#shared/dtype.ts';

/** The smallest normal magnitude of a float dtype; a smaller one that is not zero is a denormal. 0 for the rest. */
export function smallestNormal(dtype: string): number {
  switch (dtype) {
    case 'f64':
    case 'f80':
    case 'c128':
      return 2 ** -1022;
    case 'f32':
    case 'bf16':
    case 'c64':
      return 2 ** -126;
    case 'f16':
    case 'c32':
    case 'f8_e5m2':
      return 2 ** -14;
    case 'f8_e4m3':
      return 2 ** -6;
    case 'f8_e4m3fnuz':
      return 2 ** -7;
    case 'f8_e5m2fnuz':
      return 2 ** -15;
    case 'f6_e3m2':
      return 2 ** -2;
    case 'f6_e2m3':
    case 'f4_e2m1':
      return 1;
    default:
      return 0;
  }
}

/** The dtype of the two parts of a complex number. */
export function partDtype(dtype: string): string {
  return dtype === 'c128' ? 'f64' : dtype === 'c64' ? 'f32' : 'f16';
}

/**
 * Numbers of a window as doubles, which is exact for every dtype but i64, u64 (rounded to nearest) and f80.
 * Complex dtypes give their parts, two a value.
 * @param bytes whole elements; a view at any offset.
 * @returns a view of `bytes` for aligned f32 and f64 (do not write to it), else an array of its own: f32 for floats of up to 16 bits.
 */
export function decode(dtype: string, bytes: Uint8Array): Float64Array | Float32Array {
  const info = dtypeInfo(dtype);
  if (info.kind === 'complex') return decode(partDtype(dtype), bytes);
  const count = bytes.byteLength / elementByteLength(dtype);
  switch (dtype) {
    case 'f32':
      return bytes.byteOffset % 4 === 0
        ? new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, count)
        : new Float32Array(copied(bytes));
    case 'f64':
      return bytes.byteOffset % 8 === 0
        ? new Float64Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, count)
        : new Float64Array(copied(bytes));
    case 'f80':
      return decodeExtended(bytes);
    case 'bf16':
      return decodeBf16(bytes, count);
    case 'i64':
      return Float64Array.from(new BigInt64Array(copied(bytes)), Number);
    case 'u64':
      return Float64Array.from(new BigUint64Array(copied(bytes)), Number);
    case 'i32':
      return Float64Array.from(new Int32Array(copied(bytes)));
    case 'u32':
      return Float64Array.from(new Uint32Array(copied(bytes)));
    case 'i16':
      return Float64Array.from(new Int16Array(copied(bytes)));
    case 'u16':
      return Float64Array.from(new Uint16Array(copied(bytes)));
    case 'i8':
    case 'i4':
    case 'i2':
      return Float64Array.from(new Int8Array(copied(bytes)));
    case 'u8':
    case 'u4':
    case 'u2':
      return Float64Array.from(bytes);
    case 'bool':
      return Float64Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
    default:
      return decodeByTable(dtype, bytes, count);
  }
}

/** The whole numbers of an i64 or u64 window, exact. */
export function decodeIntegers(dtype: string, bytes: Uint8Array): BigInt64Array | BigUint64Array {
  return dtype === 'u64' ? new BigUint64Array(copied(bytes)) : new BigInt64Array(copied(bytes));
}

/**
 * What `decode` rounds away of each number, so that both together are the number itself wherever doubles reach.
 * @returns undefined for dtypes of which it rounds nothing.
 */
export function decodeRests(dtype: string, bytes: Uint8Array): Float64Array | undefined {
  if (dtype === 'i64' || dtype === 'u64') {
    return Float64Array.from(decodeIntegers(dtype, bytes), (whole: bigint) =>
      Number(whole - BigInt(Number(whole))),
    );
  }
  return dtype === 'f80' ? extendedRests(bytes) : undefined;
}

function copied(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function decodeBf16(bytes: Uint8Array, count: number): Float32Array {
  const codes = new Uint16Array(copied(bytes));
  const bits = new Uint32Array(count);
  for (let i = 0; i < count; i++) bits[i] = codes[i]! << 16;
  return new Float32Array(bits.buffer);
}

function decodeByTable(dtype: string, bytes: Uint8Array, count: number): Float32Array {
  const table = codeTable(dtype);
  if (!table) throw new Error(`${dtype} has no numbers`);
  const codes = elementByteLength(dtype) === 2 ? new Uint16Array(copied(bytes)) : bytes;
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = table[codes[i]!]!;
  return numbers;
}
