// Snappy raw blocks: google/snappy format_description.txt.
import { AppError } from '#shared/errors.ts';

/** What the best copy makes of its bytes: three become 64. A block that promises more is none. */
const BEST_RATIO = 22;

/**
 * Decompresses one block.
 * @param base offset of the block in its file, for messages.
 * @returns a new buffer.
 * @throws AppError `corrupt` for a block that is not what it says.
 */
export function unpackSnappy(packed: Uint8Array, base: number, file: string): Uint8Array {
  let position = 0;
  const fault = (expected: string): AppError =>
    new AppError('corrupt', 'the snappy block is damaged', { file, offset: base + position, expected });
  const next = (): number => {
    if (position >= packed.byteLength) throw fault('more bytes');
    return packed[position++]!;
  };
  const littleEndian = (count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index++) value += next() * 2 ** (8 * index);
    return value;
  };

  let byteLength = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = next();
    byteLength += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift === 28) throw fault('a length of at most 32 bits');
  }
  if (byteLength > packed.byteLength * BEST_RATIO) throw fault('a length that so few bytes can have');

  const out = new Uint8Array(byteLength);
  let done = 0;
  while (position < packed.byteLength) {
    const tag = next();
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const length = (short < 60 ? short : littleEndian(short - 59)) + 1;
      if (position + length > packed.byteLength || done + length > byteLength)
        throw fault('a literal that fits');
      out.set(packed.subarray(position, position + length), done);
      position += length;
      done += length;
      continue;
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distance = kind === 1 ? (tag >> 5) * 256 + next() : littleEndian(kind === 2 ? 2 : 4);
    if (distance === 0 || distance > done || done + length > byteLength)
      throw fault('a copy of bytes already there');
    // byte by byte: a copy may reach into what it has just written
    for (let index = 0; index < length; index++, done++) out[done] = out[done - distance]!;
  }
  if (done !== byteLength) throw fault(`${byteLength} bytes in all`);
  return out;
}
