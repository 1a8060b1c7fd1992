import { AppError } from '#shared/errors.ts';

export function damaged(message: string, file: string, offset: number, found?: string): AppError {
  return new AppError('corrupt', message, { file, offset, ...(found === undefined ? {} : { found }) });
}
