import type { Folder } from '#main/bytes/folder.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { AppError } from '#shared/errors.ts';

/** Bytes are a file, an object is a folder. */
export interface Tree {
  readonly [name: string]: Uint8Array | Tree;
}

/** A folder in memory that behaves as one on disk does. */
export function memoryFolder(tree: Tree, name = 'folder'): Folder {
  const at = (child: string): Uint8Array | Tree | undefined =>
    Object.hasOwn(tree, child) ? tree[child] : undefined;
  return {
    name,
    list: async () =>
      Object.keys(tree)
        .sort()
        .map((child) => ({ name: child, isFolder: !(at(child) instanceof Uint8Array) })),
    has: async (child) => at(child) !== undefined,
    open: async (child) => {
      const found = at(child);
      if (found instanceof Uint8Array) return memorySource(found, child);
      throw new AppError('not-found', `opening ${child} failed: no such file or folder`, { file: child });
    },
    folder: (child) => {
      const found = at(child);
      return memoryFolder(found === undefined || found instanceof Uint8Array ? {} : found, child);
    },
  };
}
