import { textOf } from '#main/encodings/pickle/content.ts';
import type { PickleNode } from '#main/encodings/pickle/nodes.ts';
import { entryChecksums, type TorchArchive } from '#main/formats/pytorch/archive.ts';
import { idParts } from '#main/formats/pytorch/id-parts.ts';
import { findPersistentIds } from '#main/formats/pytorch/persistent-ids.ts';
import type { PlacedStorage, Storages } from '#main/formats/pytorch/storages.ts';
import type { Checksum } from '#main/formats/contract.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

export interface ArchiveStorages extends Storages {
  /** Names of the entries that a tensor asked for. */
  readonly used: ReadonlySet<string>;
}

/**
 * The entries of an archive as storages.
 * @param folders within the archive's own that they lie in, with their slashes, the likeliest first.
 * @param pickleChecksums over the pickle that names the storages.
 * @param ending of an entry's name behind the storage's key.
 */
export function archiveStorages(
  archive: TorchArchive,
  folders: readonly [string, ...string[]],
  pickleChecksums: readonly Checksum[],
  ending = '',
): ArchiveStorages {
  const { zip, prefix, sources, byteOrder } = archive;
  const placed = new Map<string, Promise<PlacedStorage>>();
  const used = new Set<string>();

  async function place(name: string): Promise<PlacedStorage> {
    const entry = zip.find(name);
    if (!entry) {
      throw new AppError('corrupt', `the storage ${name} is missing from the archive`, { expected: name });
    }
    const source = await zip.source(entry);
    return {
      source,
      offset: 0,
      byteLength: entry.byteLength,
      byteOrder,
      checksums: entryChecksums(entry, source, sources),
    };
  }

  return {
    sources,
    used,
    pickleChecksums,
    find: async (id) => {
      const names = folders.map((folder) => `${prefix}${folder}${id.key}${ending}`);
      const name = names.find((candidate) => zip.find(candidate)) ?? names[0]!;
      used.add(name);
      if (!placed.has(name)) placed.set(name, place(name));
      const storage = await placed.get(name)!;
      if (id.byteLength <= storage.byteLength) return storage;
      throw new AppError('corrupt', `the storage ${name} is shorter than its tensors say`, {
        expected: `${id.byteLength} bytes`,
        found: `${storage.byteLength} bytes`,
      });
    },
  };
}

/** A problem where a folder of the archive has storages that no tensor has. */
export function unusedStorages(
  { zip, prefix }: TorchArchive,
  folder: string,
  used: ReadonlySet<string>,
  ending = '',
): readonly Problem[] {
  const unused = zip.entries.filter(
    ({ name }) => name.startsWith(`${prefix}${folder}`) && name.endsWith(ending) && !used.has(name),
  );
  if (unused.length === 0) return [];
  const names = unused.slice(0, 3).map(({ name }) => name.slice(prefix.length));
  const message = `${unused.length} of the storages belong to no tensor: ${names.join(', ')}${unused.length > 3 ? ', …' : ''}`;
  return [{ code: 'unused-storage', message, offset: unused[0]!.headerOffset }];
}

/** Entries that hold the storages which a pickle names, those of tensors that are not listed included: a mesh of processes has its numbers in one, mobile code its constants. */
export function namedStorages(root: PickleNode, { prefix }: TorchArchive): readonly string[] {
  return findPersistentIds(root).flatMap((id) => {
    const key = textOf(idParts(id)[2]);
    return key === undefined ? [] : ['constants/', 'data/'].map((folder) => `${prefix}${folder}${key}`);
  });
}
