import type { Folder } from '#main/bytes/folder.ts';
import { HEAD_BYTES, TAIL_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { openZip, type ZipArchive } from '#main/encodings/zip/zip.ts';

/** What a format gets to look at. Each encoding is parsed once, however many formats ask. */
export type FormatInput = FileInput | FolderInput;

export interface FileInput {
  readonly kind: 'file';
  /** Base name: for finding siblings and for messages, never for telling the format. */
  readonly name: string;
  readonly source: ByteSource;
  /** The folder the file lies in, where there is one. */
  readonly folder?: Folder;
  /** The first bytes, at most `HEAD_BYTES`. */
  readonly head: Uint8Array;
  /** The last bytes, at most `TAIL_BYTES`. */
  readonly tail: Uint8Array;
  /** The file as a zip, or undefined where it has no central directory. @throws AppError for a damaged one. */
  zip(): Promise<ZipArchive | undefined>;
}

export interface FolderInput {
  readonly kind: 'folder';
  readonly name: string;
  readonly folder: Folder;
}

/** Reads head and tail (two reads) and wraps the source. */
export async function fileInput(source: ByteSource, folder?: Folder): Promise<FileInput> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.byteLength));
  const tailLength = Math.min(TAIL_BYTES, source.byteLength);
  const tail = await source.read(source.byteLength - tailLength, tailLength);
  let zip: Promise<ZipArchive | undefined> | undefined;
  return {
    kind: 'file',
    name: source.name,
    source,
    ...(folder ? { folder } : {}),
    head,
    tail,
    zip: () => (zip ??= openZip(source)),
  };
}

export function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.byteLength >= magic.length && magic.every((byte, index) => bytes[index] === byte);
}
