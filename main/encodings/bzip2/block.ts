import { damaged } from '#main/encodings/bzip2/damaged.ts';
import type { ForwardBits } from '#main/encodings/bzip2/forward-bits.ts';
import { readLastColumn } from '#main/encodings/bzip2/last-column.ts';
import { AppError } from '#shared/errors.ts';

/** So many equal bytes are followed by the number of further ones. */
const RUN_BYTES = 4;

/**
 * Unpacks the block whose mark and checksum were taken just before.
 * @param blockBytes of the largest block, before runs are undone.
 * @param most bytes that may come out: runs make up to fifty times a block.
 * @throws AppError `corrupt`, `unsupported` for what bzip2 has not written since 1999.
 */
export function unpackBlock(bits: ForwardBits, blockBytes: number, most: number): Uint8Array {
  if (bits.take(1) === 1) {
    throw new AppError('unsupported', 'the bzip2 data are in the randomised form of before version 0.9.5', {
      hint: 'unpack the file and pack it again with a newer bzip2',
    });
  }
  const first = bits.take(24);
  const column = readLastColumn(bits, blockBytes);
  if (first >= column.length) throw damaged('a block that begins behind its end');
  return withoutRuns(rotationsOf(column), first, most);
}

/** For each row of the sorted rotations, the byte it begins with and, times 256, the row of the rotation that begins one further. */
function rotationsOf(column: Uint8Array): Uint32Array {
  const starts = new Uint32Array(256);
  for (const byte of column) starts[byte]!++;
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = starts[byte]!;
    starts[byte] = sum;
    sum += count;
  }
  const rotations = new Uint32Array(column.length);
  for (let row = 0; row < column.length; row++) {
    const byte = column[row]!;
    rotations[starts[byte]!++] = row * 256 + byte;
  }
  return rotations;
}

function withoutRuns(rotations: Uint32Array, first: number, most: number): Uint8Array {
  let out = new Uint8Array(Math.min(most, rotations.length));
  let position = 0;
  let same = 0;
  let before = -1;
  let row = first;
  for (let index = 0; index < rotations.length; index++) {
    const rotation = rotations[row]!;
    const byte = rotation & 0xff;
    row = rotation >>> 8;
    const isCount = same === RUN_BYTES;
    const count = isCount ? byte : 1;
    if (position + count > most) throw damaged(`more than ${most} bytes`);
    if (position + count > out.length) out = grown(out, position + count, most);
    if (isCount) {
      out.fill(before, position, position + count);
      same = 0;
      before = -1;
    } else {
      out[position] = byte;
      same = byte === before ? same + 1 : 1;
      before = byte;
    }
    position += count;
  }
  return out.subarray(0, position);
}

function grown(bytes: Uint8Array, least: number, most: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(least, Math.min(most, 2 * bytes.length)));
  larger.set(bytes);
  return larger;
}
