// CRC-32C (Castagnoli, RFC 3720 B.4: polynomial 0x1EDC6F41 reflected), and LevelDB's masked form of it.

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/**
 * The CRC-32C of `bytes`, appended to what `seed` is the CRC-32C of.
 * @returns an unsigned 32-bit number.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (let index = 0; index < bytes.length; index++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[index]!) & 0xff]!;
  return ~crc >>> 0;
}

/** LevelDB's mask (util/crc32c.h), so that a checksum of bytes that hold checksums is none itself. */
export function maskCrc32c(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
