import { openZip } from '#main/encodings/zip/zip.ts';
import type { ZipEntry } from '#main/encodings/zip/zip.ts';
import type { PickleImport, StoredTensor } from '#main/formats/contract.ts';
import { openArchive, type TorchArchive } from '#main/formats/pytorch/archive.ts';
import { readSavedObject, savedPrefix } from '#main/formats/pytorch/zip-file.ts';
import type { Layout, Metadata } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** What torch.save wrote into an entry of another archive. */
export interface NestedObject {
  readonly layout: Layout;
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Metadata;
  readonly imports: readonly PickleImport[];
}

/**
 * Reads an entry that is an archive by torch.save. Its problems go to the outer archive's.
 * @throws AppError `corrupt` for an entry that is none.
 */
export async function readNested(outer: TorchArchive, entry: ZipEntry): Promise<NestedObject> {
  const source = await outer.zip.source(entry);
  const zip = await openZip(source);
  const prefix = zip && savedPrefix(zip);
  if (prefix === undefined) {
    throw new AppError('corrupt', `${entry.name} is not what torch.save writes`, {
      offset: entry.headerOffset,
      expected: 'an archive with a data.pkl',
    });
  }
  const archive = await openArchive(source, zip!, prefix, outer.sources);
  const { graph, imports } = await readSavedObject(archive);
  for (const problem of [...zip!.problems, ...archive.problems]) {
    // a tensor's own problem tells its place by the tensor
    outer.problems.push(
      problem.tensor === undefined ? { ...problem, message: `${entry.name}: ${problem.message}` } : problem,
    );
  }
  return {
    ...graph,
    imports: imports.map((imported) => ({ ...imported, stream: `${entry.name}/${imported.stream}` })),
  };
}
