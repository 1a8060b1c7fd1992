import type { ByteSource } from '#main/bytes/source.ts';
import type { ArrayLeaf } from '#main/encodings/ndarray/unfold-array.ts';
import { densify, readNumbers, type SparseLayout } from '#main/encodings/sparse/sparse.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { placeArrayLeaf } from '#main/formats/pickled-tensors.ts';
import { partOf, type Storages } from '#main/formats/pytorch/storages.ts';
import type { Quantiser, SparseTensor, TorchTensor } from '#main/formats/pytorch/tensor-calls.ts';
import type { TensorView } from '#main/formats/pytorch/tensor-view.ts';
import type { TensorLeaf, TorchLeaf } from '#main/formats/pytorch/unfold.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';
import { contiguousStrides, type Quantisation } from '#shared/tensor.ts';

/** What the leaves of one pickle become. */
export interface Shelf {
  readonly storages: Storages;
  /** The source that the pickle was read from, for arrays that it holds. */
  readonly pickleSource: ByteSource;
  readonly problems: Problem[];
}

/**
 * The tensors that a leaf stands for: one, but for records and nested tensors.
 * A leaf that cannot be placed becomes a row without data where dtype and shape are known, and a problem in any case.
 */
export async function storeLeaf(
  name: string,
  leaf: TorchLeaf,
  shelf: Shelf,
): Promise<readonly StoredTensor[]> {
  try {
    switch (leaf.kind) {
      case 'tensor':
        return tellOfRest(await storeTensor(name, leaf.tensor, shelf), leaf, shelf.problems);
      default:
        return await placeArray(name, leaf, shelf);
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'io') throw error;
    const { offset } = error.fields;
    const place = offset === undefined ? {} : { offset };
    shelf.problems.push({ code: error.code, message: error.message, tensor: name, ...place });
    const known = leaf.kind === 'tensor' ? outlineOf(leaf.tensor) : undefined;
    return known ? [{ name, ...known, storage: { kind: 'none' } }] : [];
  }
}

/** The rest of a tensor that is spread over processes is in other files: which ones, nothing tells. */
function tellOfRest(
  rows: readonly StoredTensor[],
  { wholeShape }: TensorLeaf,
  problems: Problem[],
): readonly StoredTensor[] {
  for (const { name, shape } of wholeShape ? rows : []) {
    if (String(shape) === String(wholeShape)) continue;
    problems.push({
      code: 'partial-tensor',
      message: `the file has one process's part of it, [${shape.join(', ')}] of [${wholeShape!.join(', ')}]`,
      tensor: name,
    });
  }
  return rows;
}

async function storeTensor(
  name: string,
  tensor: TorchTensor,
  shelf: Shelf,
): Promise<readonly StoredTensor[]> {
  switch (tensor.kind) {
    case 'dense':
      return [await storeView(name, tensor.view, shelf.storages)];
    case 'meta':
      return [{ name, dtype: tensor.dtype, shape: tensor.shape, storage: { kind: 'none' } }];
    case 'quantised': {
      const stored = await storeView(name, tensor.view, shelf.storages);
      return [{ ...stored, quantisation: await quantisationOf(tensor.quantiser, shelf.storages) }];
    }
    case 'sparse':
      return [await storeSparse(name, tensor.sparse, shelf.storages)];
    case 'nested':
      return storeNested(name, tensor, shelf.storages);
    case 'array':
      return placeArray(name, { kind: 'array', array: tensor.array }, shelf);
  }
}

/** dtype and shape of a tensor whose values cannot be had. */
function outlineOf(tensor: TorchTensor): Pick<StoredTensor, 'dtype' | 'shape'> | undefined {
  switch (tensor.kind) {
    case 'dense':
    case 'quantised':
      return { dtype: tensor.view.dtype, shape: tensor.view.shape };
    case 'sparse':
      return { dtype: tensor.sparse.parts.get('values')!.dtype, shape: tensor.sparse.shape };
    default:
      return undefined;
  }
}

async function storeView(name: string, view: TensorView, storages: Storages): Promise<StoredTensor> {
  const placed = await storages.find(view.storage);
  const isDense = contiguousStrides(view.shape).every(
    (stride, axis) => view.shape[axis]! <= 1 || view.strides[axis] === stride,
  );
  return {
    name,
    dtype: view.dtype,
    shape: view.shape,
    storage: {
      kind: 'dense',
      ...storages.sources.place(placed.source, placed.offset),
      byteLength: placed.byteLength,
      byteOrder: placed.byteOrder,
      ...(view.elementOffset === 0 ? {} : { elementOffset: view.elementOffset }),
      ...(isDense ? {} : { strides: view.strides }),
      ...(view.isConjugated ? { isConjugated: true } : {}),
      ...(view.isNegated ? { isNegated: true } : {}),
    },
    ...(placed.checksums.length > 0 ? { checksums: placed.checksums } : {}),
  };
}

async function quantisationOf(
  { scheme, perTensor, perChannel }: Quantiser,
  storages: Storages,
): Promise<Quantisation> {
  if (perTensor) return { scheme, ...perTensor };
  if (!perChannel) return { scheme };
  const [scales, zeroPoints] = await Promise.all(
    [perChannel.scales, perChannel.zeroPoints].map(async (view) => [
      ...(await readNumbers(await partOf(view, storages))),
    ]),
  );
  return { scheme, scales: scales!, zeroPoints: zeroPoints!, axis: perChannel.axis };
}

async function storeSparse(name: string, sparse: SparseTensor, storages: Storages): Promise<StoredTensor> {
  const { layout, shape, parts } = sparse;
  const placed = new Map(
    await Promise.all([...parts].map(async ([part, view]) => [part, await partOf(view, storages)] as const)),
  );
  const values = placed.get('values')!;
  const indices = [...placed].filter(([part]) => part !== 'values').map(([, part]) => part);
  const dense = await densify({ layout: layout as SparseLayout, shape, values, indices, isAdded: true });
  const stored = await Promise.all([...parts.values()].map((view) => storages.find(view.storage)));
  return {
    name,
    dtype: values.dtype,
    shape,
    storage: {
      kind: 'dense',
      ...storages.sources.place(dense, 0),
      byteLength: dense.byteLength,
      byteOrder: values.byteOrder,
    },
    checksums: stored.flatMap(({ checksums }) => checksums),
    sparse: { layout, parts: [...parts.keys()] },
  };
}

/** Every tensor inside is a view of the buffer; they are named by their number. */
async function storeNested(
  name: string,
  nested: Extract<TorchTensor, { kind: 'nested' }>,
  storages: Storages,
): Promise<readonly StoredTensor[]> {
  const { buffer, sizes, strides } = nested;
  const [count = 0, rank = 0] = sizes.shape;
  const [sizeNumbers, strideNumbers] = await Promise.all(
    [sizes, strides].map(async (view) => [...(await readNumbers(await partOf(view, storages)))]),
  );
  const offsets =
    'storage' in nested.offsets
      ? [...(await readNumbers(await partOf(nested.offsets, storages)))]
      : nested.offsets;
  const row = (numbers: readonly number[], index: number): readonly number[] =>
    numbers.slice(index * rank, (index + 1) * rank);
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const view = {
        ...buffer,
        shape: row(sizeNumbers!, index),
        strides: row(strideNumbers!, index),
        elementOffset: buffer.elementOffset + (offsets[index] ?? 0),
      };
      return storeView(`${name}.${index}`, view, storages);
    }),
  );
}

/** NumPy's arrays among the tensors, whose values are in the pickle itself. */
function placeArray(
  name: string,
  leaf: ArrayLeaf,
  { storages, pickleSource, problems }: Shelf,
): Promise<readonly StoredTensor[]> {
  const { sources, pickleChecksums: checksums } = storages;
  return placeArrayLeaf(name, leaf, pickleSource, { sources, checksums, problems });
}
