// MXNet NDArray list: apache/mxnet src/ndarray/ndarray.cc, `NDArray::Save(fo, data, names)`.
import { allocationBudget } from '#main/bytes/limits.ts';
import { sourceCursor, type SourceCursor } from '#main/bytes/source-cursor.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { PickledFile } from '#main/encodings/ndarray/pickled-file.ts';
import { pickleOwner } from '#main/encodings/pickle/pickle-owner.ts';
import type { Checkpoint, Format, Region, StoredTensor } from '#main/formats/contract.ts';
import { startsWith, type FileInput, type FormatInput } from '#main/formats/input.ts';
import { describeArray } from '#main/formats/mxnet/described-array.ts';
import { readNdArray, type NdArray } from '#main/formats/mxnet/ndarray.ts';
import { openPickledArrays } from '#main/formats/mxnet/pickled-arrays.ts';
import { symbolBeside } from '#main/formats/mxnet/symbol.ts';
import { metadataFrom, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** A u64: 0x112. */
const MAGIC = [0x12, 0x01, 0, 0, 0, 0, 0, 0] as const;
const LIST_HEADER_BYTES = 24;
/** The shortest record, a "none" of version 0, is its rank alone. */
const LEAST_RECORD_BYTES = 4;

const WRITERS = [
  'version 0 records, as MXNet 0.9 wrote them',
  'version 1 records, as MXNet 0.11 wrote them',
  'version 2 records (nd mode)',
  'version 3 records (numpy mode)',
] as const;

export const mxnet: Format = {
  name: 'mxnet',
  title: 'MXNet',
  reads:
    'NDArray lists of record versions 0 to 3, all dtypes, dense, row_sparse and csr, with the `-symbol.json` beside them; optimizer `.states` and other pickles of arrays',
  extensions: ['params', 'nd', 'ndarray', 'states'],
  claims: async (input: FormatInput) => {
    if (input.kind !== 'file') return false;
    return startsWith(input.head, MAGIC) || (await pickledArrays(input)) !== undefined;
  },
  open: async (input) => {
    if (input.kind !== 'file') throw new AppError('internal', 'MXNet checkpoints are files');
    const file = await pickledArrays(input);
    return file ? openPickledArrays(input, file) : openList(input);
  },
};

async function pickledArrays(input: FileInput): Promise<PickledFile | undefined> {
  const file = await input.pickle();
  return file && pickleOwner(file.reading) === 'mxnet' ? file : undefined;
}

async function openList(input: FileInput): Promise<Checkpoint> {
  const { source } = input;
  const problems: Problem[] = [];
  const cursor = sourceCursor(source);
  const arrays = await readArrays(cursor, source);
  const namesBegin = cursor.position();
  const names = await readNames(cursor, arrays.length, source, problems);
  if (cursor.remaining() > 0) {
    problems.push({
      code: 'trailing-bytes',
      message: `${cursor.remaining()} bytes follow the end of the list`,
      offset: cursor.position(),
    });
  }
  const tensors: StoredTensor[] = [];
  const shelf = { sources: sourceList(source), problems, budget: allocationBudget(source.byteLength) };
  for (const [index, array] of arrays.entries()) {
    tensors.push(await describeArray(names[index] ?? String(index), array, source, shelf));
  }
  const symbol = await symbolBeside(input, problems);
  const versions = [...new Set(arrays.map(({ version }) => version))].sort();
  const contexts = [...new Set(arrays.flatMap(({ content }) => (content ? [content.context] : [])))];
  return {
    format: mxnet.name,
    dialect: `MXNet NDArray list${versions.length > 0 ? `, ${versions.map((version) => WRITERS[version]).join(' and ')}` : ''}`,
    layout: names.length > 0 ? 'dict' : 'list',
    sources: [source],
    tensors,
    regions: regionsOf(arrays, tensors, namesBegin, cursor.position()),
    imports: [],
    problems,
    metadata: metadataFrom([
      ...(contexts.length > 0 ? [['contexts', contexts] as const] : []),
      ...(symbol ? [['symbol', symbol] as const] : []),
    ]),
  };
}

async function readArrays(cursor: SourceCursor, source: ByteSource): Promise<NdArray[]> {
  const header = await cursor.take(LIST_HEADER_BYTES);
  header.skip(16);
  const count = header.count64('the number of arrays');
  if (count * LEAST_RECORD_BYTES > cursor.remaining()) {
    throw new AppError('corrupt', 'the list says it has more arrays than the file has room for', {
      file: source.name,
      offset: 16,
      expected: `at most ${Math.floor(cursor.remaining() / LEAST_RECORD_BYTES)}`,
      found: String(count),
    });
  }
  const arrays: NdArray[] = [];
  for (let index = 0; index < count; index++) arrays.push(await readNdArray(cursor, index));
  return arrays;
}

async function readNames(
  cursor: SourceCursor,
  arrayCount: number,
  source: ByteSource,
  problems: Problem[],
): Promise<string[]> {
  const begin = cursor.position();
  const count = (await cursor.take(8)).count64('the number of names');
  if (count !== 0 && count !== arrayCount) {
    throw new AppError('corrupt', 'the list has not as many names as arrays', {
      file: source.name,
      offset: begin,
      expected: `0 or ${arrayCount} names`,
      found: String(count),
    });
  }
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const names: string[] = [];
  for (let index = 0; index < count; index++) {
    const offset = cursor.position();
    const bytes = await cursor.take((await cursor.take(8)).count64('the length of a name'));
    const content = bytes.bytes(bytes.byteLength);
    try {
      names.push(decoder.decode(content));
    } catch {
      names.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(content));
      problems.push({ code: 'name-encoding', message: `the name of array ${index} is not UTF-8`, offset });
    }
  }
  return names;
}

function regionsOf(
  arrays: readonly NdArray[],
  tensors: readonly StoredTensor[],
  namesBegin: number,
  namesEnd: number,
): Region[] {
  const headers = arrays.map(({ begin, end, content }, index) => ({
    source: 0,
    begin,
    end: content?.data.offset ?? end,
    label: `header of ${tensors[index]!.name}`,
  }));
  return [
    { source: 0, begin: 0, end: LIST_HEADER_BYTES, label: 'header of the list' },
    ...headers,
    { source: 0, begin: namesBegin, end: namesEnd, label: 'names' },
  ];
}
