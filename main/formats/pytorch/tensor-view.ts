// torch/_utils.py: what the functions do that rebuild tensors from a pickle.
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import { asKind, itemsOf, safeInteger, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { entriesOf } from '#main/encodings/pickle/object-parts.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import { dtypeByName, dtypeByStorageClass, type TorchDtype } from '#main/formats/pytorch/dtypes.ts';
import { idParts, persistentIdOf } from '#main/formats/pytorch/id-parts.ts';
import { AppError } from '#shared/errors.ts';

/** A storage as a persistent id names it. */
export interface StorageId {
  readonly key: string;
  readonly dtype: TorchDtype;
  /** Bytes that the id speaks of. */
  readonly byteLength: number;
  /** Elements into the storage that `key` names; of views in the stream format alone. */
  readonly viewOffset: number;
  /** Where it was when saved: `cpu`, `cuda:0`. */
  readonly location: string;
}

/** A dense tensor: elements of a storage under a shape and strides. */
export interface TensorView {
  readonly storage: StorageId;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Elements. */
  readonly strides: readonly number[];
  readonly elementOffset: number;
  readonly isConjugated: boolean;
  readonly isNegated: boolean;
}

/**
 * The storage that a node refers to: `('storage', class, key, location, count[, view])`, or what a call that makes one has been found to hold.
 * @throws AppError `corrupt`, or `unsupported` for a storage class without a dtype.
 */
export function storageIdOf(node: PickleNode | undefined): StorageId {
  const parts = idParts(persistentIdOf(node) ?? persistentIdOf(asKind(node, 'call')?.inserted));
  const [tag, storageClass, key, location, count, view] = parts;
  const name = asKind(storageClass, 'global')?.name;
  const keyText = textOf(key) ?? (safeInteger(key) === undefined ? undefined : String(safeInteger(key)));
  const elements = safeInteger(count);
  if (
    textOf(tag) !== 'storage' ||
    name === undefined ||
    keyText === undefined ||
    elements === undefined ||
    elements < 0
  ) {
    throw new AppError('corrupt', 'a tensor refers to no proper storage', {
      expected: "('storage', class, key, location, count)",
      found: reprOf(node ?? null, 100),
    });
  }
  const dtype = dtypeByStorageClass(name);
  if (!dtype)
    throw new AppError('unsupported', `the storage class ${name} has no dtype here`, { found: name });
  return {
    key: keyText,
    dtype,
    byteLength: elements * dtype.itemBytes,
    viewOffset: viewOffsetOf(view),
    location: textOf(location) ?? '',
  };
}

/** `(key, offset, count)` of a view, in elements; the count of the id itself is the root's. */
function viewOffsetOf(view: PickleNode | undefined): number {
  const offset = safeInteger(itemsOf(view)?.[1]);
  return offset === undefined || offset < 0 ? 0 : offset;
}

/** `(storage, offset, size, stride, …)`, which all functions that rebuild dense tensors begin with. */
export function viewOf(
  args: readonly PickleNode[],
  dtypeNode?: PickleNode,
  metadata?: PickleNode,
): TensorView {
  const storage = storageIdOf(args[0]);
  const dtype = dtypeNode === undefined ? storage.dtype : dtypeOf(dtypeNode);
  const elementOffset = safeInteger(args[1]);
  const shape = dimensionsOf(args[2]);
  const strides = dimensionsOf(args[3]);
  if (elementOffset === undefined || elementOffset < 0 || strides.length !== shape.length) {
    throw new AppError('corrupt', 'a tensor has no proper offset, size and stride', {
      found: reprOf({ kind: 'tuple', items: args.slice(1, 4) }, 100),
    });
  }
  const flags = new Map(entriesOf(asKind(metadata, 'dict') ?? { kind: 'dict', keys: [], values: [] }));
  return {
    storage,
    dtype: dtype.dtype,
    ...unpacked(dtype, shape, strides, elementOffset + storage.viewOffset),
    isConjugated: flags.get('conj') === true,
    isNegated: flags.get('neg') === true,
  };
}

/** Shape and strides in numbers, where each of torch's elements packs several. */
function unpacked(
  { packed }: TorchDtype,
  shape: readonly number[],
  strides: readonly number[],
  elementOffset: number,
): Pick<TensorView, 'shape' | 'strides' | 'elementOffset'> {
  if (packed === undefined) return { shape, strides, elementOffset };
  if (shape.length === 0 || strides.at(-1) !== 1) {
    throw new AppError('unsupported', 'packed numbers are only read where they lie one after the other');
  }
  return {
    shape: [...shape.slice(0, -1), shape.at(-1)! * packed],
    strides: [...strides.slice(0, -1).map((stride) => stride * packed), 1],
    elementOffset: elementOffset * packed,
  };
}

/** `torch.float32` and its like. @throws AppError `unsupported`. */
export function dtypeOf(node: PickleNode | undefined): TorchDtype {
  const name = asKind(node, 'global')?.name ?? textOf(node);
  const dtype = name === undefined ? undefined : dtypeByName(name);
  if (dtype) return dtype;
  throw new AppError('unsupported', `the dtype ${name ?? reprOf(node ?? null, 40)} is none of ours`);
}

/** A size or stride: a tuple, a list, or torch.Size of one. */
export function dimensionsOf(node: PickleNode | undefined): readonly number[] {
  const call = asKind(node, 'call');
  const items = itemsOf(call ? itemsOf(call.args)?.[0] : node);
  if (items && items.length <= TENSOR_RANK && items.every(isDimension)) return items as number[];
  throw new AppError('corrupt', 'a tensor has a size or stride that makes no sense', {
    expected: `up to ${TENSOR_RANK} whole numbers`,
    found: reprOf(node ?? null, 100),
  });
}

function isDimension(node: PickleNode): boolean {
  const value = safeInteger(node);
  return value !== undefined && value >= 0 && Number.isSafeInteger(value);
}
