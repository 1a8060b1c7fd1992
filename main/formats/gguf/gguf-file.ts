// One GGUF file, versions 1 to 3, either byte order: ggml docs/gguf.md, with the rules of src/gguf.cpp.
import { cursorOver } from '#main/bytes/cursor.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Region, StoredTensor } from '#main/formats/contract.ts';
import { headerReader } from '#main/formats/gguf/header-reader.ts';
import { readPairCount, readPairs, type MetadataPair } from '#main/formats/gguf/metadata.ts';
import { padded, placeTensors } from '#main/formats/gguf/place.ts';
import { readTensorCount, readTensorEntries } from '#main/formats/gguf/tensor-infos.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

export interface GgufFile {
  readonly version: number;
  readonly byteOrder: 'little' | 'big';
  readonly pairs: readonly MetadataPair[];
  readonly tensors: readonly StoredTensor[];
  readonly regions: readonly Region[];
  readonly problems: readonly Problem[];
}

const MAGIC_BYTES = 4;
/** Magic and version. */
const PREFIX_BYTES = 8;
const DEFAULT_ALIGNMENT = 32;
const ALIGNMENT_KEY = 'general.alignment';

/**
 * Reads the header and the tensor infos. Storages and regions refer to the file as source 0.
 * @throws AppError `corrupt` where the rest cannot be found, `unsupported` for a later version, `limit`.
 */
export async function readGgufFile(source: ByteSource): Promise<GgufFile> {
  const problems: Problem[] = [];
  const { version, byteOrder } = await readVersion(source);
  const reader = headerReader(source, PREFIX_BYTES, version, byteOrder === 'big');
  const tensorCount = await readTensorCount(reader);
  const pairCount = await readPairCount(reader);
  const pairsBegin = reader.position();
  const pairs = await readPairs(reader, pairCount, problems);
  const alignment = alignmentOf(pairs, source.name);
  const entriesBegin = reader.position();
  const entries = await readTensorEntries(reader, tensorCount, version, problems);
  const headerEnd = reader.position();
  const begin = Number(padded(BigInt(headerEnd), BigInt(alignment)));
  const fileByteLength = source.byteLength;
  const section = { begin, alignment, fileByteLength, byteOrder };
  const { tensors, end } = placeTensors(entries, section, problems);
  if (entries.length > 0) problems.push(...endProblems(end, BigInt(fileByteLength)));
  const regions = [
    { source: 0, begin: 0, end: pairsBegin, label: 'header' },
    { source: 0, begin: pairsBegin, end: entriesBegin, label: 'metadata' },
    { source: 0, begin: entriesBegin, end: headerEnd, label: 'tensor infos' },
  ].filter((region) => region.end > region.begin);
  return { version, byteOrder, pairs, tensors, regions, problems };
}

async function readVersion(source: ByteSource): Promise<Pick<GgufFile, 'version' | 'byteOrder'>> {
  const bytes = await source.read(0, PREFIX_BYTES);
  const options = { base: MAGIC_BYTES, file: source.name };
  const little = cursorOver(bytes.subarray(MAGIC_BYTES), options).u32();
  // the lower half of a version is zero only where it was written the other way round
  const isBig = little !== 0 && (little & 0xffff) === 0;
  const version = isBig
    ? cursorOver(bytes.subarray(MAGIC_BYTES), { ...options, bigEndian: true }).u32()
    : little;
  if (version >= 1 && version <= 3) return { version, byteOrder: isBig ? 'big' : 'little' };
  throw new AppError(version === 0 ? 'corrupt' : 'unsupported', 'the GGUF version is not one that we know', {
    file: source.name,
    offset: MAGIC_BYTES,
    expected: '1, 2 or 3',
    found: String(version),
  });
}

function alignmentOf(pairs: readonly MetadataPair[], file: string): number {
  const pair = pairs.find(({ key }) => key === ALIGNMENT_KEY);
  if (!pair) return DEFAULT_ALIGNMENT;
  const { type, value, offset } = pair;
  const isPowerOfTwo = typeof value === 'number' && value > 0 && (value & (value - 1)) === 0;
  if (type === 'u32' && isPowerOfTwo) return value;
  throw new AppError('corrupt', `${ALIGNMENT_KEY} is not one that data can have`, {
    file,
    offset,
    expected: 'a power of two as u32',
    found: typeof value === 'number' ? `${value} as ${type}` : `a value of the type ${type}`,
  });
}

function endProblems(end: bigint, fileByteLength: bigint): Problem[] {
  if (end < fileByteLength) {
    const message = `${fileByteLength - end} bytes follow the end of the data`;
    return [{ code: 'trailing-bytes', message, offset: Number(end) }];
  }
  const isComplete = end === fileByteLength;
  // tensors that are cut short are named themselves
  return isComplete
    ? []
    : [
        {
          code: 'padding',
          message: `the data should be padded up to byte ${end} of a file of ${fileByteLength}`,
        },
      ];
}
