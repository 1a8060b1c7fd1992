import { TENSOR_RANK } from '#main/bytes/limits.ts';
import { asKind, itemsOf, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import { endOfPart, readIntegers, readRecord, type TarPart } from '#main/formats/pytorch/tar/records.ts';
import { keyOf, readCount, storageId, type TarStorages } from '#main/formats/pytorch/tar/storages.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** Bytes of the number of dimensions: 64 bits when written, of which torch reads the lower 32. */
const RANK_BYTES = 8;

/** The key of the storage that tensors without one are given; no address is this. */
export const EMPTY_STORAGE = 'none';

/**
 * The part `tensors`: their number; of each a record `(key, storage key, class)`, the number of dimensions, sizes, strides and the offset.
 * @returns by key what would rebuild the tensor in a newer pickle. Where the part stops making sense, what was read until there, and a problem.
 */
export async function readTarTensors(
  part: TarPart,
  storages: TarStorages,
  problems: Problem[],
): Promise<ReadonlyMap<string, PickleNode>> {
  const tensors = new Map<string, PickleNode>();
  try {
    const { count, end } = await readCount(part, 'tensors');
    let position = end;
    for (let index = 0; index < count; index++)
      position = await readTensor(part, position, storages, tensors);
    if (position < part.source.byteLength) {
      const message = `${part.source.byteLength - position} bytes follow the last tensor`;
      problems.push({ code: 'trailing-bytes', message, offset: part.base + position });
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'io' || error.code === 'cancelled') throw error;
    problems.push(endOfPart(part, error));
  }
  return tensors;
}

/** @returns where the tensor's description ends. */
async function readTensor(
  part: TarPart,
  begin: number,
  storages: TarStorages,
  tensors: Map<string, PickleNode>,
): Promise<number> {
  const { source, isLittle, regions } = part;
  const record = await readRecord(part, begin);
  const [keyNode, storageNode, tensorClass] = itemsOf(record.root) ?? [];
  const key = keyOf(keyNode);
  if (key === undefined || storageNode === undefined) {
    throw new AppError('corrupt', 'a tensor has no proper record', {
      offset: begin,
      expected: '(key, storage key, class)',
      found: reprOf(record.root, 100),
    });
  }
  const rankBytes = await source.read(record.end, RANK_BYTES);
  const rank = new DataView(rankBytes.buffer, rankBytes.byteOffset).getInt32(isLittle ? 0 : 4, isLittle);
  if (rank < 0 || rank > TENSOR_RANK) {
    throw new AppError('corrupt', `the tensor ${key} has ${rank} dimensions`, {
      offset: record.end,
      expected: `0 to ${TENSOR_RANK}`,
      found: String(rank),
    });
  }
  const numbers = await readIntegers(part, record.end + RANK_BYTES, 2 * rank + 1);
  const end = record.end + RANK_BYTES + 8 * numbers.length;
  regions.push({ begin, end, label: `tensor ${key}` });
  const storage = storageOf(storageNode, tensorClass, storages);
  const isEmpty = rank === 0 && elementsOf(storage) === 0;
  tensors.set(
    key,
    rebuilt(
      storage,
      numbers.at(-1),
      // a tensor without dimensions had no elements before there were scalars
      isEmpty ? [0] : numbers.slice(0, rank),
      isEmpty ? [1] : numbers.slice(rank, 2 * rank),
    ),
  );
  return end;
}

/** Where the storage is not in the file, the tensor's class tells the dtype; one that never had elements has none. */
function storageOf(
  node: PickleNode,
  tensorClass: PickleNode | undefined,
  { ids }: TarStorages,
): PickleNode | undefined {
  const key = node === null ? EMPTY_STORAGE : (keyOf(node) ?? '');
  const global = asKind(tensorClass, 'global');
  const found = ids.get(key);
  if (found !== undefined || !global) return found;
  return storageId({ ...global, name: global.name.replace(/Tensor$/, 'Storage') }, key, null, 0);
}

function elementsOf(storage: PickleNode | undefined): PickleNode | undefined {
  return itemsOf(asKind(storage, 'persistent')?.id)?.[4];
}

/** `torch._utils._rebuild_tensor(storage, offset, size, stride)`. */
function rebuilt(
  storage: PickleNode | undefined,
  offset: number | undefined,
  shape: readonly (number | undefined)[],
  strides: readonly (number | undefined)[],
): PickleNode {
  const tuple = (numbers: readonly (number | undefined)[]): PickleNode => ({
    kind: 'tuple',
    items: numbers.map((number) => number ?? -1),
  });
  return {
    kind: 'call',
    opcode: 'REDUCE',
    callable: { kind: 'global', module: 'torch._utils', name: '_rebuild_tensor', offset: 0 },
    args: { kind: 'tuple', items: [storage ?? null, offset ?? -1, tuple(shape), tuple(strides)] },
    offset: 0,
  };
}
