/** Files that are packed as a whole, and what they unpack to. */
import { bzip2Source, indexBzip2, unpackFirstBlock } from '#main/bytes/bzip2-source.ts';
import { unpackedBytesLimit } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { beginsBzip2 } from '#main/encodings/bzip2/bzip2.ts';
import { deflateWrapper, inflatedHead, openDeflated } from '#main/encodings/packed-file/deflated-file.ts';

/** Over bytes [begin, end) of what a file unpacks to. */
export interface PartChecksum {
  readonly algorithm: 'adler32' | 'crc32' | 'crc32-bzip2';
  readonly expected: number;
  readonly begin: number;
  readonly end: number;
}

export interface UnpackedFile {
  /** What the file unpacks to; closing it leaves the file open. */
  readonly source: ByteSource;
  /** Over all of it, part by part. */
  readonly checksums: readonly PartChecksum[];
}

/** A packing that has been recognised. */
export interface Packing {
  readonly kind: 'zlib' | 'gzip' | 'bzip2';
  /** The first bytes that come out; none where they are damaged. */
  readHead(): Promise<Uint8Array>;
  /**
   * Unpacks the file once to find its length, keeping nothing.
   * @throws AppError `corrupt`, `limit`, `unsupported`.
   */
  unpack(): Promise<UnpackedFile>;
}

/** @param head the first bytes of the file. @returns undefined for a file that is not packed in a way that is read. */
export function packingOf(file: ByteSource, head: Uint8Array): Packing | undefined {
  if (beginsBzip2(head)) {
    return { kind: 'bzip2', readHead: () => unpackFirstBlock(file), unpack: () => unpackBzip2File(file) };
  }
  const wrapper = deflateWrapper(head);
  if (!wrapper) return undefined;
  return {
    kind: wrapper.kind,
    readHead: () => Promise.resolve(inflatedHead(head, wrapper)),
    unpack: () => openDeflated(file, wrapper),
  };
}

async function unpackBzip2File(file: ByteSource): Promise<UnpackedFile> {
  const index = await indexBzip2(file, unpackedBytesLimit(file.byteLength));
  return {
    source: bzip2Source(file, index),
    checksums: index.checksums.map((checksum) => ({ ...checksum, algorithm: 'crc32-bzip2' })),
  };
}
