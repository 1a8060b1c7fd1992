import { AppError } from '#shared/errors.ts';

/** What is wrong with Zstandard data; whoever knows the file adds where. */
export function damaged(found: string): AppError {
  return new AppError('corrupt', 'the Zstandard data are damaged', { found });
}
