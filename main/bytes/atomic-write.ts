/**
 * A file appears whole or not at all, and once it is reported it survives a power cut:
 * temporary sibling, write and hash, fsync, read back, rename, fsync of the folder.
 */
import { createHash } from 'node:crypto';

import { beginFile, type AtomicWriteOptions, type WrittenFile } from '#main/bytes/pending-file.ts';
import { AppError } from '#shared/errors.ts';

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
  const file = beginHashed(path, options);
  try {
    for await (const chunk of chunks) file.add(chunk);
    await file.flush();
    return file.finish();
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
  const file = beginHashed(path, options);
  try {
    for (const chunk of chunks) file.add(chunk);
    return file.finish();
  } catch (error) {
    throw file.abandon(error);
  }
}

/** A content of which the beginning follows from the rest. */
export interface HeadedContent {
  /** Bytes of the head, known before the head is. */
  readonly headLength: number;
  /** What comes after it. */
  readonly body: readonly Uint8Array[];
  /** Called once, when the body has been given to the system. */
  takeHead(): Uint8Array;
  /** Begins the digest of the whole. @returns what waits for it: lower-case hexadecimal SHA-256. */
  beginDigest(chunks: readonly Uint8Array[]): () => string;
}

/** As `writeAtomicallySync`, the head last, with digests that may be taken elsewhere meanwhile. The file is the same. */
export function writeHeadLastSync(
  path: string,
  { headLength, body, takeHead, beginDigest }: HeadedContent,
  options: AtomicWriteOptions = {},
): WrittenFile {
  const file = beginFile(path, options);
  try {
    let position = headLength;
    for (const chunk of body) {
      file.write(chunk, position);
      position += chunk.byteLength;
    }
    const head = takeHead();
    if (head.byteLength !== headLength) throw new AppError('internal', 'the head has another length');
    const waitForDigest = beginDigest([head, ...body]);
    file.write(head, 0);
    return file.commit(waitForDigest);
  } catch (error) {
    throw file.abandon(error);
  }
}

/** A file that grows at its end, hashed as it does. */
function beginHashed(path: string, options: AtomicWriteOptions) {
  const file = beginFile(path, options);
  const hash = createHash('sha256');
  let position = 0;
  return {
    flush: file.flush,
    abandon: file.abandon,
    add: (chunk: Uint8Array) => {
      hash.update(chunk);
      file.write(chunk, position);
      position += chunk.byteLength;
    },
    finish: () => file.commit(() => hash.digest('hex')),
  };
}
