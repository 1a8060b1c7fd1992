// The scale-offset filter (6): HDF5 User Guide "Using the Scale-offset Filter", layout as H5Zscaleoffset.c of HDF5 2.0 has it.
import { bitReader } from '#main/encodings/filters/bit-reader.ts';
import type { ChunkPlace } from '#main/encodings/filters/filters.ts';
import { AppError } from '#shared/errors.ts';

/** Places of the parameters. */
const SCALE_FACTOR = 1;
const ELEMENT_COUNT = 2;
const NUMBER_CLASS = 3;
const ELEMENT_BYTES = 4;
const BYTE_ORDER = 6;
const HAS_FILL = 7;
const FILL_VALUE = 8;

const FLOAT_CLASS = 1;
/** Least bits (u32), the length of the minimum (u8) and the minimum, padded to this. */
const HEAD_BYTES = 21;
const MINIMUM_AT = 5;

/** A chunk that begins with its numbers' least value and their width in bits. */
interface Packed {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly size: number;
  readonly width: number;
  readonly minimum: bigint;
  readonly fill: bigint | undefined;
}

/**
 * @param most bytes that may come out.
 * @returns the elements in their dataset's own byte order.
 * @throws AppError `corrupt` for parameters or a head that make no sense, or data that end too early.
 */
export function unpackScaleOffset(
  bytes: Uint8Array,
  parameters: readonly number[],
  most: number,
  place: ChunkPlace,
): Uint8Array {
  const size = parameters[ELEMENT_BYTES] ?? 0;
  const count = parameters[ELEMENT_COUNT] ?? 0;
  const isFloat = parameters[NUMBER_CLASS] === FLOAT_CLASS;
  const scale = (parameters[SCALE_FACTOR] ?? 0) | 0;
  // as many bits as the type has: the writer left the chunk alone
  if (!isFloat && scale === size * 8) return bytes;
  const isKnown = isFloat ? size === 4 || size === 8 : [1, 2, 4, 8].includes(size);
  if (!isKnown || count * size > most) {
    throw damaged(place, `at most ${most} bytes`, `${count} elements of ${size} bytes`);
  }
  const packed = readHead(bytes, parameters, count, size, place);
  const out = packed.width === size * 8 ? packed.bytes.slice(0, count * size) : new Uint8Array(count * size);
  if (packed.width !== size * 8) {
    if (isFloat) unpackFloats(packed, 10 ** scale, out, place);
    else unpackIntegers(packed, out, place);
  }
  if (parameters[BYTE_ORDER] === 1) swap(out, size);
  return out;
}

function damaged(place: ChunkPlace, expected: string, found: string): AppError {
  return new AppError('corrupt', 'a chunk packed with the scale-offset filter is damaged', {
    ...place,
    expected,
    found,
  });
}

function readHead(
  bytes: Uint8Array,
  parameters: readonly number[],
  count: number,
  size: number,
  place: ChunkPlace,
): Packed {
  if (bytes.byteLength < HEAD_BYTES)
    throw damaged(place, `${HEAD_BYTES} bytes at least`, `${bytes.byteLength}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(0, true);
  const wanted = Math.ceil((count * width) / 8);
  const data = bytes.subarray(HEAD_BYTES);
  if (width > size * 8 || data.byteLength < wanted) {
    throw damaged(
      place,
      `${count} numbers of at most ${size * 8} bits`,
      `${width} bits each in ${data.byteLength} bytes`,
    );
  }
  const minimumBytes = Math.min(8, bytes[4]!);
  const low = BigInt(parameters[FILL_VALUE] ?? 0);
  const high = BigInt(parameters[FILL_VALUE + 1] ?? 0);
  return {
    bytes: data,
    count,
    size,
    width,
    minimum: view.getBigUint64(MINIMUM_AT, true) & ((1n << BigInt(8 * minimumBytes)) - 1n),
    fill: parameters[HAS_FILL] === 1 ? BigInt.asUintN(size * 8, (high << 32n) | low) : undefined,
  };
}

/** The code that stands for the fill value: all bits set. */
function fillCode(width: number): bigint {
  return (1n << BigInt(width)) - 1n;
}

function unpackIntegers(
  { bytes, count, size, width, minimum, fill }: Packed,
  out: Uint8Array,
  place: ChunkPlace,
): void {
  const view = new DataView(out.buffer);
  const bits = bitReader(bytes);
  const marker = fillCode(width);
  const isSmall = size <= 4;
  const smallMinimum = Number(BigInt.asUintN(32, minimum));
  const smallMarker = Number(marker);
  const smallFill = fill === undefined ? undefined : Number(BigInt.asUintN(32, fill));
  for (let i = 0; i < count; i++) {
    if (isSmall) {
      const code = bits.take(width);
      const value = smallFill !== undefined && code === smallMarker ? smallFill : code + smallMinimum;
      if (size === 4) view.setUint32(i * 4, value, true);
      else if (size === 2) view.setUint16(i * 2, value, true);
      else view.setUint8(i, value);
    } else {
      const code = bits.takeBig(width);
      view.setBigUint64(
        i * 8,
        fill !== undefined && code === marker ? fill : BigInt.asUintN(64, code + minimum),
        true,
      );
    }
  }
  if (bits.isBeyondEnd()) throw damaged(place, `the bits of ${count} numbers`, `${bytes.byteLength} bytes`);
}

/** Decimal scaling: the codes divided by a power of ten and added to the minimum, in the numbers' own precision. */
function unpackFloats(packed: Packed, power: number, out: Uint8Array, place: ChunkPlace): void {
  const { bytes, count, size, width, minimum, fill } = packed;
  const view = new DataView(out.buffer);
  const bits = bitReader(bytes);
  const scratch = new DataView(new ArrayBuffer(8));
  scratch.setBigUint64(0, minimum, true);
  if (size === 4) {
    const least = scratch.getFloat32(0, true);
    const divisor = Math.fround(power);
    const marker = fill === undefined ? undefined : Number(fillCode(width));
    const fillBits = Number(fill ?? 0n);
    for (let i = 0; i < count; i++) {
      const code = bits.take(width);
      if (code === marker) view.setUint32(i * 4, fillBits, true);
      else view.setFloat32(i * 4, Math.fround(Math.fround(code | 0) / divisor) + least, true);
    }
  } else {
    const least = scratch.getFloat64(0, true);
    const marker = fill === undefined ? undefined : fillCode(width);
    for (let i = 0; i < count; i++) {
      const code = bits.takeBig(width);
      if (code === marker) view.setBigUint64(i * 8, fill!, true);
      else view.setFloat64(i * 8, Number(BigInt.asIntN(64, code)) / power + least, true);
    }
  }
  if (bits.isBeyondEnd()) throw damaged(place, `the bits of ${count} numbers`, `${bytes.byteLength} bytes`);
}

function swap(bytes: Uint8Array, size: number): void {
  for (let begin = 0; begin + size <= bytes.byteLength; begin += size)
    bytes.subarray(begin, begin + size).reverse();
}
