import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';

import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import type { Folder } from '#main/bytes/folder.ts';
import { makeFolderDurably } from '#main/bytes/sync-folder.ts';
import { systemError } from '#main/bytes/system-error.ts';
import { AppError } from '#shared/errors.ts';

/**
 * Reads a small text file whole.
 * @param most bytes; a longer file is refused before it is read.
 * @throws AppError `not-found`, `limit`, `io`.
 */
export async function readSmallText(path: string, most: number): Promise<string> {
  const name = basename(path);
  try {
    const { size } = await stat(path);
    if (size > most) throw tooLong(name, most, size);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw systemError(error, 'reading', name);
  }
}

/** As `readSmallText`, a file of a folder by its bare name. */
export async function readTextIn(folder: Folder, name: string, most: number): Promise<string> {
  const source = await folder.open(name);
  try {
    if (source.byteLength > most) throw tooLong(name, most, source.byteLength);
    return Buffer.from(await source.read(0, source.byteLength)).toString('utf8');
  } finally {
    await source.close();
  }
}

function tooLong(file: string, most: number, found: number): AppError {
  return new AppError('limit', 'the file is too long for what it should be', {
    file,
    expected: `at most ${most} bytes`,
    found: `${found} bytes`,
  });
}

/** Makes a folder and those above it, to stay. @throws AppError `io`. */
export function makeFolder(path: string, system: FileSystem = nodeFileSystem): void {
  try {
    makeFolderDurably(path, system);
  } catch (error) {
    throw systemError(error, 'making the folder', basename(path));
  }
}

export type PathKind = 'file' | 'folder' | 'other' | 'missing';

export async function kindOfPath(path: string): Promise<PathKind> {
  try {
    const status = await stat(path);
    return status.isFile() ? 'file' : status.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    const mapped = systemError(error, 'opening', basename(path));
    if (mapped.code === 'not-found') return 'missing';
    throw mapped;
  }
}

/** Bytes of a file; 0 where it cannot be looked at, which opening it will explain. */
export async function byteLengthOfPath(path: string): Promise<number> {
  return stat(path).then(
    (status) => status.size,
    () => 0,
  );
}
