/**
 * A file appears whole or not at all, and once it is reported it survives a power cut:
 * temporary sibling, write and hash, fsync, read back, rename, fsync of the folder.
 */
import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { WINDOW_BYTES } from '#main/bytes/limits.ts';
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

export interface WrittenFile {
  readonly byteLength: number;
  /** Lower-case hexadecimal SHA-256 of the content. */
  readonly sha256: string;
}

/** Longer files are not read back unless asked for: it would double the time. */
const READ_BACK_BYTES = 64 * 1024 * 1024;

/** How the temporary files of a tag begin, in whatever folder. */
export function temporaryPrefix(tag: string): string {
  return `.paramscope-${tag}-`;
}

/**
 * Writes chunks as they come; the thread is free while the disk syncs.
 * @throws AppError `io` from the system, or what the chunks throw; the file is then as it was before, unless only
 * the last step failed, when the new one is whole and may be lost by a power cut.
 */
export async function writeAtomically(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  options: AtomicWriteOptions = {},
): Promise<WrittenFile> {
  const file = beginFile(path, options);
  try {
    for await (const chunk of chunks) file.write(chunk);
    await file.flush();
    return file.commit();
  } catch (error) {
    throw file.abandon(error);
  }
}

/** As `writeAtomically`, without ever giving the thread back. */
export function writeAtomicallySync(
  path: string,
  chunks: Iterable<Uint8Array>,
  options: AtomicWriteOptions = {},
): WrittenFile {
  const file = beginFile(path, options);
  try {
    for (const chunk of chunks) file.write(chunk);
    return file.commit();
  } catch (error) {
    throw file.abandon(error);
  }
}

interface PendingFile {
  write(chunk: Uint8Array): void;
  flush(): Promise<void>;
  commit(): WrittenFile;
  /** Removes what is left of the attempt. @returns the error to throw. */
  abandon(error: unknown): unknown;
}

function beginFile(path: string, options: AtomicWriteOptions): PendingFile {
  const { isReplacing = false, mode = 0o644, fileSystem: system = nodeFileSystem } = options;
  const name = basename(path);
  const folder = dirname(path);
  const random = randomBytes(8).toString('hex');
  const temporary = join(folder, `${temporaryPrefix(options.tag ?? 'save')}${random}.tmp`);
  const hash = createHash('sha256');
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

  function readBack(expected: string): void {
    const found = createHash('sha256');
    const buffer = new Uint8Array(Math.min(WINDOW_BYTES, byteLength));
    let position = 0;
    for (;;) {
      const count = call('reading back', () => system.read(descriptor!, buffer, position));
      if (count === 0) break;
      found.update(buffer.subarray(0, count));
      position += count;
    }
    if (position === byteLength && found.digest('hex') === expected) return;
    throw new AppError('io', `writing ${name} failed: it does not read back as it was written`, {
      file: name,
      expected: `${byteLength} bytes`,
      found: position === byteLength ? 'other bytes' : `${position} bytes`,
      hint: 'the disk may be failing',
    });
  }

  return {
    write: (chunk) => {
      hash.update(chunk);
      byteLength += chunk.byteLength;
      call('writing', () => writeWhole(system, descriptor!, chunk));
    },
    flush: async () => {
      try {
        await system.flush(descriptor!);
      } catch (error) {
        throw systemError(error, 'securing', name);
      }
    },
    commit: () => {
      const sha256 = hash.digest('hex');
      call('securing', () => system.fsync(descriptor!));
      if (options.isReadBack ?? byteLength < READ_BACK_BYTES) readBack(sha256);
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
