// HDF5 files of any other program: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t4.html
import { METADATA_VALUES } from '#main/bytes/limits.ts';
import type { Hdf5File, Hdf5Tree } from '#main/encodings/hdf5/hdf5.ts';
import { kerasArrangement } from '#main/encodings/hdf5/keras-marks.ts';
import type { Checkpoint, Format, StoredTensor } from '#main/formats/contract.ts';
import type { FormatInput } from '#main/formats/input.ts';
import { metadataFrom, type Metadata, type MetadataValue } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** Every dataset of an HDF5 file that Keras did not write. */
export const hdf5: Format = {
  name: 'hdf5',
  title: 'HDF5',
  reads:
    'superblocks 0 to 3, old and new groups, contiguous, compact and chunked datasets; deflate, shuffle, Fletcher-32, LZF, Zstandard, N-bit and scale-offset; numbers of any size and byte order, bool, complex, text',
  extensions: ['h5', 'hdf5', 'hdf', 'he5'],
  claims,
  open,
};

async function claims(input: FormatInput): Promise<boolean> {
  if (input.kind !== 'file') return false;
  try {
    const file = await input.hdf5();
    return file !== undefined && kerasArrangement(await file.tree()) === undefined;
  } catch (error) {
    // there is a signature, else nothing would have been found wrong
    if (isAppError(error) && error.code !== 'io') return true;
    throw error;
  }
}

async function open(input: FormatInput): Promise<Checkpoint> {
  const file = input.kind === 'file' ? await input.hdf5() : undefined;
  if (input.kind !== 'file' || !file) throw new AppError('internal', 'HDF5 files have a signature');
  const tree = await file.tree();
  return {
    format: hdf5.name,
    dialect: dialectOf(file),
    layout: 'dict',
    sources: file.sources.sources,
    tensors: tree.datasets.flatMap(({ path, content }): StoredTensor[] => {
      if (content.kind !== 'tensor') return [];
      const { dtype, shape, offers, values } = content;
      return [{ name: path, dtype, shape, ...(offers ? { offers } : {}), storage: values }];
    }),
    regions: file.regions().map((region) => ({ source: 0, ...region })),
    imports: [],
    problems: tree.problems,
    metadata: metadataOf(tree),
  };
}

function dialectOf({ version, userBlockBytes }: Hdf5File): string {
  const block = userBlockBytes > 0 ? `, after a user block of ${userBlockBytes} bytes` : '';
  return `HDF5, superblock version ${version}${block}`;
}

/** The root's attributes by name, those of other objects by path, as far as there is room. */
function metadataOf({ groups, datasets }: Hdf5Tree): Metadata {
  let left = METADATA_VALUES;
  const entries: [string, MetadataValue][] = [];
  for (const { path, attributes } of [...groups, ...datasets]) {
    if (attributes.size === 0) continue;
    left -= [...attributes.values()].reduce<number>((sum, value) => sum + sizeOf(value), 0);
    if (left < 0) break;
    if (path === '') entries.push(...attributes);
    else entries.push([`/${path}`, metadataFrom(attributes)]);
  }
  return metadataFrom(entries);
}

function sizeOf(value: MetadataValue): number {
  return Array.isArray(value) ? value.reduce<number>((sum, item) => sum + sizeOf(item), 1) : 1;
}
