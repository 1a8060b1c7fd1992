import { dirname } from 'node:path';

import type { FileSystem } from '#main/bytes/file-system.ts';

/** What file systems say that cannot sync folders, and need not. */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Returns once the names in a folder would survive a power cut. Windows writes them through by itself.
 * Throws what the file system throws.
 */
export function syncFolder(folder: string, system: FileSystem): void {
  if (process.platform === 'win32') return;
  const opened = system.openFolder(folder);
  try {
    system.fsync(opened);
  } catch (error) {
    if (!NO_FOLDER_SYNC.has((error as { code?: string }).code ?? '')) throw error;
  } finally {
    system.close(opened);
  }
}

/** Makes a folder, and those above it, so that a power cut does not take it away again. Throws what the file system throws. */
export function makeFolderDurably(path: string, system: FileSystem): void {
  const first = system.makeFolder(path);
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    syncFolder(dirname(made), system);
    if (made === first || made === dirname(made)) return;
  }
}
