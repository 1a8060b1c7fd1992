/** Little-endian numbers inside a block. Offsets are bytes. */
import { codeTable } from '#main/kernels/half.ts';

let halves: Float32Array | undefined;

/** An unsigned 16-bit number. */
export function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

/** An unsigned 32-bit number. */
export function u32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;
}

/** A signed byte. */
export function i8(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) >> 24;
}

/** A binary16 number. */
export function half(bytes: Uint8Array, at: number): number {
  return halfOf(u16(bytes, at));
}

/** The binary16 number of a 16-bit code. */
export function halfOf(code: number): number {
  halves ??= codeTable('f16')!;
  return halves[code]!;
}
