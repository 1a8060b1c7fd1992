import { ADLER32_START, adler32 } from '#main/bytes/adler32.ts';
import { maskCrc32c } from '#main/bytes/crc32c.ts';
import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import { openSource } from '#main/bytes/reopen.ts';
import type { ByteSource, SourceDescription } from '#main/bytes/source.ts';
import { blockChecksum } from '#main/encodings/bzip2/block-checksum.ts';
import { borrowWindow, type InputWindow } from '#main/kernels/analysis-module.ts';
import { windowCrc32c } from '#main/kernels/checksum.ts';
import { breathe } from '#main/bytes/breathe.ts';
import { fastCrc32 } from '#main/services/tasks/fast-crc32.ts';
import type { Pass } from '#main/services/windows.ts';
import type { Checksum } from '#main/formats/contract.ts';
import { AppError, throwIfCancelled } from '#shared/errors.ts';

export interface ChecksumTask {
  readonly source: SourceDescription;
  readonly algorithm: Checksum['algorithm'];
  /** Bytes of the source, [begin, end). */
  readonly begin: number;
  readonly end: number;
}

const STEPS: ReadonlyMap<string, (bytes: Uint8Array, seed: number) => number> = new Map([
  ['crc32', fastCrc32],
  ['crc32c', windowCrc32c],
  ['crc32c-masked', windowCrc32c],
  ['adler32', adler32],
  ['crc32-bzip2', blockChecksum],
]);

/** The checksum that the bytes have now, read a window at a time. */
export async function checksumTask(task: ChecksumTask, pass: Pass): Promise<number> {
  const step = STEPS.get(task.algorithm);
  if (!step)
    throw new AppError('unsupported', `the checksum ${task.algorithm} is verified while its values are read`);
  const source = await openSource(task.source);
  const input = borrowWindow();
  try {
    let value = task.algorithm === 'adler32' ? ADLER32_START : 0;
    for (let at = task.begin; at < task.end; at += WINDOW_BYTES) {
      await breathe();
      throwIfCancelled(pass.signal);
      const bytes = await readBytes(source, at, Math.min(WINDOW_BYTES, task.end - at), pass, input);
      pass.onRead?.(bytes.byteLength);
      value = step(bytes, value);
    }
    await source.checkUnchanged?.();
    return task.algorithm === 'crc32c-masked' ? maskCrc32c(value) : value;
  } finally {
    input.release();
    await source.close();
  }
}

async function readBytes(
  source: ByteSource,
  offset: number,
  byteLength: number,
  pass: Pass,
  input: InputWindow,
): Promise<Uint8Array> {
  if (!source.readInto) return source.read(offset, byteLength, pass.signal);
  const target = input.take(byteLength);
  source.readInto(offset, target);
  return target;
}
