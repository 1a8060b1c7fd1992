/** A bzip2 stream whose last block but one records another checksum than it has, the stream's being that of what is recorded. */
export function withWrongChecksum(stream: Uint8Array): Uint8Array {
  const bits = Array.from(stream, (byte) => byte.toString(2).padStart(8, '0')).join('');
  const end = bits.lastIndexOf(bitsOf(0x177245385090));
  const last = bits.lastIndexOf(bitsOf(0x314159265359), end);
  const block = bits.lastIndexOf(bitsOf(0x314159265359), last - 1);
  const wrong = stream.slice();
  // the highest bit of the block's checksum is the lowest one of the stream's, which turns by a bit with every block
  for (const bit of [block + 48, end + 48 + 31]) wrong[bit >> 3]! ^= 0x80 >> (bit & 7);
  return wrong;
}

function bitsOf(mark: number): string {
  return mark.toString(2).padStart(48, '0');
}
