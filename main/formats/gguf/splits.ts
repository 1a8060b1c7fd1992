// GGUF files split into parts: llama.cpp tools/gguf-split, and its keys split.no, split.count and split.tensors.count.
import { GGUF_PARTS } from '#main/bytes/limits.ts';
import type { Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { readGgufFile, type GgufFile } from '#main/formats/gguf/gguf-file.ts';
import type { MetadataPair } from '#main/formats/gguf/metadata.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

const PART_NAME = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/;

export interface GgufPart {
  /** In its set, counted from 0. */
  readonly index: number;
  readonly source: ByteSource;
  readonly file: GgufFile;
}

export interface GgufSet {
  /** In order; those that are missing or broken are left out. */
  readonly parts: readonly GgufPart[];
  /** How many there should be; 1 for a file of its own. */
  readonly count: number;
  readonly problems: readonly Problem[];
}

/** Name without numbers, and the numbers, of a part's file name; undefined for other names. */
export function partName(name: string): { stem: string; number: number; count: number } | undefined {
  const match = PART_NAME.exec(name);
  return match ? { stem: match[1]!, number: Number(match[2]), count: Number(match[3]) } : undefined;
}

export function numberOf(pairs: readonly MetadataPair[], key: string): number | undefined {
  const value = pairs.find((pair) => pair.key === key)?.value;
  return typeof value === 'number' ? value : undefined;
}

/** Looks for the other parts of the set that a file says it belongs to. The sources of the parts found are the caller's. */
export async function findParts(
  own: { readonly name: string; readonly source: ByteSource; readonly file: GgufFile },
  folder: Folder | undefined,
): Promise<GgufSet> {
  const count = numberOf(own.file.pairs, 'split.count') ?? 1;
  const index = numberOf(own.file.pairs, 'split.no') ?? 0;
  const ownPart = { index, source: own.source, file: own.file };
  if (count <= 1) return { parts: [{ ...ownPart, index: 0 }], count: 1, problems: [] };
  const problems: Problem[] = [];
  const named = partName(own.name);
  const isNamed = named?.count === count && named.number === index + 1 && count <= GGUF_PARTS;
  if (!isNamed || !folder) {
    const message = `this is part ${index + 1} of ${count}, and without a name such as model-${digits(index + 1)}-of-${digits(count)}.gguf the others cannot be found`;
    return { parts: [ownPart], count, problems: [{ code: 'missing-part', message }] };
  }
  const parts: GgufPart[] = [];
  for (let at = 0; at < count; at++) {
    if (at === index) parts.push(ownPart);
    else {
      const name = `${named.stem}-${digits(at + 1)}-of-${digits(count)}.gguf`;
      const part = await openPart(folder, name, at, count, problems);
      if (part) parts.push(part);
    }
  }
  problems.push(...tensorCountProblem(parts, count));
  return { parts, count, problems };
}

async function openPart(
  folder: Folder,
  name: string,
  index: number,
  count: number,
  problems: Problem[],
): Promise<GgufPart | undefined> {
  if (!(await folder.has(name))) {
    problems.push({ code: 'missing-part', message: `the part ${name} is not in the folder` });
    return undefined;
  }
  let source: ByteSource | undefined;
  try {
    source = await openWithin(folder, name);
    const file = await readGgufFile(source);
    const [no, own] = [numberOf(file.pairs, 'split.no'), numberOf(file.pairs, 'split.count')];
    if (no === index && own === count) return { index, source, file };
    await source.close();
    const found =
      no === undefined ? 'does not say that it is a part' : `says that it is part ${no + 1} of ${own ?? 1}`;
    problems.push({ code: 'wrong-part', message: `${name} ${found}` });
  } catch (error) {
    await source?.close();
    if (!isAppError(error)) throw error;
    problems.push({ code: 'missing-part', message: `the part ${name} cannot be read: ${error.message}` });
  }
  return undefined;
}

function tensorCountProblem(parts: readonly GgufPart[], count: number): Problem[] {
  const promised = numberOf(parts[0]!.file.pairs, 'split.tensors.count');
  const found = parts.reduce((sum, { file }) => sum + file.tensors.length, 0);
  if (promised === undefined || promised === found || parts.length < count) return [];
  return [
    {
      code: 'split-tensors',
      message: `the parts hold ${found} tensors, and split.tensors.count says ${promised}`,
    },
  ];
}

function digits(number: number): string {
  return String(number).padStart(5, '0');
}
