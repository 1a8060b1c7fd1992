import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

/**
 * The system calls that writing needs, and no others: what a test replaces to record them or to let them fail.
 * Each throws what node:fs throws.
 */
export interface FileSystem {
  /** Creates a file that must not exist, for writing and reading. @returns its descriptor. */
  create(path: string, mode: number): number;
  /** Opens a file to add to it, creating it where it is not there. @returns its descriptor, which reads, too. */
  openToAppend(path: string, mode: number): number;
  openFolder(path: string): number;
  /** Bytes of an open file. */
  byteLength(descriptor: number): number;
  /** Writes at a position in bytes, or else at the end of what was written before. @returns bytes taken, which may be fewer. */
  write(descriptor: number, bytes: Uint8Array, position?: number): number;
  /** @returns bytes read; 0 at the end. */
  read(descriptor: number, into: Uint8Array, position: number): number;
  fsync(descriptor: number): void;
  /** As `fsync`, while the thread does something else. */
  flush(descriptor: number): Promise<void>;
  close(descriptor: number): void;
  /** Whether there is anything of this name, dangling links included. */
  exists(path: string): boolean;
  /** Replaces what has the new name. */
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** Bytes that a folder's disk has free for us; undefined where the system does not tell. */
  freeBytes(folder: string): number | undefined;
  /** Base names, in no order. */
  list(folder: string): readonly string[];
  /** Makes a folder and those above it. @returns the topmost one that was made; undefined where all were there. */
  makeFolder(path: string): string | undefined;
  /** Whether a path still leads to an open file. */
  leadsTo(path: string, descriptor: number): boolean;
}

export const nodeFileSystem: FileSystem = {
  create: (path, mode) => openSync(path, 'wx+', mode),
  openToAppend: (path, mode) => openSync(path, 'a+', mode),
  byteLength: (descriptor) => fstatSync(descriptor).size,
  openFolder: (path) => openSync(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0)),
  write: (descriptor, bytes, position) => writeSync(descriptor, bytes, 0, bytes.byteLength, position ?? null),
  read: (descriptor, into, position) => readSync(descriptor, into, 0, into.byteLength, position),
  fsync: fsyncSync,
  flush: (descriptor) =>
    new Promise((resolve, reject) => fsync(descriptor, (error) => (error ? reject(error) : resolve()))),
  close: closeSync,
  exists: (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  rename: renameSync,
  unlink: unlinkSync,
  // older engines cannot ask
  freeBytes: (folder) => {
    const { bavail, bsize } = (statfsSync as typeof statfsSync | undefined)?.(folder) ?? {};
    return bavail === undefined || bsize === undefined ? undefined : bavail * bsize;
  },
  list: (folder) => readdirSync(folder),
  makeFolder: (path) => mkdirSync(path, { recursive: true }),
  leadsTo: (path, descriptor) => {
    const named = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    const open = fstatSync(descriptor, { bigint: true });
    return named !== undefined && named.dev === open.dev && named.ino === open.ino;
  },
};
