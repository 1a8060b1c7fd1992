import { fileURLToPath } from 'node:url';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt, folderOf, foldersAround } from '#main/bytes/folder.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput, type FormatInput } from '#main/formats/input.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import type { MetadataValue } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';
import { digestOf } from '#test/kit/digest.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** A fixture by its path, folders with a slash behind; or bytes by their names, of which the first is opened. */
export type FileToOpen = string | Readonly<Record<string, Uint8Array>>;

/** Larger tensors are not read. */
const MOST_ELEMENTS = 100_000;

async function inputOf(file: FileToOpen): Promise<FormatInput> {
  if (typeof file === 'object') {
    const files = new Map(Object.entries(file));
    const [[name, bytes]] = [...files] as [[string, Uint8Array]];
    return fileInput(memorySource(bytes, name), memoryFolder('folder', files));
  }
  const path = `${FIXTURES}${file}`;
  if (file.endsWith('/')) return { kind: 'folder', name: 'folder', folder: folderAt(path.slice(0, -1)) };
  return fileInput(await fileSource(path), folderOf(path), foldersAround(path));
}

/** The message of a refusal; anything that is not a typed one fails the test. */
function refusal(error: unknown): string {
  if (isAppError(error) && error.code !== 'internal') return error.message;
  throw error;
}

/** What an act that is refused is refused by; nothing where it is not. */
export async function refusalOf(act: () => unknown): Promise<readonly string[]> {
  try {
    await act();
    return [];
  } catch (error) {
    return [refusal(error)];
  }
}

/** Every text within metadata, at any depth. */
function textsIn(value: MetadataValue): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** All that is told of a file by opening it and reading its values: problems, refusals and texts of its metadata. */
export async function toldOf(file: FileToOpen): Promise<readonly string[]> {
  return (await readAll(file)).told;
}

/** What `toldOf` gives, and the digests of the tensors in their order; undefined for those without values. */
export async function readAll(
  file: FileToOpen,
): Promise<{ readonly told: readonly string[]; readonly digests: readonly (string | undefined)[] }> {
  const input = await inputOf(file);
  let checkpoint: Checkpoint;
  try {
    checkpoint = await openCheckpoint(input);
  } catch (error) {
    if (input.kind === 'file') await input.source.close();
    return { told: [refusal(error)], digests: [] };
  }
  const { tensors, problems, metadata, sources } = checkpoint;
  const told = [...problems.map(({ message }) => message), ...textsIn(metadata)];
  const digests: (string | undefined)[] = [];
  for (const tensor of tensors) {
    if ((elementCountOf(tensor.shape) ?? Infinity) > MOST_ELEMENTS) continue;
    const refused = await refusalOf(async () => digests.push(await digestOf(tensor, sources)));
    told.push(...refused);
  }
  for (const source of sources) await source.close();
  return { told, digests };
}

/** All that an X-ray of a file tells, and how long the code is that it shows. */
export async function toldByXray(file: FileToOpen): Promise<readonly string[]> {
  const input = await inputOf(file);
  if (input.kind === 'folder') throw new Error('only files have an X-ray here');
  try {
    const { problems, parts } = await scanCode([input.source], { checkpoint: undefined });
    return [
      ...problems.map(({ message }) => message),
      ...parts.map(({ text }) => `${text.length} characters of code`),
    ];
  } finally {
    await input.source.close();
  }
}
