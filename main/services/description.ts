import type { Checkpoint, Storage, StoredTensor } from '#main/formats/contract.ts';
import type { CheckpointSummary, Totals } from '#shared/checkpoint.ts';
import { byteLengthOf, elementCountOf, type TensorInfo } from '#shared/tensor.ts';

/** What a checkpoint looks like from outside: names, shapes, sizes, ties. No values are read. */
export function describeCheckpoint(path: string, checkpoint: Checkpoint): CheckpointSummary {
  const tensors = describeTensors(checkpoint.tensors);
  const { format, dialect, layout, problems, metadata } = checkpoint;
  return {
    path,
    format,
    dialect,
    layout,
    totals: totalsOf(checkpoint, tensors),
    tensors,
    problems,
    metadata,
  };
}

function describeTensors(tensors: readonly StoredTensor[]): TensorInfo[] {
  const owners = new Map<unknown, string>();
  return tensors.map((tensor) => {
    const { name, label, dtype, shape, storage, quantisation, sparse, offers } = tensor;
    const key = storageKey(tensor);
    const owner = key === undefined ? undefined : owners.get(key);
    if (key !== undefined && owner === undefined) owners.set(key, name);
    const elementCount = elementCountOf(shape) ?? 0;
    // one by one, since there may be a hundred thousand of them
    const info: Mutable<TensorInfo> = {
      name,
      dtype,
      shape,
      elementCount,
      byteLength: storedByteLength(tensor, elementCount),
    };
    if (label !== undefined) info.label = label;
    if (owner !== undefined) info.sharedWith = owner;
    if (quantisation) info.quantisation = quantisation;
    if (sparse) info.sparse = sparse;
    if (storage.kind === 'none') info.noData = true;
    if (offers) info.offers = offers;
    return info;
  });
}

type Mutable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

/** Tensors with equal keys have the same bytes. Empty ones share nothing. */
function storageKey({ storage }: StoredTensor): string | Storage | undefined {
  if (storage.kind === 'none' || storage.kind === 'inline') return undefined;
  if (storage.kind !== 'dense') return storage;
  if (storage.byteLength === 0) return undefined;
  return `${storage.source}:${storage.offset}:${storage.byteLength}`;
}

function storedByteLength({ dtype, storage }: StoredTensor, elementCount: number): number {
  if (storage.kind === 'none') return 0;
  if (storage.kind === 'strings') {
    return storage.values.reduce((sum, value) => {
      return sum + (typeof value === 'string' ? new TextEncoder().encode(value) : value).byteLength;
    }, 0);
  }
  const isUnpacked = (storage.kind === 'dense' || storage.kind === 'chunked') && storage.isUnpacked;
  return isUnpacked ? elementCount : byteLengthOf(dtype, elementCount);
}

function totalsOf(checkpoint: Checkpoint, tensors: readonly TensorInfo[]): Totals {
  const dtypes: Record<string, number> = {};
  let parameters = 0;
  let bytes = 0;
  tensors.forEach((info, index) => {
    dtypes[info.dtype] = (dtypes[info.dtype] ?? 0) + 1;
    if (info.sharedWith !== undefined || info.noData) return;
    const { storage } = checkpoint.tensors[index]!;
    parameters += info.elementCount;
    bytes += storage.kind === 'dense' ? storage.byteLength : info.byteLength;
  });
  return { tensors: tensors.length, parameters, bytes, dtypes };
}
