import { rm, rmdir } from 'node:fs/promises';
import { basename } from 'node:path';

import { systemError } from '#main/bytes/system-error.ts';

/** Deletes a folder of ours with all that is in it; one that is gone already is no error. @throws AppError `io`. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    throw systemError(error, 'deleting', basename(path));
  }
}

/** @returns whether it is gone; one that holds something stays. @throws AppError `io`. */
export async function removeEmptyFolder(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    // some systems call it so
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw systemError(error, 'deleting', basename(path));
  }
}
