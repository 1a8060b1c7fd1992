import type { Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import { HEAD_BYTES, TAIL_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import { openHdf5, type Hdf5File } from '#main/encodings/hdf5/hdf5.ts';
import { beginsContainer } from '#main/encodings/msgpack/header.ts';
import { readMsgpack, type MsgpackDocument } from '#main/encodings/msgpack/msgpack.ts';
import { openPickledFile, type PickledFile } from '#main/encodings/ndarray/pickled-file.ts';
import { openZip, type ZipArchive } from '#main/encodings/zip/zip.ts';
import { readShardIndex, type ShardIndex } from '#main/formats/shard-index.ts';

/** What a format gets to look at. Each encoding is parsed once, however many formats ask. */
export type FormatInput = FileInput | FolderInput;

export interface FileInput {
  readonly kind: 'file';
  /** Base name: for finding siblings and for messages, never for telling the format. */
  readonly name: string;
  readonly source: ByteSource;
  /** The folder the file lies in, where there is one. */
  readonly folder?: Folder;
  /** The folders that `folder` lies in, nearest first: a file may lie deep in a checkpoint's folder. */
  readonly around: readonly Folder[];
  /** The first bytes, at most `HEAD_BYTES`. */
  readonly head: Uint8Array;
  /** The last bytes, at most `TAIL_BYTES`. */
  readonly tail: Uint8Array;
  /** The file as a zip, or undefined where it has no central directory. @throws AppError for a damaged one. */
  zip(): Promise<ZipArchive | undefined>;
  /** The file as HDF5, or undefined where it has no signature. @throws AppError for a damaged superblock. */
  hdf5(): Promise<Hdf5File | undefined>;
  /** The file as one MessagePack container and what follows it, or undefined where it begins as none. @throws AppError where it stops being one. */
  msgpack(): Promise<MsgpackDocument | undefined>;
  /** The pickle that the file begins with, packed or not, or undefined where it begins with none. @throws AppError for a damaged packing. */
  pickle(): Promise<PickledFile | undefined>;
  /** The file as the index of a sharded checkpoint, or undefined where it is none. */
  shardIndex(): Promise<ShardIndex | undefined>;
}

export interface FolderInput {
  readonly kind: 'folder';
  readonly name: string;
  readonly folder: Folder;
}

/** Reads head and tail (two reads) and wraps the source. */
export async function fileInput(
  source: ByteSource,
  folder?: Folder,
  around: readonly Folder[] = [],
): Promise<FileInput> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.byteLength));
  const tailLength = Math.min(TAIL_BYTES, source.byteLength);
  const tail = await source.read(source.byteLength - tailLength, tailLength);
  let zip: Promise<ZipArchive | undefined> | undefined;
  let hdf5: Promise<Hdf5File | undefined> | undefined;
  let msgpack: Promise<MsgpackDocument | undefined> | undefined;
  let shardIndex: Promise<ShardIndex | undefined> | undefined;
  let pickle: Promise<PickledFile | undefined> | undefined;
  const openBeside = folder ? (name: string) => openWithin(folder, name) : undefined;
  return {
    kind: 'file',
    name: source.name,
    source,
    ...(folder ? { folder } : {}),
    around,
    head,
    tail,
    zip: () => (zip ??= openZip(source)),
    hdf5: () => (hdf5 ??= openHdf5(source, { head, sources: sourceList(source), openBeside })),
    msgpack: () => (msgpack ??= beginsContainer(head) ? readMsgpack(source) : Promise.resolve(undefined)),
    shardIndex: () => (shardIndex ??= readShardIndex(source, head)),
    pickle: () => (pickle ??= openPickledFile(source, head, tail)),
  };
}

export function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.byteLength >= magic.length && magic.every((byte, index) => bytes[index] === byte);
}
