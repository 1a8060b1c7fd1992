import { AppError } from '#shared/errors.ts';

/** What is wrong with bzip2 data; whoever knows the file adds where. */
export function damaged(found: string): AppError {
  return new AppError('corrupt', 'the bzip2 data are damaged', { found });
}
