/** What formats share that find NumPy's arrays in pickles: how a leaf becomes tensors, and which imports are worth a word. */
import type { SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { isJoblibWrapper } from '#main/encodings/ndarray/joblib-array.ts';
import type { StoredColumn } from '#main/encodings/ndarray/ndarray.ts';
import type { PickledFile } from '#main/encodings/ndarray/pickled-file.ts';
import {
  isArrayGlobal,
  storePickledArray,
  type PickledArray,
} from '#main/encodings/ndarray/pickled-array.ts';
import { isSparseClass, storeSparse } from '#main/encodings/ndarray/sparse-array.ts';
import type { ArrayLeaf } from '#main/encodings/ndarray/unfold-array.ts';
import type { ImportedName } from '#main/encodings/pickle/pickle.ts';
import { isPlainGlobal } from '#main/encodings/pickle/plain-globals.ts';
import type { Checksum, DenseStorage, StoredTensor } from '#main/formats/contract.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** Where the arrays of a pickle go. */
export interface ArrayShelf {
  readonly sources: SourceList;
  /** Over the stored bytes that hold the pickle. */
  readonly checksums?: readonly Checksum[];
  readonly problems: Problem[];
}

/** The tensors that a leaf stands for. What cannot be placed is a problem. */
export async function storeArrayLeaf(
  name: string,
  leaf: ArrayLeaf,
  pickleSource: ByteSource,
  shelf: ArrayShelf,
): Promise<readonly StoredTensor[]> {
  try {
    return await placeArrayLeaf(name, leaf, pickleSource, shelf);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'io' || error.code === 'cancelled') throw error;
    shelf.problems.push({ code: error.code, message: error.message, tensor: name });
    return [];
  }
}

/**
 * The tensors that a leaf stands for: one, but for records, which have one a field, and masked arrays, whose values and mask both stand.
 * @throws AppError for what cannot be placed.
 */
export async function placeArrayLeaf(
  name: string,
  leaf: ArrayLeaf,
  pickleSource: ByteSource,
  shelf: ArrayShelf,
): Promise<readonly StoredTensor[]> {
  switch (leaf.kind) {
    case 'broken':
      throw leaf.error;
    case 'texts':
      return [{ name, dtype: 'str', shape: leaf.shape, storage: { kind: 'strings', values: leaf.values } }];
    case 'array':
      return storeArray([name], leaf.array, pickleSource, shelf);
    case 'masked': {
      const { data, mask } = leaf.array;
      return [
        ...(await storeArray([name, 'data'], data, pickleSource, shelf)),
        ...(await storeArray([name, 'mask'], mask, pickleSource, shelf)),
      ];
    }
    case 'sparse': {
      const { layout, parts } = leaf.array;
      const tensor = storeColumn(name, await storeSparse(leaf.array, pickleSource), shelf);
      return [{ ...tensor, sparse: { layout, parts } }];
    }
  }
}

async function storeArray(
  path: readonly string[],
  array: PickledArray,
  pickleSource: ByteSource,
  shelf: ArrayShelf,
): Promise<readonly StoredTensor[]> {
  const columns = await storePickledArray(array, pickleSource);
  return columns.map((column) => storeColumn([...path, ...column.path].join('.'), column, shelf));
}

export function storeColumn(name: string, column: StoredColumn, shelf: ArrayShelf): StoredTensor {
  const { dtype, shape, offers, values } = column;
  const described = { name, dtype, shape, ...(offers ? { offers } : {}) };
  if (values.kind === 'strings') return { ...described, storage: values };
  if (values.kind === 'none') {
    shelf.problems.push({ ...values.problem, tensor: name });
    return { ...described, storage: { kind: 'none' } };
  }
  const storage = { ...values, ...shelf.sources.place(values.source, values.offset) };
  const checksums = checksumsOver(storage, shelf.checksums ?? []);
  return { ...described, storage, ...(checksums.length > 0 ? { checksums } : {}) };
}

/** Those of a packed file that are over bytes [offset, offset + byteLength) of a source: all where that is made of what was unpacked. */
export function checksumsOver(
  { source, offset, byteLength }: Pick<DenseStorage, 'source' | 'offset' | 'byteLength'>,
  checksums: readonly Checksum[],
): readonly Checksum[] {
  return checksums.filter(({ source: over, begin, end }) => {
    if (over !== source) return true;
    // no bytes at all stand or fall with those beside them
    return byteLength === 0 ? begin <= offset && offset <= end : begin < offset + byteLength && offset < end;
  });
}

/** The checksums of a packed file, as those of the listed source that it unpacks to. */
export function checksumsOf({ checksums }: PickledFile, source: number): readonly Checksum[] {
  return checksums.map((checksum) => ({ ...checksum, source }));
}

/**
 * Classes of the file's author, which stand as plain data: what they would do is not known, and not done.
 * @param isKnown what the caller's framework has of its own.
 */
export function unknownGlobals(
  imports: readonly ImportedName[],
  isKnown: (module: string, name: string) => boolean = () => false,
): Problem[] {
  const told = new Set<string>();
  return imports.flatMap(({ module, name, offset }) => {
    const text = `${module}.${name}`;
    const isPlain =
      isArrayGlobal(module, name) ||
      isPlainGlobal(module, name) ||
      isSparseClass(module, name) ||
      isJoblibWrapper(module, name) ||
      isKnown(module, name);
    if (isPlain || told.has(text)) return [];
    told.add(text);
    return [{ code: 'unknown-global', message: `${text} is unknown here and stands as plain data`, offset }];
  });
}
