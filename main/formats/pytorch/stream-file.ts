// PyTorch's stream format, 0.1.10 to 1.5: torch/serialization.py (_legacy_save, _legacy_load).
import { sourceList, type SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import { asKind, itemsOf, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { entriesOf } from '#main/encodings/pickle/object-parts.ts';
import { readPickle, type Pickle } from '#main/encodings/pickle/pickle.ts';
import type { Checkpoint, Region } from '#main/formats/contract.ts';
import { streamDialect } from '#main/formats/pytorch/dialect.ts';
import { idParts } from '#main/formats/pytorch/id-parts.ts';
import { readObjectGraph } from '#main/formats/pytorch/object-graph.ts';
import { findPersistentIds } from '#main/formats/pytorch/persistent-ids.ts';
import { sourceTexts } from '#main/formats/pytorch/source-texts.ts';
import type { PlacedStorage, Storages } from '#main/formats/pytorch/storages.ts';
import { storageIdOf, type StorageId } from '#main/formats/pytorch/tensor-view.ts';
import { metadataFrom, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** 0x1950a86a20f9469cfc6c as protocols 2 to 5 and as protocols 0 and 1 spell it. */
const MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e] as const;
const MAGIC_TEXT = [...Buffer.from('L119547037146038801333356L\n.', 'latin1')];
const PROTO = 0x80;
const FRAME = 0x95;
const FRAME_BYTES = 9;

/** Whether a file begins with the stream format's magic number. */
export function isStreamFile(head: Uint8Array): boolean {
  let at = head[0] === PROTO ? 2 : 0;
  if (head[at] === FRAME) at += FRAME_BYTES;
  const follows = (magic: readonly number[]): boolean =>
    magic.every((byte, index) => head[at + index] === byte);
  return follows(MAGIC) || follows(MAGIC_TEXT);
}

/** What a stream consists of: its pickles, and where its storages are. */
export interface TorchStream {
  readonly pickles: readonly Pickle[];
  readonly object: Pickle;
  readonly isLittle: boolean;
  readonly ids: readonly PickleNode[];
  readonly placed: ReadonlyMap<string, PlacedStorage>;
  /** Where the last storage that could be placed ends, and whether it is the last of all. */
  readonly end: number;
  readonly isWhole: boolean;
}

/** Magic number, protocol, system, object, storage keys: five pickles; then the storages. */
export async function readStream(source: ByteSource, problems: Problem[]): Promise<TorchStream> {
  const pickles: Pickle[] = [];
  for (let index = 0; index < 5; index++)
    pickles.push(await readPickle(source, { begin: pickles.at(-1)?.end ?? 0 }));
  const [, , system, object, keys] = pickles as [Pickle, Pickle, Pickle, Pickle, Pickle];
  const isLittle = isLittleEndian(system.root);
  const ids = findPersistentIds(object.root);
  const places = await placeStorages(source, keys, storageIds(ids), isLittle, problems);
  return { pickles, object, isLittle, ids, ...places };
}

/** Opens a file that is a stream. */
export async function openStreamFile(source: ByteSource): Promise<Checkpoint> {
  const problems: Problem[] = [];
  const { pickles, object, isLittle, ids, placed, end, isWhole } = await readStream(source, problems);
  const sources = sourceList(source);
  if (isWhole && end < source.byteLength) {
    const message = `${source.byteLength - end} bytes follow the last storage`;
    problems.push({ code: 'trailing-bytes', message, offset: end });
  }
  const storages = storagesOf(placed, sources);
  const graph = await readObjectGraph(object, { storages, pickleSource: source, problems });
  return {
    format: 'pytorch',
    dialect: streamDialect(isLittle, graph.metadata),
    ...graph,
    metadata: metadataFrom([...Object.entries(graph.metadata), ...sourceTexts(ids)]),
    sources: sources.sources,
    regions: regionsOf(pickles, placed, end),
    imports: pickles.flatMap(({ imports }) =>
      imports.map((imported) => ({ ...imported, stream: source.name })),
    ),
    problems,
  };
}

function isLittleEndian(system: PickleNode): boolean {
  const dict = asKind(system, 'dict');
  return new Map(dict ? entriesOf(dict) : []).get('little_endian') !== false;
}

/** Storages by key: the tensors tell how wide their elements are. */
function storageIds(ids: readonly PickleNode[]): ReadonlyMap<string, StorageId> {
  const byKey = new Map<string, StorageId>();
  for (const id of ids) {
    if (textOf(idParts(id)[0]) !== 'storage') continue;
    const storage = storageIdOf({ kind: 'persistent', id });
    byKey.set(storage.key, storage);
  }
  return byKey;
}

/** Each storage is its number of elements, as 64 bits, and the elements. */
async function placeStorages(
  source: ByteSource,
  keys: Pickle,
  ids: ReadonlyMap<string, StorageId>,
  isLittle: boolean,
  problems: Problem[],
): Promise<{ placed: Map<string, PlacedStorage>; end: number; isWhole: boolean }> {
  const placed = new Map<string, PlacedStorage>();
  let position = keys.end;
  const nodes = itemsOf(keys.root) ?? [];
  for (const node of nodes) {
    const key = textOf(node) ?? '';
    const id = ids.get(key);
    const fault = (message: string): void =>
      void problems.push({ code: 'corrupt', message, offset: position });
    if (!id) {
      fault(`the storage ${key} belongs to no tensor, so its length is not known; nothing behind it is read`);
      break;
    }
    if (position + 8 > source.byteLength) {
      fault(`the file ends before the storage ${key}`);
      break;
    }
    const head = await source.read(position, 8);
    const count = Number(new DataView(head.buffer, head.byteOffset, 8).getBigInt64(0, isLittle));
    const byteLength = count * id.dtype.itemBytes;
    const offset = position + 8;
    if (count < 0 || offset + byteLength > source.byteLength) {
      fault(`the storage ${key} should have ${count} elements, which is more than the file holds`);
      break;
    }
    placed.set(key, { source, offset, byteLength, byteOrder: isLittle ? 'little' : 'big', checksums: [] });
    position = offset + byteLength;
  }
  return { placed, end: position, isWhole: placed.size === nodes.length };
}

function storagesOf(placed: ReadonlyMap<string, PlacedStorage>, sources: SourceList): Storages {
  return {
    sources,
    pickleChecksums: [],
    find: async (id) => {
      const storage = placed.get(id.key);
      if (storage) return storage;
      throw new AppError('corrupt', `the storage ${id.key} is missing from the file`, { expected: id.key });
    },
  };
}

function regionsOf(
  pickles: readonly Pickle[],
  placed: ReadonlyMap<string, PlacedStorage>,
  end: number,
): readonly Region[] {
  const labels = ['magic number', 'protocol version', 'system', 'pickle', 'storage keys'];
  const heads = pickles.map((pickle, index) => ({
    source: 0,
    begin: pickle.begin,
    end: pickle.end,
    label: labels[index]!,
  }));
  const storages = [...placed].map(([key, { offset, byteLength }]) => ({
    source: 0,
    begin: offset,
    end: Math.min(end, offset + byteLength),
    label: `storage ${key}`,
  }));
  return [...heads, ...storages];
}
