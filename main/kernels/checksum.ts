/** Checksums of windows by the compiled kernels: for whole files; `bytes/crc32` serves headers without loading them. */
import { analysisKernels, placeInput } from '#main/kernels/analysis-module.ts';

/** CRC-32 of `bytes`, appended to what `seed` is the checksum of; an unsigned 32-bit number. */
export function windowCrc32(bytes: Uint8Array, seed = 0): number {
  const at = placeInput(bytes);
  return analysisKernels().crc32(at, bytes.byteLength, seed) >>> 0;
}

/** As `windowCrc32`, with Castagnoli's polynomial. */
export function windowCrc32c(bytes: Uint8Array, seed = 0): number {
  const at = placeInput(bytes);
  return analysisKernels().crc32c(at, bytes.byteLength, seed) >>> 0;
}
