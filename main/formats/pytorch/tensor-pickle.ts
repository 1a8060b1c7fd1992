// Tensors that pickle itself has written: torch/storage.py, `TypedStorage.__reduce__` and `_load_from_bytes`.
import { PICKLED_ARRAY_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import type { PickledFile } from '#main/encodings/ndarray/pickled-file.ts';
import { bytesOf, spanOf } from '#main/encodings/pickle/content.ts';
import { asKind, itemsOf, type PickleCall, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { pickleOwner, TENSOR_BYTES } from '#main/encodings/pickle/pickle-owner.ts';
import type { Pickle } from '#main/encodings/pickle/pickle.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import type { FileInput } from '#main/formats/input.ts';
import { checksumsOf, checksumsOver } from '#main/formats/pickled-tensors.ts';
import { readObjectGraph } from '#main/formats/pytorch/object-graph.ts';
import { visitObjects } from '#main/formats/pytorch/persistent-ids.ts';
import type { PlacedStorage } from '#main/formats/pytorch/storages.ts';
import { readStream } from '#main/formats/pytorch/stream-file.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** The file as a pickle that holds tensors, each storage being a file of torch.save's in its bytes; undefined for other files. */
export async function tensorPickle(input: FileInput): Promise<PickledFile | undefined> {
  const file = await input.pickle();
  if (!file || pickleOwner(file.reading) !== 'pytorch') return undefined;
  return file.reading.imports.some(({ name }) => name === TENSOR_BYTES) ? file : undefined;
}

/** Opens a file that `tensorPickle` has recognised. */
export async function openTensorPickle(input: FileInput, file: PickledFile): Promise<Checkpoint> {
  const { reading, source, packing } = file;
  if (reading.fault) throw reading.fault;
  const pickle = reading as Pickle;
  const sources = sourceList(input.source);
  const problems: Problem[] = [];
  const checksums = checksumsOf(file, sources.place(source, 0).source);
  const placed = new Map<string, PlacedStorage>();
  for (const call of callsIn(pickle.root)) {
    const key = `bytes ${placed.size}`;
    const storage = await embeddedStorage(call, source, key, problems);
    if (!storage) continue;
    const at = sources.place(storage.source, storage.offset);
    const own = checksumsOver({ ...at, byteLength: storage.byteLength }, checksums);
    placed.set(key, { ...storage, checksums: own });
  }
  if (pickle.end < source.byteLength) {
    const message = `${source.byteLength - pickle.end} bytes follow the pickle`;
    problems.push({ code: 'trailing-bytes', message, offset: pickle.end });
  }
  const storages = {
    sources,
    pickleChecksums: checksums,
    find: async ({ key }: { readonly key: string }): Promise<PlacedStorage> => {
      const storage = placed.get(key);
      if (storage) return storage;
      throw new AppError('corrupt', `the storage in ${key} cannot be read`);
    },
  };
  const graph = await readObjectGraph(pickle, { storages, pickleSource: source, problems });
  return {
    format: 'pytorch',
    dialect: `PyTorch tensors in a Python pickle, protocol ${pickle.protocol}${packing === 'none' ? '' : `, packed by ${packing}`}`,
    ...graph,
    sources: sources.sources,
    regions: packing === 'none' ? [{ source: 0, begin: 0, end: pickle.end, label: 'pickle' }] : [],
    imports: pickle.imports.map((imported) => ({ ...imported, stream: input.name })),
    problems,
  };
}

function callsIn(root: PickleNode): readonly PickleCall[] {
  const calls: PickleCall[] = [];
  visitObjects(root, (node) => {
    if (node.kind === 'call' && asKind(node.callable, 'global')?.name === TENSOR_BYTES) calls.push(node);
  });
  return calls;
}

/** Reads the stream in the bytes of a call, and makes the call stand for the one storage in it. */
async function embeddedStorage(
  call: PickleCall,
  source: ByteSource,
  key: string,
  problems: Problem[],
): Promise<Omit<PlacedStorage, 'checksums'> | undefined> {
  const bytes = itemsOf(call.args)?.[0];
  try {
    if (bytes === undefined) throw new AppError('corrupt', 'a storage has no bytes');
    const { object, placed } = await readStream(await streamOf(bytes, source), problems);
    const [tag, storageClass, own, location, count] = itemsOf(asKind(object.root, 'persistent')?.id) ?? [];
    const [storage] = placed.values();
    if (!storage || own === undefined) throw new AppError('corrupt', 'the bytes of a storage hold none');
    const text = { kind: 'text', value: key, spelling: 'utf8', offset: call.offset, byteLength: 0 } as const;
    call.inserted = {
      kind: 'persistent',
      id: {
        kind: 'tuple',
        items: [tag ?? null, storageClass ?? null, text, location ?? null, count ?? null],
      },
    };
    return storage;
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'io' || error.code === 'cancelled') throw error;
    problems.push({ code: error.code, message: error.message, offset: call.offset });
    return undefined;
  }
}

/** In place where the pickle has the bytes as they are. */
async function streamOf(bytes: PickleNode, source: ByteSource): Promise<ByteSource> {
  const span = spanOf(bytes);
  if (span) return spanSource(source, span.offset, span.byteLength);
  return memorySource(await bytesOf(bytes, source, PICKLED_ARRAY_BYTES), source.name);
}
