import { basename, dirname, join } from 'node:path';

import { temporaryPrefix } from '#main/bytes/pending-file.ts';
import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { syncFolder } from '#main/bytes/sync-folder.ts';
import { systemError } from '#main/bytes/system-error.ts';

/** Deletes a file; one that is gone already is no error. @throws AppError `io`. */
export function removeFileSync(path: string, system: FileSystem = nodeFileSystem): void {
  try {
    system.unlink(path);
  } catch (error) {
    const mapped = systemError(error, 'deleting', basename(path));
    if (mapped.code !== 'not-found') throw mapped;
  }
}

/**
 * Renames a damaged file to `<name>.damaged` (`.damaged-2` and so on where that is taken), so that it is
 * neither lost nor in the way. @returns the new base name. @throws AppError `io`.
 */
export function setAsideSync(path: string, system: FileSystem = nodeFileSystem): string {
  try {
    let target = `${path}.damaged`;
    for (let count = 2; system.exists(target); count++) target = `${path}.damaged-${count}`;
    system.rename(path, target);
    // whatever takes the old name next must not be able to come first
    syncFolder(dirname(path), system);
    return basename(target);
  } catch (error) {
    throw systemError(error, 'setting aside', basename(path));
  }
}

/** Deletes the temporary files that a killed process of this tag left in a folder, and no others. @throws AppError `io`. */
export function removeTemporariesSync(
  folder: string,
  tag: string,
  system: FileSystem = nodeFileSystem,
): void {
  let names: readonly string[];
  try {
    names = system.list(folder);
  } catch (error) {
    throw systemError(error, 'listing', basename(folder));
  }
  for (const name of names) {
    if (name.startsWith(temporaryPrefix(tag))) removeFileSync(join(folder, name), system);
  }
}
