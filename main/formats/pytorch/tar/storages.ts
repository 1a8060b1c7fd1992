import { TORCH_TAR_OBJECTS } from '#main/bytes/limits.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import { asKind, itemsOf, safeInteger, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { readPickle } from '#main/encodings/pickle/pickle.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import { dtypeByStorageClass } from '#main/formats/pytorch/dtypes.ts';
import { plainText } from '#main/formats/pytorch/id-parts.ts';
import type { PlacedStorage } from '#main/formats/pytorch/storages.ts';
import { endOfPart, readIntegers, readRecord, type TarPart } from '#main/formats/pytorch/tar/records.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

export interface TarStorages {
  /** By key: persistent ids of storages, `('storage', class, key, location, count[, view])`, as the stream format has them. */
  readonly ids: ReadonlyMap<string, PickleNode>;
  readonly placed: ReadonlyMap<string, PlacedStorage>;
}

/** A storage's or tensor's key, which is the address of what was saved: a number, whatever its pickle makes of it. */
export function keyOf(node: PickleNode | undefined): string | undefined {
  return typeof node === 'number' || typeof node === 'bigint' ? String(node) : textOf(node);
}

/** How many records follow. @throws AppError. */
export async function readCount(part: TarPart, what: string): Promise<{ count: number; end: number }> {
  const { root, end } = await readRecord(part, 0);
  const count = safeInteger(root);
  if (count === undefined || count < 0 || count > TORCH_TAR_OBJECTS) {
    throw new AppError('corrupt', `the number of ${what} makes no sense`, {
      offset: 0,
      expected: `0 to ${TORCH_TAR_OBJECTS}`,
      found: reprOf(root, 40),
    });
  }
  part.regions.push({ begin: 0, end, label: `number of ${what}` });
  return { count, end };
}

/**
 * The part `storages`: their number; of each a record `(key, location, class)`, the number of its elements as 64 bits, and these;
 * then the views of storages, `[(key, key of what is viewed, offset, count), …]` in elements.
 * Where it ends early or stops making sense, what was read until there is returned, and a problem.
 */
export async function readTarStorages(part: TarPart, problems: Problem[]): Promise<TarStorages> {
  const ids = new Map<string, PickleNode>();
  const placed = new Map<string, PlacedStorage>();
  try {
    const { count, end } = await readCount(part, 'storages');
    let position = end;
    for (let index = 0; index < count; index++) position = await readStorage(part, position, ids, placed);
    await readViews(part, position, ids, placed, problems);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'io' || error.code === 'cancelled') throw error;
    problems.push(endOfPart(part, error));
  }
  return { ids, placed };
}

/** @returns where the storage ends. */
async function readStorage(
  part: TarPart,
  begin: number,
  ids: Map<string, PickleNode>,
  placed: Map<string, PlacedStorage>,
): Promise<number> {
  const { source, isLittle, regions } = part;
  const record = await readRecord(part, begin);
  const [keyNode, location, storageClass] = itemsOf(record.root) ?? [];
  const key = keyOf(keyNode);
  const name = asKind(storageClass, 'global')?.name;
  const dtype = name === undefined ? undefined : dtypeByStorageClass(name);
  if (key === undefined || name === undefined) {
    throw new AppError('corrupt', 'a storage has no proper record', {
      offset: begin,
      expected: '(key, location, class)',
      found: reprOf(record.root, 100),
    });
  }
  if (!dtype) {
    throw new AppError('unsupported', `the storage class ${name} has no dtype here`, {
      offset: begin,
      found: name,
    });
  }
  const [count] = await readIntegers(part, record.end, 1);
  const offset = record.end + 8;
  const byteLength = (count ?? -1) * dtype.itemBytes;
  if (byteLength < 0 || offset + byteLength > source.byteLength) {
    throw new AppError(
      'corrupt',
      `the storage ${key} should have ${count ?? 'countless'} elements, which is more than the file holds`,
      {
        offset: record.end,
      },
    );
  }
  regions.push({ begin, end: offset, label: `record of storage ${key}` });
  regions.push({ begin: offset, end: offset + byteLength, label: `storage ${key}` });
  placed.set(key, { source, offset, byteLength, byteOrder: isLittle ? 'little' : 'big', checksums: [] });
  ids.set(key, storageId(storageClass!, key, location ?? null, count!));
  return offset + byteLength;
}

/** A view is known by a key of its own, and stands for a part of its root. */
async function readViews(
  part: TarPart,
  begin: number,
  ids: Map<string, PickleNode>,
  placed: ReadonlyMap<string, PlacedStorage>,
  problems: Problem[],
): Promise<void> {
  const { source, imports, regions } = part;
  const views = await readPickle(source, { begin });
  for (const imported of views.imports) imports.push({ ...imported, stream: source.name });
  regions.push({ begin, end: views.end, label: 'views of storages' });
  for (const view of itemsOf(views.root) ?? []) {
    const [target, root, offset, count] = itemsOf(view) ?? [];
    const key = keyOf(target);
    const rootKey = keyOf(root) ?? '';
    const whole = placed.has(rootKey) ? itemsOf(asKind(ids.get(rootKey), 'persistent')?.id) : undefined;
    if (key === undefined || whole === undefined || !((safeInteger(offset) ?? -1) >= 0)) {
      const message = `a view of a storage makes no sense: ${reprOf(view, 100)}`;
      problems.push({ code: 'corrupt', message, offset: part.base + begin });
      continue;
    }
    const place: PickleNode = { kind: 'tuple', items: [target!, offset!, count ?? null] };
    if (!placed.has(key))
      ids.set(key, { kind: 'persistent', id: { kind: 'tuple', items: [...whole, place] } });
  }
  if (views.end < source.byteLength) {
    const message = `${source.byteLength - views.end} bytes follow the last storage`;
    problems.push({ code: 'trailing-bytes', message, offset: part.base + views.end });
  }
}

/** The persistent id of a storage. @param count elements. */
export function storageId(
  storageClass: PickleNode,
  key: string,
  location: PickleNode,
  count: number,
): PickleNode {
  return {
    kind: 'persistent',
    id: { kind: 'tuple', items: [plainText('storage'), storageClass, plainText(key), location, count] },
  };
}
