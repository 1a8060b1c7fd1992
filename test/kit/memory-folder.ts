import { isBareName, type Folder } from '#main/bytes/folder.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { AppError } from '#shared/errors.ts';

/** A folder that exists in memory only; names with slashes lie in folders inside it. */
export function memoryFolder(name: string, files: ReadonlyMap<string, Uint8Array>): Folder {
  const inside = (child: string) => {
    const prefix = `${child}/`;
    return new Map(
      [...files]
        .filter(([path]) => path.startsWith(prefix))
        .map(([path, bytes]) => [path.slice(prefix.length), bytes]),
    );
  };
  return {
    name,
    list: async () => {
      const names = new Set([...files.keys()].map((path) => path.split('/')[0]!));
      return [...names].sort().map((child) => ({ name: child, isFolder: !files.has(child) }));
    },
    has: async (child) => isBareName(child) && (files.has(child) || inside(child).size > 0),
    open: async (child) => {
      if (!isBareName(child))
        throw new AppError('corrupt', 'the file points outside its folder', { found: child });
      const bytes = files.get(child);
      if (!bytes)
        throw new AppError('not-found', `opening ${child} failed: no such file or folder`, { file: child });
      return memorySource(bytes, child);
    },
    folder: (child) => memoryFolder(child, inside(child)),
  };
}
