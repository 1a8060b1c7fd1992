// Keys of slices: tensorflow/core/util/saved_tensor_slice_util.cc, `EncodeTensorNameSlice`, and core/lib/strings/ordered_code.cc.
import type { Extent } from '#main/formats/tensorflow/bundle.ts';

/** How an extent over all of its axis is written. */
const FULL = -1n;

/** The key under which a slice's values stand, one UTF-16 unit a byte. */
export function sliceKey(name: string, slice: readonly Extent[]): string {
  const parts = [unsigned(0n), text(name), unsigned(BigInt(slice.length))];
  for (const { start, length } of slice) {
    parts.push(signed(BigInt(start)), signed(length === undefined ? FULL : BigInt(length)));
  }
  return parts.join('');
}

/** Whether a key is one of a slice: names of tensors do not begin with a zero. */
export function isSliceKey(key: Uint8Array): boolean {
  return key[0] === 0;
}

/** Number of bytes, then the bytes, the highest first. */
function unsigned(value: bigint): string {
  const bytes = bigEndian(value);
  return String.fromCharCode(bytes.length, ...bytes);
}

/** 00 becomes 00 FF and FF becomes FF 00; 00 01 ends the text. */
function text(value: string): string {
  const bytes = Buffer.from(value, 'utf8').toString('latin1');
  return `${bytes.replaceAll(/[\0\xff]/g, (byte) => (byte === '\0' ? '\0\xff' : '\xff\0'))}\0\x01`;
}

/**
 * Seven bits a byte less one for the sign; as many leading bits are flipped as there are bytes,
 * so that longer numbers sort behind shorter ones.
 */
function signed(value: bigint): string {
  const magnitude = value < 0n ? ~value : value;
  let length = 1;
  while (magnitude >> BigInt(7 * length - 1)) length++;
  const flipped = ((1n << BigInt(length)) - 1n) << BigInt(7 * length);
  const bits = BigInt.asUintN(8 * length, value) ^ flipped;
  const bytes = bigEndian(bits);
  return '\0'.repeat(length - bytes.length) + String.fromCharCode(...bytes);
}

function bigEndian(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  return bytes;
}
