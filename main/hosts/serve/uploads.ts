/** Files that a page sends because its host has no path to them: kept in a temporary folder while the server runs. */
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { AppError } from '#shared/errors.ts';

export interface Uploads {
  /** Writes one file. @returns its path. @throws AppError `invalid-params`, `limit`, `io`. */
  keep(name: string, set: string | undefined, content: Readable): Promise<string>;
  /** Removes everything. */
  clear(): void;
}

/** The largest checkpoints that people have as one file. */
export const MOST_UPLOAD_BYTES = 64 * 1024 ** 3;

/** What every file system of today takes. */
const MOST_NAME_BYTES = 255;

const SET = /^[A-Za-z0-9-]{1,64}$/;

/** @param mostBytes one file may have. */
export function createUploads(mostBytes: number = MOST_UPLOAD_BYTES): Uploads {
  let folder: string | undefined;
  let alone = 0;

  const folderFor = (set: string | undefined): string => {
    // not readable by others: mkdtemp gives 0700
    folder ??= mkdtempSync(join(tmpdir(), 'paramscope-serve-'));
    const own = join(folder, set === undefined ? `file ${(alone += 1)}` : set);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return own;
  };

  return {
    keep: async (name, set, content) => {
      requireBareName(name);
      if (set !== undefined && !SET.test(set)) {
        throw new AppError('invalid-params', 'the name of the set is not valid', { found: set.slice(0, 80) });
      }
      const path = join(folderFor(set), name);
      try {
        await pipeline(
          content,
          limited(mostBytes, name),
          createWriteStream(path, { flags: 'wx', mode: 0o600 }),
        );
      } catch (error) {
        const failure = asAppError(error, name);
        // what was there before under this name stays
        if (failure.fields.found !== 'EEXIST') await rm(path, { force: true });
        throw failure;
      }
      return path;
    },
    clear: () => {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      folder = undefined;
    },
  };
}

function requireBareName(name: string): void {
  const isBare = name !== '' && name !== '.' && name !== '..' && !/[/\\:\0]/.test(name);
  if (isBare && Buffer.byteLength(name) <= MOST_NAME_BYTES) return;
  throw new AppError('invalid-params', 'the file’s name is not valid', {
    expected: 'a bare name of at most 255 bytes',
    found: name.slice(0, 200),
  });
}

/** Passes bytes on until there are too many. */
function limited(mostBytes: number, name: string): Transform {
  let count = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      count += chunk.byteLength;
      if (count <= mostBytes) done(null, chunk);
      else {
        done(
          new AppError('limit', 'the file is too large to be sent through the browser', {
            file: name,
            expected: `at most ${mostBytes} bytes`,
            hint: 'start serve with the folder that holds it, or use the desktop app',
          }),
        );
      }
    },
  });
}

function asAppError(error: unknown, file: string): AppError {
  if (error instanceof AppError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  const [message, hint] = {
    ENOSPC: [
      'the disk of the temporary folder is full',
      'free some space, or start serve with the folder that holds it',
    ],
    EDQUOT: [
      'the quota of the temporary folder is used up',
      'free some space, or start serve with the folder that holds it',
    ],
    EEXIST: ['a file of this name came twice in one drop', 'drop the files of one folder at a time'],
    ERR_STREAM_PREMATURE_CLOSE: ['the browser stopped sending', 'drop it again'],
  }[code] ?? ['the file could not be kept in the temporary folder', 'try it again'];
  return new AppError(
    'io',
    message ?? '',
    { file, found: code, ...(hint === undefined ? {} : { hint }) },
    error,
  );
}
