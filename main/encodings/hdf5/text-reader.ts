import { HDF5_TEXT_BYTES, TEXT_ARRAY_BYTES, TEXT_ARRAY_ITEMS } from '#main/bytes/limits.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { StringType } from '#main/encodings/hdf5/datatype.ts';
import { globalHeap, type GlobalHeap } from '#main/encodings/hdf5/global-heap.ts';
import { AppError } from '#shared/errors.ts';

/** Texts of elements; keeps count of what has been read of the whole file. */
export interface TextReader {
  readonly heap: GlobalHeap;
  /**
   * @param elements in C order, as stored.
   * @returns texts, or bytes where they are not UTF-8.
   * @throws AppError `limit` for more text than we read when a file is opened, `corrupt` for one that is not in its heap.
   */
  read(elements: Uint8Array, type: StringType): Promise<(string | Uint8Array)[]>;
}

export function textReader(blocks: Hdf5Blocks): TextReader {
  const heap = globalHeap(blocks);
  let spent = 0;

  const spend = (byteLength: number, sofar: number): void => {
    spent += byteLength;
    if (spent <= HDF5_TEXT_BYTES && sofar + byteLength <= TEXT_ARRAY_BYTES) return;
    throw new AppError('limit', 'the file has more text than is read when it is opened', {
      file: blocks.source.name,
      expected: `at most ${TEXT_ARRAY_BYTES} bytes in one dataset and ${HDF5_TEXT_BYTES} in all`,
    });
  };

  return {
    heap,
    read: async (elements, type) => {
      const count = Math.floor(elements.byteLength / type.size);
      if (count > TEXT_ARRAY_ITEMS) {
        throw new AppError('limit', `a dataset of ${count} texts`, {
          file: blocks.source.name,
          expected: `at most ${TEXT_ARRAY_ITEMS}`,
        });
      }
      const texts: (string | Uint8Array)[] = [];
      let sofar = 0;
      for (let at = 0; at < count; at++) {
        const element = elements.subarray(at * type.size, (at + 1) * type.size);
        const bytes = type.isVariable
          ? await variableText(blocks, heap, element)
          : trimmed(element, type.padding);
        spend(bytes.byteLength, sofar);
        sofar += bytes.byteLength;
        texts.push(decoded(bytes));
      }
      return texts;
    },
  };
}

/** Length, and where in the global heap the bytes are. */
async function variableText(blocks: Hdf5Blocks, heap: GlobalHeap, element: Uint8Array): Promise<Uint8Array> {
  const fields = blocks.fields(element, 0);
  const length = fields.u32();
  const address = fields.address('a text in the global heap');
  const index = fields.u32();
  if (length === 0 || address === undefined || address === 0) return new Uint8Array(0);
  const bytes = await heap.object(address, index);
  if (length > bytes.byteLength) {
    throw new AppError('corrupt', 'a text is longer than its place in the global heap', {
      file: blocks.source.name,
      offset: blocks.base + address,
      expected: `at most ${bytes.byteLength} bytes`,
      found: `${length} bytes`,
    });
  }
  return upToNul(bytes.subarray(0, length));
}

function upToNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function trimmed(bytes: Uint8Array, padding: StringType['padding']): Uint8Array {
  if (padding === 'nul-terminated') return upToNul(bytes);
  let end = bytes.byteLength;
  const filler = padding === 'space' ? 0x20 : 0;
  while (end > 0 && bytes[end - 1] === filler) end--;
  return bytes.subarray(0, end);
}

function decoded(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.slice();
  }
}
