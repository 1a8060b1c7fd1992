import type { Folder } from '#main/bytes/folder.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { MANIFEST_NAME, openOcdbt, type OcdbtDatabase } from '#main/encodings/ocdbt/ocdbt.ts';
import { folderStore } from '#main/encodings/zarr/folder-store.ts';
import type { StoredValue, ZarrStore } from '#main/encodings/zarr/store.ts';
import type { Region } from '#main/formats/contract.ts';
import { PROCESS } from '#main/formats/orbax/member-names.ts';
import { metadataFrom, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

export interface ItemStore extends ZarrStore {
  readonly kind: string;
  readonly regions: readonly Region[];
  readonly problems: readonly Problem[];
  readonly metadata: readonly (readonly [string, MetadataValue])[];
}

/**
 * What an item's arrays lie in: a database, those of its processes where they were not put together, or folders.
 * @param sources what is opened is added here.
 */
export async function openItemStore(folder: Folder, sources: ByteSource[]): Promise<ItemStore> {
  const entries = await folder.list();
  if (entries.some(({ name, isFolder }) => !isFolder && name === MANIFEST_NAME)) {
    return databaseStore([await openOcdbt(folder, sources)], []);
  }
  const processes = entries.filter(({ name, isFolder }) => isFolder && PROCESS.test(name));
  if (processes.length > 0)
    return openProcesses(
      folder,
      processes.map(({ name }) => name),
      sources,
    );
  return {
    ...(await folderStore(folder, sources)),
    kind: 'folders of',
    regions: [],
    problems: [],
    metadata: [],
  };
}

async function openProcesses(
  folder: Folder,
  names: readonly string[],
  sources: ByteSource[],
): Promise<ItemStore> {
  const databases: OcdbtDatabase[] = [];
  const problems: Problem[] = [
    {
      code: 'interrupted',
      message: 'what the processes wrote was never put together: the save did not come to its end',
    },
  ];
  for (const name of names) {
    try {
      databases.push(await openOcdbt(folder.folder(name), sources));
    } catch (error) {
      if (!isAppError(error) || error.code === 'io') throw error;
      problems.push({ code: 'missing-part', message: `${name}: ${error.message}` });
    }
  }
  return databaseStore(databases, problems);
}

/** Keys that several databases have are the first one's. */
function databaseStore(databases: readonly OcdbtDatabase[], problems: readonly Problem[]): ItemStore {
  const owners = new Map<string, OcdbtDatabase>();
  for (const database of [...databases].reverse()) for (const key of database.keys) owners.set(key, database);
  const locate = async (key: string): Promise<StoredValue> => {
    const owner = owners.get(key);
    if (!owner) throw new AppError('not-found', `the database has no ${key.slice(0, 200)}`);
    return owner.locate(key);
  };
  const newest = databases[0]?.manifest.newest;
  return {
    keys: [...owners.keys()],
    locate,
    kind: 'OCDBT of',
    regions: databases.flatMap(({ nodes }) =>
      nodes.map(({ number, begin, end }) => ({ source: number, begin, end, label: 'keys and places' })),
    ),
    problems: [...problems, ...databases.flatMap((database) => database.problems)],
    metadata: newest
      ? [
          [
            'ocdbt',
            metadataFrom([
              ['generation', newest.generation],
              ['committed', new Date(newest.commitTime).toISOString()],
            ]),
          ],
        ]
      : [],
  };
}
