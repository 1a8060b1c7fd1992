import { mkdir, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';

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
    if (size > most) {
      throw new AppError('limit', 'the file is too long for what it should be', {
        file: name,
        expected: `at most ${most} bytes`,
        found: `${size} bytes`,
      });
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    throw systemError(error, 'reading', name);
  }
}

/** Makes a folder and those above it. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
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
