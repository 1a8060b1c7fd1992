// TensorFlow checkpoint V2 (tensor bundle): tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
import { allocationBudget, TEXT_ARRAY_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Message } from '#main/encodings/protobuf/protobuf.ts';
import type { SortedTable } from '#main/encodings/sorted-table/sorted-table.ts';
import type { Checkpoint, Region, StoredTensor } from '#main/formats/contract.ts';
import type { FormatInput } from '#main/formats/input.ts';
import {
  parseEntry,
  parseHeader,
  type BundleEntry,
  type BundleHeader,
} from '#main/formats/tensorflow/bundle.ts';
import { isUnfinished, prefixOf, type FoundIndex } from '#main/formats/tensorflow/members.ts';
import { OBJECT_GRAPH_KEY, variableNames } from '#main/formats/tensorflow/object-graph.ts';
import { describeSavedModel } from '#main/formats/tensorflow/beside-variables.ts';
import { openShards } from '#main/formats/tensorflow/shards.ts';
import { isSliceKey } from '#main/formats/tensorflow/slice-key.ts';
import { describeTensor, readStrings, type Bundle } from '#main/formats/tensorflow/tensors.ts';
import { metadataFrom, type Metadata, type Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** The version of the format that we know to read; later ones say so in the header. */
const VERSION = 1;

/**
 * Describes a V2 checkpoint from its index, which is the first of the sources; the data files are appended to them.
 * @throws AppError `corrupt` for an index that cannot be read.
 */
export async function openBundle(
  found: FoundIndex,
  table: SortedTable,
  input: FormatInput,
  sources: ByteSource[],
): Promise<Checkpoint> {
  const index = sources[0]!;
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
  if (isUnfinished(found.indexName))
    problems.push({
      code: 'interrupted',
      message: `the save was interrupted before ${found.indexName} was given its name`,
    });
  const model = found.savedModel ? await describeSavedModel(found.savedModel, problems) : metadataFrom([]);
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
    format: 'tensorflow',
    dialect: dialectOf(found, graph !== undefined, model),
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
      ...Object.entries(model),
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
      header = parseHeader({ ...message, what: 'the header of the index' });
    } else if (isSliceKey(key)) {
      slices.set(Buffer.from(key).toString('latin1'), parseEntry(message));
    } else {
      entries.set(distinct(decoder.decode(key), entries), parseEntry(message));
    }
  }
  if (!header) throw foreignTable(index);
  return { header, entries, slices };
}

/** Keys differ as bytes; two that are no UTF-8 may still read alike. */
function distinct(name: string, entries: ReadonlyMap<string, unknown>): string {
  let count = 1;
  let free = name;
  while (entries.has(free)) free = `${name}#${++count}`;
  return free;
}

export function foreignTable(index: ByteSource): AppError {
  return new AppError('unknown-format', 'this is a sorted table of something else, not a checkpoint', {
    file: index.name,
    expected: 'a header under an empty key',
    found: 'a table as LevelDB writes it',
  });
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

function dialectOf({ savedModel }: FoundIndex, hasGraph: boolean, model: Metadata): string {
  if (savedModel) {
    const version = model['tensorflowVersion'];
    return `TensorFlow SavedModel variables${typeof version === 'string' ? `, written by TensorFlow ${version}` : ''}`;
  }
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
