// .keras files: a zip of metadata.json, config.json and model.weights.h5, keras/src/saving/saving_lib.py of Keras 3.
import { allocationBudget, KERAS_CONFIG_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { sourceList, type SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { openHdf5, type Hdf5File } from '#main/encodings/hdf5/hdf5.ts';
import { STORED, type ZipArchive, type ZipEntry } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, Checksum, Region } from '#main/formats/contract.ts';
import { startsWith, type FileInput } from '#main/formats/input.ts';
import { parseConfig, type ModelConfig } from '#main/formats/keras/keras-config.ts';
import { variableOrder } from '#main/formats/keras/variable-order.ts';
import { weightTensors } from '#main/formats/keras/weights.ts';
import { metadataFrom, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04] as const;
const CONFIG = 'config.json';
const METADATA = 'metadata.json';
const MAIN_WEIGHTS = 'model.weights.h5';
/** What the first releases with this format called it. */
const FIRST_WEIGHTS = 'variables.h5';
const NUMPY_WEIGHTS = 'model.weights.npz';

/** A zip with a model's weights in it. */
export async function isKerasArchive(input: FileInput): Promise<boolean> {
  if (!startsWith(input.head, ZIP_MAGIC)) return false;
  try {
    const zip = await input.zip();
    if (!zip) return false;
    const isNamed = [MAIN_WEIGHTS, NUMPY_WEIGHTS].some((name) => zip.find(name));
    return isNamed || (zip.find(CONFIG) !== undefined && zip.find(FIRST_WEIGHTS) !== undefined);
  } catch (error) {
    if (isAppError(error) && error.code !== 'io') return false;
    throw error;
  }
}

/** Opens a model without unpacking it: its weights are read where they lie. */
export async function openArchive(input: FileInput): Promise<Checkpoint> {
  const zip = await input.zip();
  const entry = zip?.find(MAIN_WEIGHTS) ?? zip?.find(FIRST_WEIGHTS);
  if (!zip || !entry) {
    throw new AppError('unsupported', 'a Keras model whose weights are in a NumPy archive is not read', {
      file: input.name,
      expected: MAIN_WEIGHTS,
      found: NUMPY_WEIGHTS,
      hint: 'load it and save it again with h5py installed',
    });
  }
  const problems: Problem[] = [];
  const config = await readConfig(zip, CONFIG, problems);
  const metadata = await readConfig(zip, METADATA, problems);
  const sources = sourceList(input.source);
  const weights = await zip.source(entry);
  const source = await inPlaceOrMemory(weights, entry, input.source.byteLength);
  const file = await openHdf5(source, { head: new Uint8Array(0), sources });
  if (!file) {
    throw new AppError('corrupt', `${entry.name} is no HDF5 file`, {
      file: input.name,
      offset: entry.headerOffset,
    });
  }
  const tree = await file.tree();
  const at = sources.place(source, 0);
  const order = variableOrder(tree, config?.layerNames ?? []);
  const own = isObject(metadata?.metadata) ? Object.entries(metadata.metadata) : [];
  const code = config?.code ?? [];
  return {
    format: 'keras',
    dialect: dialectOf(new Map(own).get('keras_version')),
    layout: 'dict',
    sources: sources.sources,
    tensors: weightTensors(tree, order, checksumsOf(entry, at)),
    regions: regionsOf(zip, file, at, sources),
    imports: [],
    ...(code.length > 0 ? { code } : {}),
    problems: [...zip.problems, ...problems, ...(config?.problems ?? []), ...tree.problems],
    metadata: metadataFrom([...own, ...(config ? [['config', config.metadata] as const] : [])]),
  };
}

function isObject(value: MetadataValue | undefined): value is { [key: string]: MetadataValue } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function dialectOf(version: MetadataValue | undefined): string {
  return typeof version === 'string'
    ? `Keras model (.keras), written by Keras ${version}`
    : 'Keras model (.keras)';
}

async function readConfig(
  zip: ZipArchive,
  name: string,
  problems: Problem[],
): Promise<ModelConfig | undefined> {
  const entry = zip.find(name);
  if (!entry) {
    problems.push({ code: 'missing-part', message: `the archive has no ${name}` });
    return undefined;
  }
  if (entry.byteLength > KERAS_CONFIG_BYTES) {
    problems.push({ code: 'limit', message: `${name} has ${entry.byteLength} bytes, more than are read` });
    return undefined;
  }
  try {
    const source = await zip.source(entry);
    const bytes = await source.read(0, entry.byteLength);
    await source.close();
    return parseConfig(new TextDecoder('utf-8').decode(bytes), name);
  } catch (error) {
    if (!isAppError(error) || error.code === 'io') throw error;
    problems.push({ code: error.code, message: `${name}: ${error.message}` });
    return undefined;
  }
}

/** HDF5 jumps about, which a compressed stream does not like: a small one is unpacked into memory. */
async function inPlaceOrMemory(
  weights: ByteSource,
  entry: ZipEntry,
  fileByteLength: number,
): Promise<ByteSource> {
  if (entry.method === STORED || entry.byteLength > allocationBudget(fileByteLength)) return weights;
  const bytes = await weights.read(0, entry.byteLength);
  await weights.close();
  return memorySource(bytes, weights.name);
}

/** The zip's CRC-32 is of the whole weight file, and so of each tensor in it. */
function checksumsOf(entry: ZipEntry, at: { readonly source: number; readonly offset: number }): Checksum[] {
  if (entry.crc32 === undefined) return [];
  const end = at.offset + entry.byteLength;
  return [{ algorithm: 'crc32', expected: entry.crc32, source: at.source, begin: at.offset, end }];
}

function regionsOf(
  zip: ZipArchive,
  file: Hdf5File,
  at: { readonly source: number; readonly offset: number },
  { sources }: SourceList,
): Region[] {
  const inside = sources[at.source] ? file.regions() : [];
  return [
    ...inside.map(({ begin, end, label }) => ({
      source: at.source,
      begin: at.offset + begin,
      end: at.offset + end,
      label,
    })),
    { source: 0, ...zip.directory, label: 'zip directory' },
  ];
}
