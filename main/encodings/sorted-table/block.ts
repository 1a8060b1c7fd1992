// LevelDB block contents, keys compressed by their common beginnings: google/leveldb table/block_builder.cc.
import { readVarint } from '#main/encodings/sorted-table/varint.ts';
import { AppError } from '#shared/errors.ts';

/** A block's contents. Those of a compressed one have no place of their own in the file. */
export interface BlockContent {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly isCompressed: boolean;
}

export interface TableEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Where the value begins in the source; that of its block where the block is compressed. */
  readonly offset: number;
}

/** The entries of a block in their order; values are views. @throws AppError `corrupt`. */
export function* entriesOf(block: BlockContent, file: string): Generator<TableEntry, void, undefined> {
  const { bytes, offset, isCompressed } = block;
  const fault = (at: number, expected: string): AppError =>
    new AppError('corrupt', 'a block of the table is damaged', {
      file,
      offset: isCompressed ? offset : offset + at,
      expected,
    });

  // positions at which keys stand whole serve searching; only their room matters here
  const restarts = bytes.byteLength < 4 ? NaN : viewOf(bytes).getUint32(bytes.byteLength - 4, true);
  const end = bytes.byteLength - 4 - 4 * restarts;
  if (!(end >= 0)) throw fault(0, 'room for its restart positions');

  let key: Uint8Array = new Uint8Array(0);
  let position = 0;
  while (position < end) {
    const shared = readVarint(bytes, position);
    const unshared = shared && readVarint(bytes, shared.end);
    const valueLength = unshared && readVarint(bytes, unshared.end);
    if (!valueLength) throw fault(position, 'three lengths');
    const suffixBegin = valueLength.end;
    const valueBegin = suffixBegin + unshared.value;
    const entryEnd = valueBegin + valueLength.value;
    if (shared.value > key.byteLength) throw fault(position, 'a beginning shared with the key before');
    if (entryEnd > end) throw fault(position, 'an entry that ends inside its block');
    const next = new Uint8Array(shared.value + unshared.value);
    next.set(key.subarray(0, shared.value));
    next.set(bytes.subarray(suffixBegin, valueBegin), shared.value);
    key = next;
    yield {
      key,
      value: bytes.subarray(valueBegin, entryEnd),
      offset: isCompressed ? offset : offset + valueBegin,
    };
    position = entryEnd;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
