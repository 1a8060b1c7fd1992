import {
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  open,
  openSync,
  read,
  type BigIntStats,
} from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';

import { readAll } from '#main/bytes/read-all.ts';
import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { systemError } from '#main/bytes/system-error.ts';
import { AppError, throwIfCancelled } from '#shared/errors.ts';

/** What makes a file the same file as before: if any of these changes, nothing cached about it holds. */
export interface FileIdentity {
  readonly device: string;
  readonly inode: string;
  readonly byteLength: number;
  readonly modifiedNanoseconds: string;
}

export interface FileSource extends ByteSource {
  /** The identity now, for noticing a file that changes while it is read. */
  identify(): Promise<FileIdentity>;
}

// opening a FIFO would block for ever without O_NONBLOCK
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a regular file for reading by position.
 * Pipes and devices are refused rather than waited for.
 * @throws AppError `not-found`, `io`, or `unsupported` for anything that is no regular file.
 */
export async function fileSource(path: string): Promise<FileSource> {
  const name = basename(path);
  const descriptor = await promisify(open)(path, FLAGS).catch((error: unknown) => {
    throw systemError(error, 'opening', name);
  });
  try {
    return sourceOver(descriptor, path, await identify(descriptor));
  } catch (error) {
    await promisify(close)(descriptor);
    throw error;
  }
}

/** As `fileSource`, before it returns: for threads that open a file again for each of its many tensors. */
export function fileSourceNow(path: string): FileSource {
  const name = basename(path);
  let descriptor: number;
  try {
    descriptor = openSync(path, FLAGS);
  } catch (error) {
    throw systemError(error, 'opening', name);
  }
  try {
    return sourceOver(descriptor, path, identityOf(fstatSync(descriptor, { bigint: true })));
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function sourceOver(descriptor: number, path: string, identity: FileIdentity): FileSource {
  const name = basename(path);
  const { byteLength } = identity;
  let isOpen = true;
  /** What the system has still to do with the descriptor. */
  const underWay = new Set<Promise<unknown>>();

  // the system gives a descriptor that is free to the next file
  function requireOpen(): void {
    if (!isOpen) throw wasClosed(name);
  }

  async function whileOpen<Result>(run: () => Promise<Result>): Promise<Result> {
    requireOpen();
    const result = run();
    underWay.add(result);
    try {
      return await result;
    } finally {
      underWay.delete(result);
    }
  }

  return {
    name,
    byteLength,
    description: { kind: 'file', path, byteLength },
    identify: () => whileOpen(() => identify(descriptor)),
    read: (offset, length, signal) =>
      whileOpen(() => readExactly(descriptor, name, byteLength, offset, length, signal)),
    readInto: (offset, target) => {
      requireOpen();
      readNow(descriptor, name, byteLength, offset, target);
    },
    checkUnchanged: async () => {
      requireOpen();
      checkSame(name, identity, identityOf(fstatSync(descriptor, { bigint: true })));
    },
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      if (underWay.size > 0) await Promise.allSettled(underWay);
      closeSync(descriptor);
    },
  };
}

async function identify(descriptor: number): Promise<FileIdentity> {
  return identityOf(await promisify(fstat)(descriptor, { bigint: true }));
}

function identityOf(status: BigIntStats): FileIdentity {
  if (!status.isFile()) {
    throw new AppError('unsupported', 'this is no regular file', {
      expected: 'a file or a folder',
      found: status.isDirectory() ? 'a folder' : 'a device, pipe or socket',
    });
  }
  return {
    device: String(status.dev),
    inode: String(status.ino),
    byteLength: Number(status.size),
    modifiedNanoseconds: String(status.mtimeNs),
  };
}

async function readExactly(
  descriptor: number,
  name: string,
  byteLength: number,
  offset: number,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  throwIfCancelled(signal);
  checkRange(name, byteLength, offset, length);
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    let count: number;
    try {
      count = (await promisify(read)(descriptor, bytes, done, length - done, offset + done)).bytesRead;
    } catch (error) {
      throw systemError(error, 'reading', name);
    }
    if (count === 0) throw becameShorter(name, offset, length, done);
    done += count;
  }
  return bytes;
}

function readNow(
  descriptor: number,
  name: string,
  byteLength: number,
  offset: number,
  target: Uint8Array,
): void {
  const length = target.byteLength;
  checkRange(name, byteLength, offset, length);
  let done: number;
  try {
    done = readAll(descriptor, target, offset);
  } catch (error) {
    throw systemError(error, 'reading', name);
  }
  if (done < length) throw becameShorter(name, offset, length, done);
}

function wasClosed(file: string): AppError {
  return new AppError('io', 'the file was closed while it was read', { file, hint: 'open it again' });
}

function becameShorter(file: string, offset: number, length: number, done: number): AppError {
  return new AppError('io', 'the file became shorter while it was read', {
    file,
    offset: offset + done,
    expected: `${length} bytes at offset ${offset}`,
    found: `${done} bytes`,
    hint: 'another program is writing to it; open it again when that is done',
  });
}

function checkSame(file: string, before: FileIdentity, now: FileIdentity): void {
  const isSame =
    before.byteLength === now.byteLength && before.modifiedNanoseconds === now.modifiedNanoseconds;
  if (isSame) return;
  throw new AppError('io', 'the file changed while it was read', {
    file,
    expected: `${before.byteLength} bytes as they were at the start`,
    found: before.byteLength === now.byteLength ? 'other bytes' : `${now.byteLength} bytes`,
    hint: 'another program is writing to it; open it again when that is done',
  });
}
