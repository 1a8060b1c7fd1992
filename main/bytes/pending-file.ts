import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { openFileDigest, type FileDigest } from '#main/bytes/open-file-digest.ts';
import { syncFolder } from '#main/bytes/sync-folder.ts';
import { systemError } from '#main/bytes/system-error.ts';
import { writeWhole } from '#main/bytes/write-whole.ts';
import { AppError } from '#shared/errors.ts';

export interface AtomicWriteOptions {
  /** Whether a file of this name may be replaced; else it must not exist. */
  readonly isReplacing?: boolean;
  /** Permissions before the process's mask; 0o644 when absent. */
  readonly mode?: number;
  /** What temporary names carry, so that leftovers of a killed process can be told from those of others. */
  readonly tag?: string;
  /** Whether the bytes are read back and compared; when absent, files under 64 MiB are. */
  readonly isReadBack?: boolean;
  readonly fileSystem?: FileSystem;
}

export type WrittenFile = FileDigest;

/** Longer files are not read back unless asked for: it would double the time. */
const READ_BACK_BYTES = 64 * 1024 * 1024;

/** How the temporary files of a tag begin, in whatever folder. */
export function temporaryPrefix(tag: string): string {
  return `.paramscope-${tag}-`;
}

/** A file under a temporary name, on its way to its own. */
export interface PendingFile {
  /** Writes at a position in bytes; the file is as long as its farthest byte. */
  write(chunk: Uint8Array, position: number): void;
  /** Brings what is written to the disk, while the thread does something else. */
  flush(): Promise<void>;
  /** Secures the file and gives it its name. @param takeDigest of its content; called once all of it is on the disk. */
  commit(takeDigest: () => string): WrittenFile;
  /** Removes what is left of the attempt. @returns the error to throw. */
  abandon(error: unknown): unknown;
}

/** @throws AppError `io`, also where the file exists and may not be replaced. */
export function beginFile(path: string, options: AtomicWriteOptions): PendingFile {
  const { isReplacing = false, mode = 0o644, fileSystem: system = nodeFileSystem } = options;
  const name = basename(path);
  const folder = dirname(path);
  const random = randomBytes(8).toString('hex');
  const temporary = join(folder, `${temporaryPrefix(options.tag ?? 'save')}${random}.tmp`);
  let byteLength = 0;

  function call<Result>(doing: string, run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      throw systemError(error, doing, name);
    }
  }

  function refuseExisting(): void {
    if (isReplacing || !call('looking for', () => system.exists(path))) return;
    throw new AppError('io', `writing ${name} failed: a file of this name exists already`, {
      file: name,
      found: 'EEXIST',
      hint: 'choose another name, or remove the file first',
    });
  }

  refuseExisting();
  let descriptor: number | undefined = call('creating', () => system.create(temporary, mode));
  let isTemporaryThere = true;

  function close(): void {
    const open = descriptor;
    // whatever close reports, the descriptor is gone
    descriptor = undefined;
    if (open !== undefined) call('closing', () => system.close(open));
  }

  function requireEqual(found: WrittenFile, sha256: string): void {
    if (found.byteLength === byteLength && found.sha256 === sha256) return;
    throw new AppError('io', `writing ${name} failed: it does not read back as it was written`, {
      file: name,
      expected: `${byteLength} bytes`,
      found: found.byteLength === byteLength ? 'other bytes' : `${found.byteLength} bytes`,
      hint: 'the disk may be failing',
    });
  }

  return {
    write: (chunk, position) => {
      byteLength = Math.max(byteLength, position + chunk.byteLength);
      call('writing', () => writeWhole(system, descriptor!, chunk, position));
    },
    flush: async () => {
      try {
        await system.flush(descriptor!);
      } catch (error) {
        throw systemError(error, 'securing', name);
      }
    },
    commit: (takeDigest) => {
      call('securing', () => system.fsync(descriptor!));
      const isReadBack = options.isReadBack ?? byteLength < READ_BACK_BYTES;
      const found = isReadBack ? call('reading back', () => openFileDigest(descriptor!, system)) : undefined;
      const sha256 = takeDigest();
      if (found) requireEqual(found, sha256);
      close();
      refuseExisting();
      call('renaming', () => system.rename(temporary, path));
      isTemporaryThere = false;
      call('securing', () => syncFolder(folder, system));
      return { byteLength, sha256 };
    },
    abandon: (error) => {
      try {
        close();
      } catch {
        // the first error is the one to tell
      }
      if (!isTemporaryThere) return error;
      try {
        system.unlink(temporary);
        return error;
      } catch {
        const hint = `a temporary file is left behind: ${basename(temporary)}`;
        return error instanceof AppError && error.fields.hint === undefined ? error.with({ hint }) : error;
      }
    },
  };
}
