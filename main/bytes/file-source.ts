import { constants, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';

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

/**
 * Opens a regular file for reading by position.
 * Pipes and devices are refused rather than waited for.
 * @throws AppError `not-found`, `io`, or `unsupported` for anything that is no regular file.
 */
export async function fileSource(path: string): Promise<FileSource> {
  const name = basename(path);
  const handle = await openHandle(path, name);
  try {
    const identity = await identify(handle);
    return {
      name,
      byteLength: identity.byteLength,
      description: { kind: 'file', path, byteLength: identity.byteLength },
      identify: () => identify(handle),
      read: (offset, length, signal) =>
        readExactly(handle, name, identity.byteLength, offset, length, signal),
      readInto: (offset, target) => readNow(handle.fd, name, identity.byteLength, offset, target),
      checkUnchanged: async () => checkSame(name, identity, await identify(handle)),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openHandle(path: string, name: string): Promise<FileHandle> {
  try {
    // opening a FIFO would block for ever without O_NONBLOCK
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw systemError(error, 'opening', name);
  }
}

async function identify(handle: FileHandle): Promise<FileIdentity> {
  const status = await handle.stat({ bigint: true });
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
  handle: FileHandle,
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
      count = (await handle.read(bytes, done, length - done, offset + done)).bytesRead;
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
  let done = 0;
  while (done < length) {
    let count: number;
    try {
      count = readSync(descriptor, target, done, length - done, offset + done);
    } catch (error) {
      throw systemError(error, 'reading', name);
    }
    if (count === 0) throw becameShorter(name, offset, length, done);
    done += count;
  }
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
