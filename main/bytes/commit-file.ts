import { basename, dirname } from 'node:path';

import { writeHeadLastSync, type HeadedContent } from '#main/bytes/atomic-write.ts';
import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { openFileDigest } from '#main/bytes/open-file-digest.ts';
import { setAsideSync } from '#main/bytes/own-files.ts';
import type { AtomicWriteOptions, WrittenFile } from '#main/bytes/pending-file.ts';
import { syncFolder } from '#main/bytes/sync-folder.ts';
import { systemError } from '#main/bytes/system-error.ts';

export interface CommittedFile extends WrittenFile {
  /** The new base name of a file that was in the way. */
  readonly setAside?: string;
}

/**
 * Writes a file under a name that is its alone. Where there is one of that name already, it is either the very bytes,
 * as an attempt leaves them whose last step failed, or it is renamed: nothing is ever overwritten.
 * @throws AppError as `writeHeadLastSync` does.
 */
export function commitFileSync(
  path: string,
  content: HeadedContent,
  options: AtomicWriteOptions = {},
): CommittedFile {
  const { fileSystem: system = nodeFileSystem } = options;
  const name = basename(path);
  const call = <Result>(doing: string, work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw systemError(error, doing, name);
    }
  };
  if (!call('looking for', () => system.exists(path))) return writeHeadLastSync(path, content, options);
  const head = content.takeHead();
  const wanted = content.beginDigest([head, ...content.body]);
  const found = call('reading', () => digestOfFile(path, system));
  const sha256 = wanted();
  if (found.sha256 === sha256) {
    call('securing', () => syncFolder(dirname(path), system));
    return found;
  }
  const setAside = setAsideSync(path, system);
  const known: HeadedContent = { ...content, takeHead: () => head, beginDigest: () => () => sha256 };
  return { ...writeHeadLastSync(path, known, options), setAside };
}

/** Reads and syncs it: nobody knows who wrote it, and whether it has reached the disk. */
function digestOfFile(path: string, system: FileSystem): WrittenFile {
  const descriptor = system.openToAppend(path, 0o600);
  try {
    const digest = openFileDigest(descriptor, system);
    system.fsync(descriptor);
    return digest;
  } finally {
    system.close(descriptor);
  }
}
