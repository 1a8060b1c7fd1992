// HDF5 File Format Specification 4.0 (HDF5 2.0 and before): https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t4.html
import type { SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { hdf5Blocks, type Hdf5Blocks, type Hdf5Region } from '#main/encodings/hdf5/blocks.ts';
import type { OpenBeside } from '#main/encodings/hdf5/external-files.ts';
import { MESSAGE, readObjectHeader, type ObjectHeader } from '#main/encodings/hdf5/object-header.ts';
import { hdf5Objects } from '#main/encodings/hdf5/objects.ts';
import { hdf5Messages } from '#main/encodings/hdf5/shared-messages.ts';
import { readSuperblock, type Superblock } from '#main/encodings/hdf5/superblock.ts';
import { textReader } from '#main/encodings/hdf5/text-reader.ts';
import { readTree, type Hdf5Tree } from '#main/encodings/hdf5/tree.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

export type { DatasetContent, DatasetValues } from '#main/encodings/hdf5/dataset.ts';
export type { Attributes, Hdf5Dataset, Hdf5Group, Hdf5Tree } from '#main/encodings/hdf5/tree.ts';

/** An opened file: its superblock; the rest is read when it is asked for. Owns nothing that needs closing. */
export interface Hdf5File {
  /** Of the superblock, 0 to 3. */
  readonly version: number;
  /** Bytes before the superblock, of another kind. */
  readonly userBlockBytes: number;
  /** Where values are, numbered; files that hold values of this one are added as the tree is read, and close with the list. */
  readonly sources: SourceList;
  /** Every group and dataset; read once. @throws AppError for damage that leaves nothing to list. */
  tree(): Promise<Hdf5Tree>;
  /** The pieces of metadata read so far, as bytes of the source that was opened. */
  regions(): readonly Hdf5Region[];
}

/** What an HDF5 file is opened with. */
export interface Hdf5Surroundings {
  /** The first bytes of the source, to save a read. */
  readonly head: Uint8Array;
  /** The list to number sources in; the file's own is placed in it. */
  readonly sources: SourceList;
  /** Opens a file beside this one by its bare name. */
  readonly openBeside?: OpenBeside;
}

/**
 * Opens a source as an HDF5 file, wherever its superblock is.
 * @returns undefined where it is none.
 * @throws AppError `corrupt` for a damaged superblock, `unsupported` for a version that is not known.
 */
export async function openHdf5(
  source: ByteSource,
  { head, sources, openBeside }: Hdf5Surroundings,
): Promise<Hdf5File | undefined> {
  const superblock = await readSuperblock(source, head);
  if (!superblock) return undefined;
  const { version, widths, base } = superblock;
  const blocks = hdf5Blocks(source, base, widths);
  let tree: Promise<Hdf5Tree> | undefined;

  const read = async (): Promise<Hdf5Tree> => {
    const problems = endProblems(superblock, source);
    const extension = await readExtension(blocks, superblock, problems);
    const messages = hdf5Messages(blocks, extension);
    const objects = hdf5Objects({ blocks, messages, texts: textReader(blocks), sources, openBeside });
    const found = await readTree(objects, superblock.rootHeader);
    return { ...found, problems: [...problems, ...found.problems] };
  };

  return {
    version,
    userBlockBytes: base,
    sources,
    tree: () => (tree ??= read()),
    regions: () => [
      ...(base > 0 ? [{ begin: 0, end: base, label: 'user block' }] : []),
      { begin: base, end: base + superblock.byteLength, label: 'superblock' },
      ...blocks.regions,
    ],
  };
}

/** What the writer's own account of the file's length tells. */
function endProblems({ endOfFile: end }: Superblock, source: ByteSource): Problem[] {
  if (end === undefined || end === source.byteLength) return [];
  if (end > source.byteLength) {
    const message = `the file is cut short: it had ${end} bytes and has ${source.byteLength}`;
    return [{ code: 'storage-range', message, offset: source.byteLength }];
  }
  return [
    {
      code: 'trailing-bytes',
      message: `${source.byteLength - end} bytes follow the end of the file`,
      offset: end,
    },
  ];
}

/** The superblock's further settings; a file that is one of several is refused. */
async function readExtension(
  blocks: Hdf5Blocks,
  { extension, driverBlock }: Superblock,
  problems: Problem[],
): Promise<ObjectHeader | undefined> {
  if (driverBlock !== undefined) {
    const fields = await blocks.read(driverBlock, 16);
    fields.skip(8);
    refuseDriver(Buffer.from(fields.bytes(8)).toString('latin1'), blocks);
  }
  if (extension === undefined) return undefined;
  try {
    const header = await readObjectHeader(blocks, extension);
    const driver = header.messages.find(({ type }) => type === MESSAGE.driverInfo);
    if (driver) refuseDriver(Buffer.from(driver.body.subarray(1, 9)).toString('latin1'), blocks);
    return header;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'corrupt') throw error;
    problems.push({ code: 'corrupt', message: `the extension of the superblock: ${error.message}` });
    return undefined;
  }
}

function refuseDriver(id: string, blocks: Hdf5Blocks): void {
  const kind = id.startsWith('NCSAfami') ? 'a family' : id.startsWith('NCSAmult') ? 'a set' : undefined;
  if (kind === undefined) return;
  throw new AppError(
    'unsupported',
    `the file is one of ${kind} of files that make one HDF5 file, which is not read`,
    {
      file: blocks.source.name,
      found: id.trim(),
      hint: 'h5repart makes one file of them',
    },
  );
}
