import { randomBytes } from 'node:crypto';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';

import { folderAt } from '#main/bytes/folder.ts';
import { byteLengthOfPath, kindOfPath } from '#main/bytes/small-file.ts';
import type { SettingsStore } from '#main/services/settings.ts';
import { AppError } from '#shared/errors.ts';
import type { FileId, PickedFile } from '#shared/bridge.ts';
import type { FolderListing, ListedFile, RecentFile } from '#shared/commands/file.ts';

/** Which paths the page may use, under names that tell nothing. */
export interface Files {
  grant(path: string): PickedFile;
  /** The id that a path has, or will have when it is granted; it opens nothing by itself. */
  idOf(path: string): FileId;
  addRoot(path: string): PickedFile;
  roots(): readonly PickedFile[];
  /** @throws AppError `invalid-params` for an id that was never given out. */
  pathOf(file: FileId): string;
  /** Whether a path has been given out under an id. */
  isGranted(path: string): boolean;
  nameOf(file: FileId): string;
  list(folder: FileId): Promise<FolderListing>;
  recent(): Promise<readonly RecentFile[]>;
  remember(file: FileId): void;
  forget(file: FileId): void;
}

const MOST_RECENT = 12;
const MOST_LISTED = 5000;

export function createFiles(settings: SettingsStore): Files {
  const paths = new Map<FileId, string>();
  const ids = new Map<string, FileId>();
  const roots: PickedFile[] = [];

  const idOf = (given: string): FileId => {
    const path = resolve(given);
    const file = ids.get(path) ?? randomBytes(16).toString('hex');
    ids.set(path, file);
    return file;
  };

  const grant = (given: string): PickedFile => {
    const path = resolve(given);
    const file = idOf(path);
    paths.set(file, path);
    return { file, name: basename(path) || path };
  };

  const pathOf = (file: FileId): string => {
    const path = paths.get(file);
    if (path === undefined) {
      throw new AppError('invalid-params', 'this file was not opened by you', {
        hint: 'choose it again by dialog or drop',
      });
    }
    return path;
  };

  const recentPaths = () => settings.read().recent ?? [];

  return {
    grant,
    idOf,
    pathOf,
    isGranted: (path) => paths.has(ids.get(resolve(path)) ?? ''),
    nameOf: (file) => basename(pathOf(file)),
    addRoot: (path) => {
      const root = grant(path);
      if (!roots.some(({ file }) => file === root.file)) roots.push(root);
      return root;
    },
    roots: () => roots,
    list: async (folder) => {
      const path = pathOf(folder);
      const entries = await folderAt(path).list();
      // a folder that was opened before may lie elsewhere, and lets nobody walk about there
      const isBelowRoot = roots.some(({ file }) => isBelow(path, pathOf(file)));
      return {
        name: basename(path) || path,
        ...(isBelowRoot ? { parent: grant(dirname(path)).file } : {}),
        entries: await Promise.all(
          entries
            .filter(({ name }) => !name.startsWith('.'))
            .slice(0, MOST_LISTED)
            .map((entry) =>
              listed(grant(resolve(path, entry.name)), resolve(path, entry.name), entry.isFolder),
            ),
        ),
      };
    },
    recent: async () =>
      Promise.all(
        recentPaths().map(async (path) => ({
          ...grant(path),
          folder: basename(dirname(path)),
          isPresent: await kindOfPath(path).then(
            (kind) => kind !== 'missing',
            () => false,
          ),
        })),
      ),
    remember: (file) => {
      const path = pathOf(file);
      settings.update({
        recent: [path, ...recentPaths().filter((other) => other !== path)].slice(0, MOST_RECENT),
      });
    },
    forget: (file) => {
      const path = pathOf(file);
      settings.update({ recent: recentPaths().filter((other) => other !== path) });
    },
  };
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  // to another drive there is no way but the whole path
  return way !== '' && way.split(/[/\\]/, 1)[0] !== '..' && !isAbsolute(way);
}

async function listed(picked: PickedFile, path: string, isFolder: boolean): Promise<ListedFile> {
  return { ...picked, isFolder, byteLength: isFolder ? 0 : await byteLengthOfPath(path) };
}
