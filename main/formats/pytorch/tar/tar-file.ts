// PyTorch's tar format, before 0.1.10: torch/serialization.py (legacy_load within _legacy_load), torch/csrc/generic/methods/Tensor.cwrap (_write_metadata).
import { TORCH_TAR_MEMBERS } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import { asKind } from '#main/encodings/pickle/nodes.ts';
import { entriesOf } from '#main/encodings/pickle/object-parts.ts';
import { readPickle } from '#main/encodings/pickle/pickle.ts';
import { beginsTar, readTar, type TarMember, type TarReading } from '#main/encodings/tar/tar.ts';
import type { Checkpoint, PickleImport, Region } from '#main/formats/contract.ts';
import type { FileInput } from '#main/formats/input.ts';
import { tarDialect } from '#main/formats/pytorch/dialect.ts';
import { readObjectGraph } from '#main/formats/pytorch/object-graph.ts';
import { sourceTexts } from '#main/formats/pytorch/source-texts.ts';
import type { PlacedStorage } from '#main/formats/pytorch/storages.ts';
import { linkObjects } from '#main/formats/pytorch/tar/link-objects.ts';
import type { PartRegion, TarPart } from '#main/formats/pytorch/tar/records.ts';
import { readTarStorages, type TarStorages } from '#main/formats/pytorch/tar/storages.ts';
import { EMPTY_STORAGE, readTarTensors } from '#main/formats/pytorch/tar/tensors.ts';
import { metadataFrom, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** In the order in which they are written. `sys_info` is looked at where it is there. */
const PARTS = ['pickle', 'tensors', 'storages'] as const;
const SYSTEM = 'sys_info';

/** The members of a tar archive that has the object and another part of PyTorch's; undefined for other files. */
export async function torchTar(input: FileInput): Promise<TarReading | undefined> {
  if (!beginsTar(input.head)) return undefined;
  const tar = await readTar(input.source, { most: TORCH_TAR_MEMBERS });
  const has = (name: string): boolean => memberOf(tar, name) !== undefined;
  return has('pickle') && [SYSTEM, 'tensors', 'storages'].some(has) ? tar : undefined;
}

/** Of members with one name Python takes the last. */
function memberOf({ members }: TarReading, name: string): TarMember | undefined {
  return members.filter((member) => member.name === name && member.isFile).pop();
}

/**
 * Opens a file that `torchTar` has recognised.
 * @throws AppError `unsupported` where parts are missing, `corrupt`.
 */
export async function openTarFile({ source }: FileInput, tar: TarReading): Promise<Checkpoint> {
  const problems = problemsOf(tar);
  const [object, tensorPart, storagePart] = partsOf(source, tar);
  const imports: PickleImport[] = [];
  const regions: Region[] = [];
  const system = await readSystem(source, tar, imports, regions);
  const part = (one: PlacedPart): TarPart & { regions: PartRegion[] } => ({
    source: one.source,
    base: one.offset,
    isLittle: system.isLittle,
    imports,
    regions: [],
  });
  const storageTable = part(storagePart);
  const storages = await readTarStorages(storageTable, problems);
  const tensorTable = part(tensorPart);
  const tensors = await readTarTensors(tensorTable, storages, problems);
  const pickle = await readPickle(object.source);
  imports.push(...pickle.imports.map((imported) => ({ ...imported, stream: object.source.name })));
  const ids = linkObjects(pickle, storages, tensors, problems);
  const sources = sourceList(source);
  const graph = await readObjectGraph(pickle, {
    storages: { sources, pickleChecksums: [], find: finder(storages) },
    pickleSource: object.source,
    problems,
  });
  regions.push({ source: 0, begin: object.offset, end: object.offset + pickle.end, label: 'pickle' });
  for (const [one, { regions: found }] of [
    [tensorPart, tensorTable],
    [storagePart, storageTable],
  ] as const) {
    for (const { begin, end, label } of found)
      regions.push({ source: 0, begin: one.offset + begin, end: one.offset + end, label });
  }
  return {
    format: 'pytorch',
    dialect: tarDialect(system.isLittle),
    ...graph,
    metadata: metadataFrom([...Object.entries(graph.metadata), ...sourceTexts(ids)]),
    sources: sources.sources,
    regions,
    imports,
    problems,
  };
}

interface PlacedPart {
  readonly source: ByteSource;
  /** Bytes from the beginning of the file. */
  readonly offset: number;
}

function problemsOf({ members, fault }: TarReading): Problem[] {
  const problems: Problem[] = members
    .filter(({ isChecked }) => !isChecked)
    .map(({ name, headerOffset }) => ({
      code: 'tar-checksum',
      message: `the tar header of ${name} does not have the checksum that it states`,
      offset: headerOffset,
    }));
  if (!fault) return problems;
  const { offset } = fault.fields;
  return [
    ...problems,
    { code: fault.code, message: fault.message, ...(offset === undefined ? {} : { offset }) },
  ];
}

/** Where the object, the tensors and the storages are; the last one as far as the file goes. */
function partsOf(source: ByteSource, tar: TarReading): [PlacedPart, PlacedPart, PlacedPart] {
  const missing = PARTS.filter((name) => !memberOf(tar, name));
  if (missing.length > 0) {
    throw new AppError(
      'unsupported',
      `this is a PyTorch tar file (before 0.1.10) with parts missing: ${missing.join(' and ')}`,
      {
        expected: [SYSTEM, ...PARTS].join(', '),
        found: tar.members.map(({ name }) => name).join(', '),
        hint: 'PyTorch itself does not load it either; fetch or save it again',
      },
    );
  }
  return PARTS.map((name) => place(source, memberOf(tar, name)!)) as [PlacedPart, PlacedPart, PlacedPart];
}

function place(source: ByteSource, { name, offset, byteLength }: TarMember): PlacedPart {
  const present = Math.min(byteLength, source.byteLength - offset);
  return { source: spanSource(source, offset, present, name), offset };
}

/** The byte order of the machine that wrote the file, which all numbers outside of pickles have. */
async function readSystem(
  source: ByteSource,
  tar: TarReading,
  imports: PickleImport[],
  regions: Region[],
): Promise<{ isLittle: boolean }> {
  const member = memberOf(tar, SYSTEM);
  if (!member) return { isLittle: true };
  const part = place(source, member);
  const { root, end, imports: found } = await readPickle(part.source);
  imports.push(...found.map((imported) => ({ ...imported, stream: SYSTEM })));
  regions.push({ source: 0, begin: part.offset, end: part.offset + end, label: 'system' });
  const dict = asKind(root, 'dict');
  return { isLittle: new Map(dict ? entriesOf(dict) : []).get('little_endian') !== false };
}

function finder({ placed }: TarStorages): (id: { readonly key: string }) => Promise<PlacedStorage> {
  return async ({ key }) => {
    const storage = placed.get(key);
    if (storage) return storage;
    if (key === EMPTY_STORAGE) return EMPTY;
    throw new AppError('corrupt', `the storage ${key} is missing from the file`, { expected: key });
  };
}

const EMPTY: PlacedStorage = {
  source: memorySource(new Uint8Array(0), 'no storage'),
  offset: 0,
  byteLength: 0,
  byteOrder: 'little',
  checksums: [],
};
