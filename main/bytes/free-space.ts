import { basename, dirname } from 'node:path';

import type { FileSystem } from '#main/bytes/file-system.ts';
import { systemError } from '#main/bytes/system-error.ts';
import { formatBytes } from '#shared/display.ts';
import { AppError } from '#shared/errors.ts';

/**
 * Refuses what cannot fit before anything is written; what cannot be asked about is tried.
 * @param path of the file to be written. @throws AppError `io`, found ENOSPC.
 */
export function requireSpace(path: string, byteLength: number, system: FileSystem): void {
  let free: number | undefined;
  try {
    free = system.freeBytes(dirname(path));
  } catch {
    return;
  }
  if (free === undefined || free >= byteLength) return;
  const { code, message, fields } = systemError({ code: 'ENOSPC' }, 'writing', basename(path));
  throw new AppError(code, message, { ...fields, hint: `${formatBytes(free)} are free: make some room` });
}
