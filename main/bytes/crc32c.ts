import { reflectedCrc } from '#main/bytes/reflected-crc.ts';

/** CRC-32C (Castagnoli: RFC 3720, appendix B.4), as LevelDB, TensorFlow and OCDBT use it. */
export const crc32c = reflectedCrc(0x82f63b78);

/** As LevelDB and TensorFlow store it, so that a checksum of data that hold checksums stays a good one. */
export function maskCrc32c(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
