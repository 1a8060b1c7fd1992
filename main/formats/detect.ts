/** Asks every format about an input by its content: one opens it, or the person reads why none can. */
import type { Checkpoint, Format } from '#main/formats/contract.ts';
import type { FileInput, FolderInput, FormatInput } from '#main/formats/input.ts';
import { FORMATS } from '#main/formats/registry.ts';
import { validate } from '#main/formats/validate.ts';
import { listing, textOf, WRONG_FILES, type FileSample } from '#main/formats/wrong-files.ts';
import { WRONG_FOLDERS } from '#main/formats/wrong-folders.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/**
 * Opens an input with the one format that claims it. The checkpoint owns the input's source from then on;
 * where this throws, the caller still does.
 * @throws AppError with file and format: `unknown-format` or `unsupported` with what the input is instead,
 * else what the format finds wrong.
 */
export async function openCheckpoint(
  input: FormatInput,
  formats: readonly Format[] = FORMATS,
): Promise<Checkpoint> {
  const claims = await Promise.all(formats.map((format) => claimOf(format, input)));
  const claimants = formats.filter((_, index) => claims[index] === true);
  if (claimants.length > 1) throw ambiguous(input, claimants);
  const format = claimants[0];
  if (format) {
    try {
      return validate(await format.open(input));
    } catch (error) {
      throw isAppError(error) ? error.with({ file: input.name, format: format.name }) : error;
    }
  }
  const refusal = claims.find(isAppError);
  if (refusal) throw refusal.with({ file: input.name });
  throw input.kind === 'file' ? await explainFile(input, formats) : await explainFolder(input, formats);
}

/** Whether a format claims the input, or why it could not look. */
async function claimOf(format: Format, input: FormatInput): Promise<boolean | AppError> {
  try {
    return await format.claims(input);
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
}

function ambiguous(input: FormatInput, claimants: readonly Format[]): AppError {
  const titles = claimants.map(({ title }) => title).join(' and ');
  return new AppError('unknown-format', `the file reads as ${titles} at once`, {
    file: input.name,
    expected: 'one format',
    found: titles,
    hint: 'such a file shows different contents to different programs; be careful with it',
  });
}

async function explainFile(input: FileInput, formats: readonly Format[]): Promise<AppError> {
  const sample: FileSample = {
    name: input.name,
    byteLength: input.source.byteLength,
    head: input.head,
    tail: input.tail,
    zip: await input.zip(),
    text: textOf(input.head, input.head.byteLength === input.source.byteLength),
  };
  const row = WRONG_FILES.find(({ when }) => when(sample));
  if (!row) {
    return new AppError('unknown-format', 'no format that we know begins like this file', {
      file: input.name,
      expected: expectation(formats),
      found: `bytes ${hexOf(input.head.subarray(0, 8))}${input.head.byteLength > 8 ? ' …' : ''}`,
    });
  }
  return new AppError(row.code, row.message, {
    file: input.name,
    expected: expectation(formats),
    found: typeof row.found === 'string' ? row.found : row.found(sample),
    ...(row.hint === undefined ? {} : { hint: row.hint }),
  });
}

async function explainFolder(input: FolderInput, formats: readonly Format[]): Promise<AppError> {
  const names = (await input.folder.list()).map(({ name }) => name);
  const row = WRONG_FOLDERS.find(({ when }) => when(names))!;
  return new AppError(row.code, row.message, {
    file: input.name,
    expected: expectation(formats),
    found: names.length === 0 ? 'an empty folder' : `a folder of ${listing(names)}`,
    ...(row.hint === undefined ? {} : { hint: row.hint }),
  });
}

function expectation(formats: readonly Format[]): string {
  return `a checkpoint of ${formats.map(({ title }) => title).join(', ')}`;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
