import { isBareName, type Folder } from '#main/bytes/folder.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError } from '#shared/errors.ts';

/**
 * Opens a file by a path that was found in a file: never outside the folder, neither by name nor through a link.
 * @param path with slashes, relative to the folder.
 * @throws AppError `corrupt` for a path that leads out, `not-found`, `io`.
 */
export async function openWithin(folder: Folder, path: string): Promise<ByteSource> {
  const steps = path.split('/');
  if (!steps.every(isBareName)) throw leadsOut(path);
  let inner = folder;
  for (const [index, step] of steps.entries()) {
    if (!(await inner.has(step))) {
      throw new AppError('not-found', `the file ${path} is not there`, { file: folder.name, found: path });
    }
    if (await inner.leadsOut?.(step)) throw leadsOut(path);
    if (index < steps.length - 1) inner = inner.folder(step);
  }
  return inner.open(steps.at(-1)!);
}

function leadsOut(path: string): AppError {
  return new AppError('corrupt', `the path ${path.slice(0, 200)} leads out of the folder`, {
    expected: 'a path inside the folder',
    found: path.slice(0, 200),
    hint: 'links are followed inside the folder only: put the file itself there, or open it where it really lies',
  });
}

/** Reads a small file of a folder whole. @param most bytes; a longer one is refused before it is read. @throws AppError `limit` and as `openWithin`. */
export async function readWithin(folder: Folder, path: string, most: number): Promise<Uint8Array> {
  const source = await openWithin(folder, path);
  try {
    if (source.byteLength > most) {
      throw new AppError('limit', `the file ${path} is too long for what it should be`, {
        file: source.name,
        expected: `at most ${most} bytes`,
        found: `${source.byteLength} bytes`,
      });
    }
    return await source.read(0, source.byteLength);
  } finally {
    await source.close();
  }
}
