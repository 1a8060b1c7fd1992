import type { SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { StridedPart } from '#main/encodings/sparse/sparse.ts';
import type { Checksum } from '#main/formats/contract.ts';
import type { StorageId, TensorView } from '#main/formats/pytorch/tensor-view.ts';

/** Where a storage's bytes are, and how one tells that they are unharmed. */
export interface PlacedStorage {
  readonly source: ByteSource;
  readonly offset: number;
  readonly byteLength: number;
  readonly byteOrder: 'little' | 'big';
  readonly checksums: readonly Checksum[];
}

/** What the container knows: storages by their id. */
export interface Storages {
  readonly sources: SourceList;
  /** @throws AppError `corrupt` for a storage that is missing or too short, `unsupported` for a packing we do not read. */
  find(id: StorageId): Promise<PlacedStorage>;
  /** Over the pickle's own bytes: for arrays that it holds itself. */
  readonly pickleChecksums: readonly Checksum[];
}

/** A dense tensor in the form that the readers of small parts want. */
export async function partOf(view: TensorView, storages: Storages): Promise<StridedPart> {
  const { source, offset, byteLength, byteOrder } = await storages.find(view.storage);
  const { dtype, shape, strides, elementOffset } = view;
  return { dtype, shape, source, offset, byteLength, byteOrder, strides, elementOffset };
}
