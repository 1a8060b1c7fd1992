// CRC-32 with its bits unreflected, as bzip2 takes it of every block before packing.
const POLYNOMIAL = 0x04c11db7;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  return crc;
});

/** Of `bytes`, appended to what `seed` is the checksum of; an unsigned 32-bit number. */
export function blockChecksum(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (let index = 0; index < bytes.length; index++) {
    crc = (crc << 8) ^ TABLE[(crc >>> 24) ^ bytes[index]!]!;
  }
  return ~crc >>> 0;
}

/** A stream's checksum once another block is added to it. */
export function addToStreamChecksum(stream: number, block: number): number {
  return (((stream << 1) | (stream >>> 31)) ^ block) >>> 0;
}
