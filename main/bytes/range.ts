import { AppError } from '#shared/errors.ts';

/**
 * Checks that [offset, offset + length) lies inside a source of `byteLength` bytes.
 * @throws AppError `corrupt` with the offset, what was wanted and what there is.
 */
export function checkRange(file: string, byteLength: number, offset: number, length: number): void {
  const isInside =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= byteLength;
  if (isInside) return;
  throw new AppError('corrupt', 'the file ends before the bytes that it promises', {
    file,
    offset,
    expected: `${length} bytes at offset ${offset}`,
    found: `a file of ${byteLength} bytes`,
    hint: 'the file is cut short or damaged; fetch or save it again',
  });
}
