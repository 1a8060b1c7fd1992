// Exported programs of 2.1 to 2.7: torch/export/__init__.py and torch/_export/__init__.py (save).
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { ZipArchive } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, PickleImport, StoredTensor } from '#main/formats/contract.ts';
import { archiveRegions, openArchive } from '#main/formats/pytorch/archive.ts';
import { exportDialect } from '#main/formats/pytorch/dialect.ts';
import { programHeader } from '#main/formats/pytorch/export/program-header.ts';
import { extraFiles } from '#main/formats/pytorch/extra-files.ts';
import { readNested } from '#main/formats/pytorch/nested-archive.ts';
import { metadataFrom } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

const PROGRAM = 'serialized_exported_program.json';
/** The first releases call an archive JSON. */
const STATES = ['serialized_state_dict.pt', 'serialized_state_dict.json'];
const CONSTANTS = ['serialized_constants.pt', 'serialized_constants.json'];
const INPUTS = ['serialized_example_inputs.pt'];

/** Such archives have no folder: nothing, or undefined for other archives. */
export function bundledPrefix(zip: ZipArchive): string | undefined {
  return zip.find(PROGRAM) ? '' : undefined;
}

/** State and constants, each of them an archive by torch.save within the archive. */
export async function openBundledProgram(source: ByteSource, zip: ZipArchive): Promise<Checkpoint> {
  const sources = sourceList(source);
  const archive = await openArchive(source, zip, '', sources);
  const tensors: StoredTensor[] = [];
  const imports: PickleImport[] = [];
  for (const [names, isListed] of [
    [STATES, true],
    [CONSTANTS, true],
    // tensors that the program was tried on are none of its own
    [INPUTS, false],
  ] as const) {
    const entry = names.map((name) => zip.find(name)).find((found) => found !== undefined);
    if (!entry || entry.byteLength === 0) continue;
    try {
      const nested = await readNested(archive, entry);
      imports.push(...nested.imports);
      if (isListed) tensors.push(...nested.tensors);
    } catch (error) {
      if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
      archive.problems.push({ code: error.code, message: error.message, offset: entry.headerOffset });
    }
  }
  const header = await programHeader(archive, zip.find(PROGRAM));
  return {
    format: 'pytorch',
    dialect: exportDialect(header, '2.1 to 2.7'),
    layout: 'dict',
    tensors,
    metadata: metadataFrom([
      ...Object.entries(header),
      ...Object.entries(await extraFiles(archive, 'extra_files/')),
    ]),
    sources: sources.sources,
    regions: await archiveRegions(archive),
    imports,
    problems: [...zip.problems, ...archive.problems],
  };
}
