// A file of a distributed checkpoint without its metadata: archives one after the other, torch/distributed/checkpoint/filesystem.py.
import { DCP_ARCHIVES } from '#main/bytes/limits.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import { openZip, type ZipArchive } from '#main/encodings/zip/zip.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import type { FileInput } from '#main/formats/input.ts';
import { lonePartDialect } from '#main/formats/pytorch/dialect.ts';
import { pagedPart } from '#main/formats/pytorch/distributed/data-files.ts';
import { PART_EXTENSION } from '#main/formats/pytorch/distributed/find-checkpoint.ts';
import { addFindings, addObject, type Gathering } from '#main/formats/pytorch/distributed/gathering.ts';
import { readSlice } from '#main/formats/pytorch/distributed/slices.ts';
import { savedPrefix } from '#main/formats/pytorch/zip-file.ts';
import { metadataFrom } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** Bytes [begin, end) of the file. */
interface Archive {
  readonly begin: number;
  readonly end: number;
}

/**
 * The archives that a file ends with, one after the other, in their order.
 * @returns undefined for a file that is not called a part, unless it consists of several and of nothing else.
 */
export async function archivesInRow(
  input: FileInput,
  last: ZipArchive,
): Promise<readonly Archive[] | undefined> {
  const isPart = input.name.endsWith(PART_EXTENSION);
  if (last.begin === 0 && !isPart) return undefined;
  const source = pagedPart(input.source);
  const archives: Archive[] = [];
  let end = source.byteLength;
  while (end > 0) {
    const begin = await beginOfArchive(end, source);
    if (begin === undefined) break;
    if (archives.length === DCP_ARCHIVES) {
      throw new AppError('limit', 'the file has more archives one after the other than we read', {
        file: input.name,
        expected: `at most ${DCP_ARCHIVES}`,
      });
    }
    archives.push({ begin, end });
    end = begin;
  }
  const isRow = end === 0 || (isPart && archives.length > 0);
  return isRow ? archives.reverse() : undefined;
}

/** Where the archive by torch.save begins that ends there; undefined where there is none. */
async function beginOfArchive(end: number, source: ByteSource): Promise<number | undefined> {
  try {
    const zip = await openZip(spanSource(source, 0, end));
    return zip && savedPrefix(zip) !== undefined && zip.begin < end ? zip.begin : undefined;
  } catch (error) {
    if (isAppError(error) && error.code === 'corrupt') return undefined;
    throw error;
  }
}

/** Everything in the archives by its number, for what it is called is told by the metadata alone. */
export async function openLonePart(input: FileInput, archives: readonly Archive[]): Promise<Checkpoint> {
  const sources = sourceList(input.source);
  const file = pagedPart(input.source);
  const gathering: Gathering = { tensors: [], values: [], imports: [], regions: [], problems: [] };
  const { tensors, values, imports, regions, problems } = gathering;
  problems.push({
    code: 'missing-metadata',
    message:
      'this is one file of a distributed checkpoint whose .metadata is not beside it: without it neither the names of the values are known, nor where each lies in its tensor',
  });
  const unread = archives[0]!.begin;
  if (unread > 0) {
    problems.push({
      code: 'corrupt',
      message: `the first ${unread} bytes are no archive that can be read; what they hold is not listed`,
      offset: 0,
    });
  }
  for (const [number, { begin, end }] of archives.entries()) {
    const name = String(number);
    regions.push({ source: 0, begin, end, label: name });
    try {
      const place = { file: input.name, offset: begin, byteLength: end - begin, transforms: [] };
      const content = await readSlice(place, file, sources);
      addFindings(name, content, gathering);
      addObject(name, content, gathering);
    } catch (error) {
      if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
      problems.push({ code: error.code, message: error.message, tensor: name });
    }
  }
  return {
    format: 'pytorch',
    dialect: lonePartDialect(archives.length, gathering.records),
    layout: 'list',
    sources: sources.sources,
    tensors,
    regions,
    imports,
    problems,
    metadata: metadataFrom(values),
  };
}
