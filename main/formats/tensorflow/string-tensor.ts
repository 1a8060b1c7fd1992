// String tensors in a bundle: tensorflow/core/util/tensor_bundle/tensor_bundle.cc, `WriteStringTensor`.
import { crc32c, maskCrc32c } from '#main/bytes/crc32c.ts';
import { readVarint } from '#main/encodings/sorted-table/varint.ts';

export interface StringTensor {
  /** Texts where they are UTF-8, else their bytes, in C order. */
  readonly values: readonly (string | Uint8Array)[];
  /** Whether lengths and texts match the checksums stored with them. */
  readonly isIntact: boolean;
}

/**
 * Takes a stored string tensor apart: lengths, their checksum, then the texts.
 * @param checksum of the index entry, masked; undefined where there is none.
 * @returns undefined where the bytes do not hold as many texts.
 */
export function parseStrings(
  bytes: Uint8Array,
  count: number,
  checksum: number | undefined,
): StringTensor | undefined {
  // each length takes a byte at least
  if (count > bytes.byteLength) return undefined;
  const lengths: number[] = [];
  let position = 0;
  for (let index = 0; index < count; index++) {
    const length = readVarint(bytes, position);
    if (!length) return undefined;
    lengths.push(length.value);
    position = length.end;
  }
  const textsBegin = position + 4;
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (textsBegin + total !== bytes.byteLength) return undefined;

  const lengthsCrc = crc32c(fixedWidth(lengths));
  const stated = viewOf(bytes).getUint32(position, true);
  const whole = maskCrc32c(crc32c(bytes.subarray(position), lengthsCrc));
  const isIntact = maskCrc32c(lengthsCrc) === stated && (checksum === undefined || whole === checksum);

  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let begin = textsBegin;
  const values = lengths.map((length) => {
    const text = bytes.subarray(begin, begin + length);
    begin += length;
    try {
      return decoder.decode(text);
    } catch {
      return text.slice();
    }
  });
  return { values, isIntact };
}

/** The checksum takes lengths as numbers of fixed width, whatever the varints on disk are. */
function fixedWidth(lengths: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + widthOf(length), 0));
  const view = viewOf(bytes);
  let position = 0;
  for (const length of lengths) {
    if (widthOf(length) === 4) view.setUint32(position, length, true);
    else view.setBigUint64(position, BigInt(length), true);
    position += widthOf(length);
  }
  return bytes;
}

function widthOf(length: number): 4 | 8 {
  return length <= 0xffffffff ? 4 : 8;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
