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
  const ownerOf = isInFileOrder(tensors) ? () => undefined : ownersIn();
  return tensors.map((tensor) => {
    const { name, label, dtype, shape, storage, quantisation, sparse, offers } = tensor;
    const owner = ownerOf(tensor);
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

/** Whether each storage lies behind the one before, so that none is shared. */
function isInFileOrder(tensors: readonly StoredTensor[]): boolean {
  let source = 0;
  let end = 0;
  for (const { storage } of tensors) {
    if (storage.kind !== 'dense' || storage.source < source) return false;
    if (storage.source === source && storage.offset < end) return false;
    source = storage.source;
    end = storage.offset + storage.byteLength;
  }
  return true;
}

/** Tells the first tensor of the same storage, where there is one before. */
function ownersIn(): (tensor: StoredTensor) => string | undefined {
  const owners = new Map<string | Storage, string>();
  return (tensor) => {
    const key = storageKey(tensor);
    if (key === undefined) return undefined;
    const owner = owners.get(key);
    if (owner === undefined) owners.set(key, tensor.name);
    return owner;
  };
}

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
