// TensorFlow checkpoint V2 (tensor bundle): tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
import { allocationBudget, TEXT_ARRAY_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Message } from '#main/encodings/protobuf/protobuf.ts';
import { openTable, type SortedTable } from '#main/encodings/sorted-table/sorted-table.ts';
import type { Checkpoint, Format, Region, StoredTensor } from '#main/formats/contract.ts';
import type { FormatInput } from '#main/formats/input.ts';
import {
  isVersion1,
  parseEntry,
  parseHeader,
  type BundleEntry,
  type BundleHeader,
} from '#main/formats/tensorflow/bundle.ts';
import { findIndexes, prefixOf, type FoundIndex } from '#main/formats/tensorflow/members.ts';
import { OBJECT_GRAPH_KEY, variableNames } from '#main/formats/tensorflow/object-graph.ts';
import { openShards } from '#main/formats/tensorflow/shards.ts';
import { isSliceKey } from '#main/formats/tensorflow/slice-key.ts';
import { describeTensor, readStrings, type Bundle } from '#main/formats/tensorflow/tensors.ts';
import { metadataFrom, type Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** The version of the format that we know to read; later ones say so in the header. */
const VERSION = 1;

export const tensorflow: Format = {
  name: 'tensorflow',
  title: 'TensorFlow',
  reads:
    'checkpoints (V2) by any of their files or their folder, SavedModel variables; shards, slices, texts',
  extensions: ['index', 'data-00000-of-00001'],
  claims: async (input) => (await findIndexes(input)).length > 0,
  open,
};

async function open(input: FormatInput): Promise<Checkpoint> {
  const found = onlyOne(await findIndexes(input), input);
  const isIndex = input.kind === 'file' && input.name === found.indexName;
  const sources: ByteSource[] = [isIndex ? input.source : await found.folder!.open(found.indexName)];
  try {
    const checkpoint = await describe(found, input, sources);
    // whatever was opened is closed with the checkpoint, the file that only led here included
    if (input.kind === 'file' && !sources.includes(input.source)) sources.push(input.source);
    return checkpoint;
  } catch (error) {
    const own = sources.filter((source) => input.kind !== 'file' || source !== input.source);
    await Promise.all(own.map((source) => source.close()));
    throw error;
  }
}

function onlyOne(found: readonly FoundIndex[], input: FormatInput): FoundIndex {
  const [first, ...others] = found;
  if (first && others.length === 0) return first;
  throw new AppError('invalid-params', 'the folder holds several checkpoints', {
    file: input.name,
    expected: 'a folder of one, or a "checkpoint" file that names the newest',
    found: found.map(({ indexName }) => indexName).join(', '),
    hint: 'open one of the .index files',
  });
}

async function describe(found: FoundIndex, input: FormatInput, sources: ByteSource[]): Promise<Checkpoint> {
  const index = sources[0]!;
  const table = await openTable(index);
  const { header, entries, slices } = await readIndex(table, index);
  const wanted = new Set(
    [...entries.values(), ...slices.values()].flatMap((entry) =>
      entry.slices.length > 0 ? [] : [entry.shard],
    ),
  );
  const shards = await openShards(
    wanted,
    prefixOf(found.indexName),
    header.shardCount,
    found.folder,
    input,
    sources,
  );
  const problems: Problem[] = [...shards.problems];
  if (header.minConsumer > VERSION) {
    problems.push({
      code: 'unsupported',
      message: `the checkpoint wants a reader of version ${header.minConsumer}, this one is of version ${VERSION}`,
    });
  }
  const bundle: Bundle = {
    isBigEndian: header.isBigEndian,
    sources,
    sourceOf: shards.sourceOf,
    slices,
    problems,
    budget: allocationBudget(sources.reduce((sum, { byteLength }) => sum + byteLength, 0)),
  };
  const graph = entries.get(OBJECT_GRAPH_KEY);
  const labels = graph ? await readLabels(graph, bundle) : new Map<string, string>();
  const tensors: StoredTensor[] = [];
  for (const [name, entry] of entries) {
    if (name === OBJECT_GRAPH_KEY) continue;
    const label = labels.get(name);
    const tensor = await describeTensor(name, entry, bundle);
    tensors.push(label === undefined ? tensor : { ...tensor, label });
  }
  return {
    format: tensorflow.name,
    dialect: dialectOf(found, graph !== undefined),
    layout: 'dict',
    sources,
    tensors,
    regions: regionsOf(table, index),
    imports: [],
    problems,
    metadata: metadataFrom([
      ['prefix', prefixOf(found.indexName)],
      ['dataFiles', header.shardCount],
      ['byteOrder', header.isBigEndian ? 'big' : 'little'],
      [
        'version',
        metadataFrom([
          ['producer', header.producer],
          ['minConsumer', header.minConsumer],
        ]),
      ],
    ]),
  };
}

interface Index {
  readonly header: BundleHeader;
  /** By name, in key order. */
  readonly entries: ReadonlyMap<string, BundleEntry>;
  /** By binary key, one UTF-16 unit a byte. */
  readonly slices: ReadonlyMap<string, BundleEntry>;
}

async function readIndex(table: SortedTable, index: ByteSource): Promise<Index> {
  let header: BundleHeader | undefined;
  const entries = new Map<string, BundleEntry>();
  const slices = new Map<string, BundleEntry>();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const { key, value, offset } of table.entries()) {
    const message: Message = { bytes: value, base: offset, file: index.name, what: 'the index entry' };
    if (!header) {
      if (key.byteLength > 0) throw foreign(index);
      if (isVersion1(message)) throw version1(index);
      header = parseHeader({ ...message, what: 'the header of the index' });
    } else if (isSliceKey(key)) {
      slices.set(Buffer.from(key).toString('latin1'), parseEntry(message));
    } else {
      entries.set(distinct(decoder.decode(key), entries), parseEntry(message));
    }
  }
  if (!header) throw foreign(index);
  return { header, entries, slices };
}

/** Keys differ as bytes; two that are no UTF-8 may still read alike. */
function distinct(name: string, entries: ReadonlyMap<string, unknown>): string {
  let count = 1;
  let free = name;
  while (entries.has(free)) free = `${name}#${++count}`;
  return free;
}

function foreign(index: ByteSource): AppError {
  return new AppError('unknown-format', 'this is a sorted table of something else, not a checkpoint', {
    file: index.name,
    expected: 'a header under an empty key',
    found: 'a table as LevelDB writes it',
  });
}

function version1(index: ByteSource): AppError {
  return new AppError(
    'unsupported',
    'this is a TensorFlow checkpoint of version 1, which this version does not read yet',
    {
      file: index.name,
      expected: 'version 2: an .index file and its .data files',
      hint: 'tf.compat.v1.train.Saver(write_version=2) saves it anew',
    },
  );
}

async function readLabels(graph: BundleEntry, bundle: Bundle): Promise<ReadonlyMap<string, string>> {
  const none = new Map<string, string>();
  const report = (message: string): ReadonlyMap<string, string> => {
    bundle.problems.push({ code: 'object-graph', message, offset: graph.offset });
    return none;
  };
  const source = bundle.sourceOf.get(graph.shard);
  // a missing data file has its problem already
  if (source === undefined) return none;
  if (graph.byteLength > TEXT_ARRAY_BYTES) return report('the object graph is longer than we read');
  const strings = await readStrings(graph, 1, bundle.sources[source]!);
  const text = strings?.values[0];
  if (text === undefined) return report('the object graph is not where the index says');
  if (!strings!.isIntact) return report('the object graph does not match its checksum');
  try {
    return variableNames({
      bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text,
      base: graph.offset,
      file: bundle.sources[source]!.name,
      what: 'the object graph',
    });
  } catch (error) {
    if (isAppError(error)) return report(error.message);
    throw error;
  }
}

function dialectOf({ isSavedModel }: FoundIndex, hasGraph: boolean): string {
  if (isSavedModel) return 'TensorFlow SavedModel variables';
  return `TensorFlow checkpoint V2, ${hasGraph ? 'object-based (tf.train.Checkpoint, Keras)' : 'name-based (tf.train.Saver)'}`;
}

function regionsOf(table: SortedTable, index: ByteSource): Region[] {
  const blocks = table.blocks.map(({ offset, byteLength }) => ({
    source: 0,
    begin: offset,
    end: offset + byteLength,
    label: 'names, shapes and places',
  }));
  const { offset, byteLength } = table.indexBlock;
  return [
    ...blocks,
    { source: 0, begin: offset, end: offset + byteLength, label: 'index of the blocks' },
    { source: 0, begin: table.footer, end: index.byteLength, label: 'footer' },
  ];
}
