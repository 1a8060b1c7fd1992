// NumPy .npy and .npz: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { sourceList } from '#main/bytes/source-list.ts';
import type { ZipArchive } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, Format } from '#main/formats/contract.ts';
import { startsWith, type FileInput } from '#main/formats/input.ts';
import { openArchive } from '#main/formats/numpy/archive.ts';
import { openArray } from '#main/formats/numpy/array-file.ts';
import { NPY_MAGIC } from '#main/formats/numpy/npy-header.ts';
import { metadataFrom } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04] as const;
/** An archive without members begins with its end. */
const EMPTY_ZIP_MAGIC = [0x50, 0x4b, 0x05, 0x06] as const;

/** Arrays and archives of them, by NumPy and everything that writes its files. */
export const numpy: Format = {
  name: 'numpy',
  title: 'NumPy',
  reads:
    '`.npy` 1.0 to 3.0 and `.npz`, every dtype, either byte order and memory order; arrays of objects as pickled by NumPy, TensorFlow and JAX; MXNet 2 archives',
  extensions: ['npy', 'npz'],
  claims: async (input) => {
    if (input.kind !== 'file') return false;
    if (startsWith(input.head, NPY_MAGIC)) return true;
    if (startsWith(input.head, EMPTY_ZIP_MAGIC)) return (await readableZip(input))?.entries.length === 0;
    if (!startsWith(input.head, ZIP_MAGIC)) return false;
    const zip = await readableZip(input);
    return zip ? isArchiveOfArrays(zip) : beginsWithArray(input);
  },
  open: async (input) => {
    if (input.kind !== 'file') throw new AppError('unsupported', 'a NumPy file is no folder');
    if (startsWith(input.head, NPY_MAGIC)) return openLone(input);
    const zip = await input.zip();
    if (zip) return openArchive(input.source, zip);
    throw new AppError('corrupt', 'the archive is cut short: the directory at its end is missing', {
      file: input.name,
      offset: input.source.byteLength,
      expected: 'a zip directory',
      found: 'the end of the file',
      hint: 'the file is cut short or damaged; fetch or save it again',
    });
  },
};

async function openLone(input: FileInput): Promise<Checkpoint> {
  const sources = sourceList(input.source);
  const content = await openArray(input.source, { name: undefined, stream: input.name, sources });
  const { version, layout, tensors, imports, problems, regions, metadata } = content;
  return {
    format: 'numpy',
    dialect: `NumPy array, .npy ${version}${metadata ? ', pickled objects' : ''}`,
    layout,
    sources: sources.sources,
    tensors,
    regions,
    imports,
    problems,
    metadata: metadata ?? metadataFrom([]),
  };
}

/** A damaged archive is nobody's by its directory. */
async function readableZip(input: FileInput): Promise<ZipArchive | undefined> {
  try {
    return await input.zip();
  } catch (error) {
    if (error instanceof AppError && error.code !== 'io') return undefined;
    throw error;
  }
}

/** Most members are arrays by name or, where no name says so, the first one is by content. */
async function isArchiveOfArrays(zip: ZipArchive): Promise<boolean> {
  const members = zip.entries.filter((entry) => !entry.name.endsWith('/'));
  const named = members.filter((entry) => entry.name.endsWith('.npy')).length;
  // an object saved by torch, whatever lies beside it
  if (members.some((entry) => entry.name === 'data.pkl' || entry.name.endsWith('/data.pkl'))) return false;
  if (named > 0) return named * 2 >= members.length;
  const [first] = members;
  if (!first || first.byteLength < NPY_MAGIC.length) return false;
  try {
    const source = await zip.source(first);
    const head = await source.read(0, NPY_MAGIC.length);
    await source.close();
    return startsWith(head, NPY_MAGIC);
  } catch (error) {
    if (error instanceof AppError && error.code !== 'io') return false;
    throw error;
  }
}

/** Without a directory there is only the first member to go by. */
function beginsWithArray(input: FileInput): boolean {
  const { head } = input;
  const nameLength = head[26]! | (head[27]! << 8);
  const name = Buffer.from(head.subarray(30, 30 + nameLength)).toString('latin1');
  return name.endsWith('.npy');
}
