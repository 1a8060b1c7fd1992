import { AppError, type ErrorCode } from '#shared/errors.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly text: string;
  readonly hint?: string;
}

const ELSEWHERE = 'check the path; it may have been moved, renamed or removed';

/** What the system's error names mean to a person. Node prints some of them as "unknown error". */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['ENOENT', { code: 'not-found', text: 'no such file or folder', hint: ELSEWHERE }],
  [
    'ENOTDIR',
    { code: 'not-found', text: 'no such file or folder: part of the path is a file', hint: ELSEWHERE },
  ],
  ['EACCES', { code: 'io', text: 'permission denied', hint: 'check who may read or write it' }],
  ['EPERM', { code: 'io', text: 'operation not permitted', hint: 'check who may read or write it' }],
  ['EISDIR', { code: 'io', text: 'this is a folder' }],
  ['ENOSPC', { code: 'io', text: 'the disk is full', hint: 'free some space and try again' }],
  ['EDQUOT', { code: 'io', text: 'the disk quota is used up', hint: 'free some space and try again' }],
  ['EROFS', { code: 'io', text: 'the file system is read-only', hint: 'choose another place' }],
  ['EIO', { code: 'io', text: 'the disk reported an input/output error', hint: 'the disk may be failing' }],
  ['EMFILE', { code: 'io', text: 'too many files are open', hint: 'close some and try again' }],
  [
    'ENFILE',
    { code: 'io', text: 'too many files are open on this machine', hint: 'close some and try again' },
  ],
  ['EEXIST', { code: 'io', text: 'a file of this name exists already' }],
  [
    'ENAMETOOLONG',
    { code: 'io', text: 'the name is too long for this file system', hint: 'choose a shorter one' },
  ],
  ['ELOOP', { code: 'io', text: 'the links lead in a circle', hint: 'name the file itself' }],
  ['EBUSY', { code: 'io', text: 'the file is in use', hint: 'close it where it is used and try again' }],
  ['EXDEV', { code: 'io', text: 'the target is on another disk' }],
] as const);

/** Linux numbers for the errors that Node 16 to 20 does not name. */
const NUMBERS: ReadonlyMap<number, string> = new Map([[-122, 'EDQUOT']]);

/**
 * Turns a failure of node:fs into ours, with a plain sentence.
 * @param doing what was going on: "opening", "writing".
 * @param file base name.
 */
export function systemError(error: unknown, doing: string, file: string): AppError {
  if (error instanceof AppError) return error;
  const { code, errno } = error as { code?: string; errno?: number };
  const name = (errno !== undefined ? NUMBERS.get(errno) : undefined) ?? code ?? 'unknown';
  const meaning = MEANINGS.get(name);
  return new AppError(
    meaning?.code ?? 'io',
    `${doing} ${file} failed: ${meaning?.text ?? `the system said ${name}`}`,
    { file, found: name, ...(meaning && 'hint' in meaning ? { hint: meaning.hint } : {}) },
    error,
  );
}
