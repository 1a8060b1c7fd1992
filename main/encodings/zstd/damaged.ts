import { ZSTD_WINDOW_BYTES } from '#main/bytes/limits.ts';
import { AppError } from '#shared/errors.ts';

/** What is wrong with Zstandard data; whoever knows the file adds where. */
export function damaged(found: string): AppError {
  return new AppError('corrupt', 'the Zstandard data are damaged', { found });
}

/** @param windowBytes that copies may reach back. */
export function tooFarBack(windowBytes: number): AppError {
  return new AppError('limit', 'the Zstandard data reach further back than is held', {
    expected: `at most ${ZSTD_WINDOW_BYTES} bytes`,
    found: `${windowBytes} bytes`,
  });
}
