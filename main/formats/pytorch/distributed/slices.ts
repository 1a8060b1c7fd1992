import { checkRange } from '#main/bytes/range.ts';
import type { SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import { openZip } from '#main/encodings/zip/zip.ts';
import { openArchive } from '#main/formats/pytorch/archive.ts';
import type { Slice } from '#main/formats/pytorch/distributed/metadata.ts';
import { readSavedObject, savedPrefix, type SavedObject } from '#main/formats/pytorch/zip-file.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** What torch.save wrote into a part of a file, and the small records beside it. */
export interface SliceContent extends SavedObject {
  readonly records: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/**
 * Reads a part, which is an archive of its own.
 * @throws AppError `corrupt` for a part that is none or not in the file, `unsupported` for one that was transformed.
 */
export async function readSlice(slice: Slice, file: ByteSource, sources: SourceList): Promise<SliceContent> {
  if (slice.transforms.length > 0) {
    const names = slice.transforms.join(', ');
    throw new AppError('unsupported', `the part was transformed when it was written: ${names}`);
  }
  checkRange(file.name, file.byteLength, slice.offset, slice.byteLength);
  const source = spanSource(file, slice.offset, slice.byteLength);
  const zip = await openZip(source);
  const prefix = zip && savedPrefix(zip);
  if (prefix === undefined) {
    throw new AppError('corrupt', 'the part is not what torch.save writes', {
      file: file.name,
      offset: slice.offset,
    });
  }
  const archive = await openArchive(source, zip!, prefix, sources);
  const saved = await readSavedObject(archive);
  const { records } = archive;
  const problems = [...zip!.problems, ...archive.problems];
  const stream = (member: string): string => `${file.name}[${slice.offset}]/${member}`;
  const imports = saved.imports.map((imported) => ({ ...imported, stream: stream(imported.stream) }));
  return { ...saved, imports, records, problems };
}
