import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';

import { fileSource } from '#main/bytes/file-source.ts';
import { FOLDERS_AROUND } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { systemError } from '#main/bytes/system-error.ts';
import { AppError } from '#shared/errors.ts';

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A folder seen by formats: siblings by bare name, nothing outside it. */
export interface Folder {
  /** Base name of the folder itself. */
  readonly name: string;
  /** Entries in name order; dangling links are left out. */
  list(): Promise<readonly FolderEntry[]>;
  has(name: string): Promise<boolean>;
  /** Opens a file of this folder. @throws AppError `corrupt` for a name that is not bare, `not-found`, `io`. */
  open(name: string): Promise<ByteSource>;
  /** A folder inside this one, by bare name. */
  folder(name: string): Folder;
  /** Whether a name is a link to a place outside the folder, that of Hugging Face's cache counted as inside; absent where there are no links. */
  leadsOut?(name: string): Promise<boolean>;
}

/**
 * Whether a name found in a file names something directly inside a folder:
 * no separators, no parent, no drive or stream.
 */
export function isBareName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\:\0]/.test(name);
}

function requireBareName(name: string, folder: string): string {
  if (isBareName(name)) return name;
  throw new AppError('corrupt', 'the file points outside its folder', {
    file: folder,
    expected: 'the bare name of a file beside it',
    found: name.slice(0, 200),
  });
}

export function folderAt(path: string): Folder {
  const name = basename(path);
  return {
    name,
    list: async () => {
      try {
        const entries = await readdir(path, { withFileTypes: true });
        return entries
          .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      } catch (error) {
        throw systemError(error, 'listing', name);
      }
    },
    has: async (child) => {
      if (!isBareName(child)) return false;
      return stat(join(path, child)).then(
        () => true,
        () => false,
      );
    },
    open: (child) => fileSource(join(path, requireBareName(child, name))),
    folder: (child) => folderAt(join(path, requireBareName(child, name))),
    leadsOut: async (child) => {
      try {
        const own = await realpath(path);
        const target = await realpath(join(path, requireBareName(child, name)));
        const way = relative(own, target);
        const isOutside = /^\.\.([/\\]|$)/.test(way) || isAbsolute(way);
        return isOutside && !isBlobOfHub(own, target);
      } catch (error) {
        throw systemError(error, 'opening', child);
      }
    },
  };
}

/** A revision of a repository in Hugging Face's cache: huggingface_hub, "Understand caching". */
const HUB_REVISION =
  /^(.*[/\\](?:models|datasets|spaces)--[^/\\]+)[/\\]snapshots[/\\][0-9a-f]{40}(?=[/\\]|$)/;
const HUB_BLOB = /^[/\\]blobs[/\\](?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** That cache keeps the files of every revision as links to where their contents are, once for all revisions of the repository. */
function isBlobOfHub(folder: string, target: string): boolean {
  const repository = HUB_REVISION.exec(folder)?.[1];
  return (
    repository !== undefined &&
    target.startsWith(repository) &&
    HUB_BLOB.test(target.slice(repository.length))
  );
}

/** The folder that holds a file. */
export function folderOf(path: string): Folder {
  return folderAt(dirname(path));
}

/** The folders that the folder of a file lies in, nearest first, as many as are looked at. */
export function foldersAround(path: string): readonly Folder[] {
  const around: Folder[] = [];
  let inner = dirname(path);
  for (
    let outer = dirname(inner);
    outer !== inner && around.length < FOLDERS_AROUND;
    outer = dirname(inner)
  ) {
    around.push(folderAt(outer));
    inner = outer;
  }
  return around;
}
