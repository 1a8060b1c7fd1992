import type { Checkpoint, DenseStorage, StoredTensor } from '#main/formats/contract.ts';
import { chunkedFault } from '#main/formats/validate-chunks.ts';
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { findDtype } from '#shared/dtype.ts';
import { byteLengthOf, elementCountOf } from '#shared/tensor.ts';

/**
 * Holds whatever a format returned to the invariants that readers rely on: known dtypes, whole dimensions,
 * every element inside its storage, every storage inside its source, and names that are distinct.
 * A tensor that breaks one keeps its row without data and gets a problem; the rest is untouched.
 */
export function validate(checkpoint: Checkpoint): Checkpoint {
  const problems: Problem[] = [...checkpoint.problems];
  const named = checkpoint.hasDistinctNames
    ? checkpoint.tensors
    : withDistinctNames(checkpoint.tensors, problems);
  const tensors = named.map((tensor) => {
    const fault = faultOf(tensor, checkpoint);
    if (fault === undefined) return tensor;
    problems.push({ code: fault.code, message: fault.message, tensor: tensor.name });
    return { ...tensor, ...fault.repair, storage: { kind: 'none' } as const };
  });
  return { ...checkpoint, tensors, problems };
}

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly repair?: Partial<StoredTensor>;
}

function faultOf(tensor: StoredTensor, checkpoint: Checkpoint): Fault | undefined {
  const dtype = findDtype(tensor.dtype);
  if (!dtype) {
    return {
      code: 'unknown-dtype',
      message: `no dtype is called ${tensor.dtype}`,
      repair: { dtype: 'u8' },
    };
  }
  if (tensor.shape.length > TENSOR_RANK) {
    return {
      code: 'rank',
      message: `the tensor has ${tensor.shape.length} dimensions, more than ${TENSOR_RANK}`,
      repair: { shape: [] },
    };
  }
  const isWhole = tensor.shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0);
  const elementCount = isWhole ? elementCountOf(tensor.shape) : undefined;
  if (elementCount === undefined) {
    return {
      code: 'shape',
      message: `the shape [${tensor.shape.join(', ')}] is not one a tensor can have`,
      repair: { shape: [] },
    };
  }
  const { storage } = tensor;
  if (dtype.blockElements && (tensor.shape[tensor.shape.length - 1] ?? 1) % dtype.blockElements !== 0) {
    return { code: 'block-row', message: `the rows are no whole number of blocks of ${dtype.blockElements}` };
  }
  if (storage.kind === 'dense') return denseFault(tensor, storage, elementCount, checkpoint);
  if (storage.kind === 'chunked') {
    return chunkedFault(tensor.dtype, tensor.shape, elementCount, storage, checkpoint.sources);
  }
  // elements below a byte have one each where they are held in memory
  const wanted = dtype.bits > 0 && dtype.bits < 8 ? elementCount : byteLengthOf(tensor.dtype, elementCount);
  if (storage.kind === 'inline' && storage.bytes.byteLength !== wanted) {
    return {
      code: 'length',
      message: `the values take ${storage.bytes.byteLength} bytes, the shape wants ${wanted}`,
    };
  }
  if (storage.kind === 'strings' && storage.values.length !== elementCount) {
    return {
      code: 'length',
      message: `the file holds ${storage.values.length} texts, the shape wants ${elementCount}`,
    };
  }
  return undefined;
}

function denseFault(
  tensor: StoredTensor,
  storage: DenseStorage,
  elementCount: number,
  checkpoint: Checkpoint,
): Fault | undefined {
  const source = checkpoint.sources[storage.source];
  if (!source) return { code: 'storage', message: 'the tensor points at a file that is not there' };
  const isInside =
    Number.isSafeInteger(storage.offset) &&
    Number.isSafeInteger(storage.byteLength) &&
    storage.offset >= 0 &&
    storage.byteLength >= 0 &&
    storage.offset + storage.byteLength <= source.byteLength;
  if (!isInside) {
    return {
      code: 'storage-range',
      message: `the values should be at bytes ${storage.offset} to ${storage.offset + storage.byteLength} of a file of ${source.byteLength}`,
    };
  }
  if (elementCount === 0) return undefined;
  if (!storage.strides) {
    return lengthFault(tensor.dtype, storage, (storage.elementOffset ?? 0) + elementCount);
  }
  const { strides } = storage;
  if (strides.length !== tensor.shape.length) {
    return { code: 'strides', message: `${strides.length} strides for ${tensor.shape.length} dimensions` };
  }
  let first = BigInt(storage.elementOffset ?? 0);
  let last = first;
  tensor.shape.forEach((dimension, axis) => {
    const reach = BigInt(dimension - 1) * BigInt(strides[axis]!);
    if (reach < 0n) first += reach;
    else last += reach;
  });
  const elements = last >= BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(last) + 1;
  return first < 0n ? outside(elements, storage) : lengthFault(tensor.dtype, storage, elements);
}

/** Whether so many elements fit into the storage. */
function lengthFault(dtype: string, storage: DenseStorage, elements: number): Fault | undefined {
  const wanted =
    elements > Number.MAX_SAFE_INTEGER
      ? Infinity
      : storage.isUnpacked
        ? elements
        : byteLengthOf(dtype, elements);
  return wanted <= storage.byteLength ? undefined : outside(wanted, storage);
}

function outside(wanted: number, storage: DenseStorage): Fault {
  return {
    code: 'storage-range',
    message: `the last element ends at byte ${wanted} of a storage of ${storage.byteLength}`,
  };
}

function withDistinctNames(tensors: readonly StoredTensor[], problems: Problem[]): readonly StoredTensor[] {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return tensors.map((tensor) => {
    if (!taken.has(tensor.name)) {
      taken.add(tensor.name);
      return tensor;
    }
    let count = counts.get(tensor.name) ?? 1;
    let name: string;
    do name = `${tensor.name}#${++count}`;
    while (taken.has(name));
    counts.set(tensor.name, count);
    taken.add(name);
    problems.push({
      code: 'duplicate-name',
      message: `a second tensor is called ${tensor.name}`,
      tensor: name,
    });
    return { ...tensor, name };
  });
}
