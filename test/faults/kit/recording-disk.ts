import { basename } from 'node:path';

import type { FileSystem } from '#main/bytes/file-system.ts';
import type { Folder } from '#main/bytes/folder.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';

/** One change to what is on a disk, or something that was told to a person, in the order in which they happened. */
export type Operation<Mark> =
  | { readonly kind: 'link'; readonly name: string; readonly inode: number }
  /** The second half of a renaming never comes without the first, which is right before it. */
  | { readonly kind: 'remove'; readonly name: string; readonly isRenaming?: true }
  | { readonly kind: 'write'; readonly inode: number; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'sync'; readonly inode: number }
  | { readonly kind: 'sync-folder' }
  | { readonly kind: 'mark'; readonly mark: Mark };

/** One folder in memory that does what a file system does and remembers in which order. */
export interface RecordingDisk<Mark> {
  readonly system: FileSystem;
  readonly folder: Folder;
  readonly operations: readonly Operation<Mark>[];
  mark(mark: Mark): void;
  /** What a process sees: names and contents, nothing lost. */
  image(): ReadonlyMap<string, Uint8Array>;
}

interface OpenFile {
  readonly inode: number;
  readonly isFolder: boolean;
}

const FOLDER = -1;

/** @param initial what is there, all of it durable. */
export function recordingDisk<Mark>(
  initial: ReadonlyMap<string, Uint8Array> = new Map(),
): RecordingDisk<Mark> {
  const operations: Operation<Mark>[] = [];
  const names = new Map<string, number>();
  const contents: Uint8Array[] = [];
  const open = new Map<number, OpenFile>();
  let nextDescriptor = 3;

  for (const [name, bytes] of initial) names.set(name, contents.push(bytes) - 1);

  function inodeOf(path: string): number {
    const inode = names.get(basename(path));
    if (inode === undefined) throw failure('ENOENT');
    return inode;
  }
  function fileOf(descriptor: number): OpenFile {
    const file = open.get(descriptor);
    if (!file) throw failure('EBADF');
    return file;
  }
  function opened(file: OpenFile): number {
    open.set(nextDescriptor, file);
    return nextDescriptor++;
  }
  function link(name: string, inode: number): void {
    names.set(name, inode);
    operations.push({ kind: 'link', name, inode });
  }
  function sync(descriptor: number): void {
    const { inode, isFolder } = fileOf(descriptor);
    operations.push(isFolder ? { kind: 'sync-folder' } : { kind: 'sync', inode });
  }

  const image = () => new Map([...names].map(([name, inode]) => [name, contents[inode]!]));
  const system: FileSystem = {
    create: (path) => {
      if (names.has(basename(path))) throw failure('EEXIST');
      const inode = contents.push(new Uint8Array(0)) - 1;
      link(basename(path), inode);
      return opened({ inode, isFolder: false });
    },
    openToAppend: (path) => {
      const known = names.get(basename(path));
      const inode = known ?? contents.push(new Uint8Array(0)) - 1;
      if (known === undefined) link(basename(path), inode);
      return opened({ inode, isFolder: false });
    },
    openFolder: () => opened({ inode: FOLDER, isFolder: true }),
    byteLength: (descriptor) => contents[fileOf(descriptor).inode]!.byteLength,
    write: (descriptor, bytes, position = contents[fileOf(descriptor).inode]!.byteLength) => {
      const { inode } = fileOf(descriptor);
      const copy = Uint8Array.from(bytes);
      contents[inode] = withWrites(contents[inode]!, [{ position, bytes: copy }]);
      operations.push({ kind: 'write', inode, position, bytes: copy });
      return bytes.byteLength;
    },
    read: (descriptor, into, position) => {
      const part = contents[fileOf(descriptor).inode]!.subarray(position, position + into.byteLength);
      into.set(part);
      return part.byteLength;
    },
    fsync: sync,
    flush: async (descriptor) => sync(descriptor),
    close: (descriptor) => {
      fileOf(descriptor);
      open.delete(descriptor);
    },
    exists: (path) => names.has(basename(path)),
    rename: (from, to) => {
      const inode = inodeOf(from);
      names.delete(basename(from));
      // a power cut may leave both names, the old one or the new one
      link(basename(to), inode);
      operations.push({ kind: 'remove', name: basename(from), isRenaming: true });
    },
    unlink: (path) => {
      inodeOf(path);
      names.delete(basename(path));
      operations.push({ kind: 'remove', name: basename(path) });
    },
    freeBytes: () => undefined,
    list: () => [...names.keys()],
    makeFolder: () => undefined,
    leadsTo: (path, descriptor) => names.get(basename(path)) === fileOf(descriptor).inode,
  };
  return {
    system,
    folder: {
      name: 'run',
      list: () => memoryFolder('run', image()).list(),
      has: (name) => memoryFolder('run', image()).has(name),
      open: (name) => memoryFolder('run', image()).open(name),
      folder: (name) => memoryFolder('run', image()).folder(name),
    },
    operations,
    mark: (mark) => void operations.push({ kind: 'mark', mark }),
    image,
  };
}

/** Bytes at a place in a file. */
export interface Write {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** A file's content after writes, in order; zeros where nothing was written. */
export function withWrites(content: Uint8Array, writes: readonly Write[]): Uint8Array {
  const ends = writes.map(({ position, bytes }) => position + bytes.byteLength);
  const result = new Uint8Array(Math.max(content.byteLength, ...ends));
  result.set(content);
  for (const { position, bytes } of writes) result.set(bytes, position);
  return result;
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: the disk in memory`), { code });
}
