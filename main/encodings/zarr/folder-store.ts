import type { Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import { STORE_DEPTH, STORE_KEYS } from '#main/bytes/limits.ts';
import { restingSource } from '#main/bytes/resting-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { StoredValue, ZarrStore } from '#main/encodings/zarr/store.ts';
import { AppError } from '#shared/errors.ts';

/**
 * Files below a folder by their paths. Links to folders are not followed.
 * @param only folders at the top that are looked into; all when absent.
 * @param sources files that are looked up are opened once and added here; their owner closes them.
 * @throws AppError `limit` for folders without end, `io`.
 */
export async function folderStore(
  folder: Folder,
  sources: ByteSource[],
  only?: ReadonlySet<string>,
): Promise<ZarrStore> {
  const keys = await pathsBelow(folder, only);
  const values = new Map<string, Promise<StoredValue>>();

  const open = async (key: string): Promise<StoredValue> => {
    const source = await restingSource(await openWithin(folder, key));
    const number = sources.push(source) - 1;
    return { source, number, offset: 0, byteLength: source.byteLength };
  };

  return {
    keys,
    locate: (key) => {
      const known = values.get(key) ?? open(key);
      values.set(key, known);
      return known;
    },
  };
}

async function pathsBelow(folder: Folder, only: ReadonlySet<string> | undefined): Promise<string[]> {
  const paths: string[] = [];
  const left: { readonly folder: Folder; readonly prefix: string; readonly depth: number }[] = [
    { folder, prefix: '', depth: 0 },
  ];
  for (let next = left.pop(); next; next = left.pop()) {
    for (const { name, isFolder } of await next.folder.list()) {
      if (only && next.depth === 0 && !only.has(name)) continue;
      const path = `${next.prefix}${name}`;
      if (!isFolder) paths.push(path);
      else if (next.depth < STORE_DEPTH)
        left.push({ folder: next.folder.folder(name), prefix: `${path}/`, depth: next.depth + 1 });
      else throw tooMuch(folder, `folders nested deeper than ${STORE_DEPTH}`);
      if (paths.length > STORE_KEYS) throw tooMuch(folder, `more than ${STORE_KEYS} files`);
    }
  }
  return paths;
}

function tooMuch(folder: Folder, what: string): AppError {
  return new AppError('limit', `the folder holds ${what}`, { file: folder.name });
}
