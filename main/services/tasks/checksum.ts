import { ADLER32_START, adler32 } from '#main/bytes/adler32.ts';
import { maskCrc32c } from '#main/bytes/crc32c.ts';
import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import { openSource } from '#main/bytes/reopen.ts';
import type { SourceDescription } from '#main/bytes/source.ts';
import { windowCrc32, windowCrc32c } from '#main/kernels/checksum.ts';
import type { Pass } from '#main/services/windows.ts';
import type { Checksum } from '#main/formats/contract.ts';
import { AppError } from '#shared/errors.ts';

export interface ChecksumTask {
  readonly source: SourceDescription;
  readonly algorithm: Checksum['algorithm'];
  /** Bytes of the source, [begin, end). */
  readonly begin: number;
  readonly end: number;
}

const STEPS: ReadonlyMap<string, (bytes: Uint8Array, seed: number) => number> = new Map([
  ['crc32', windowCrc32],
  ['crc32c', windowCrc32c],
  ['crc32c-masked', windowCrc32c],
  ['adler32', adler32],
]);

/** The checksum that the bytes have now, read a window at a time. */
export async function checksumTask(task: ChecksumTask, pass: Pass): Promise<number> {
  const step = STEPS.get(task.algorithm);
  if (!step)
    throw new AppError('unsupported', `the checksum ${task.algorithm} is verified while its values are read`);
  const source = await openSource(task.source);
  try {
    let value = task.algorithm === 'adler32' ? ADLER32_START : 0;
    for (let at = task.begin; at < task.end; at += WINDOW_BYTES) {
      const bytes = await source.read(at, Math.min(WINDOW_BYTES, task.end - at), pass.signal);
      pass.onRead?.(bytes.byteLength);
      value = step(bytes, value);
    }
    return task.algorithm === 'crc32c-masked' ? maskCrc32c(value) : value;
  } finally {
    await source.close();
  }
}
