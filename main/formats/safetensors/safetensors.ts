// safetensors: huggingface/safetensors README "Format" and the reference's safetensors/src/tensor.rs (0.8).
import { SAFETENSORS_HEADER_BYTES } from '#main/bytes/limits.ts';
import type { Checkpoint, Format } from '#main/formats/contract.ts';
import type { FileInput } from '#main/formats/input.ts';
import { openShardSet } from '#main/formats/joined-shards.ts';
import { parseHeader } from '#main/formats/safetensors/header.ts';
import { placeTensors } from '#main/formats/safetensors/place.ts';
import { openProcessSet, processSetOf } from '#main/formats/safetensors/process-shards.ts';
import { isShardIndex, shardSetOf } from '#main/formats/shard-sets.ts';
import { metadataFrom, type Metadata } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** The header's length: a u64. */
const LENGTH_BYTES = 8;

export const safetensors: Format = {
  name: 'safetensors',
  title: 'safetensors',
  reads:
    'every rule of the format checked, all dtypes of version 0.8, metadata; sharded sets as one, by their index, a part or the folder; tensors put together from the files of several processes',
  extensions: ['safetensors'],
  claims: async (input) => {
    if (input.kind === 'folder')
      return (
        (await processSetOf(input)) !== undefined || (await shardSetOf(input, 'safetensors')) !== undefined
      );
    return looksLikeHeader(input.head) || isShardIndex(input, 'safetensors');
  },
  open: async (input) => {
    const processes = await processSetOf(input);
    if (processes) return openProcessSet(processes, input, openFile);
    const set = await shardSetOf(input, 'safetensors');
    if (set) return openShardSet(set, input, openFile);
    if (input.kind !== 'file') throw new AppError('internal', 'the folder has been recognised before');
    return openFile(input);
  },
};

/** A length below 2^48 before a brace: longer or cut-off headers are ours, too, so that the broken rule gets its name. */
function looksLikeHeader(head: Uint8Array): boolean {
  if (head.byteLength <= LENGTH_BYTES || head[6] !== 0 || head[7] !== 0) return false;
  const first = head.subarray(LENGTH_BYTES).find((byte) => !isJsonSpace(byte));
  return first === 0x7b && head.subarray(0, LENGTH_BYTES).some((byte) => byte !== 0);
}

function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

async function openFile(input: FileInput): Promise<Checkpoint> {
  const { source } = input;
  const headerEnd = LENGTH_BYTES + headerLength(input);
  const bytes = await source.read(LENGTH_BYTES, headerEnd - LENGTH_BYTES);
  const header = parseHeader(bytes, LENGTH_BYTES, source.name);
  const placed = placeTensors(header.entries, headerEnd, source);
  const metadata = metadataFrom(header.metadata);
  return {
    format: safetensors.name,
    dialect: dialectOf(metadata),
    layout: 'dict',
    sources: [source],
    tensors: placed.tensors,
    hasDistinctNames: true,
    regions: [
      { source: 0, begin: 0, end: LENGTH_BYTES, label: 'length of the header' },
      { source: 0, begin: LENGTH_BYTES, end: headerEnd, label: 'header' },
    ],
    imports: [],
    problems: [...header.problems, ...placed.problems],
    metadata,
  };
}

function headerLength({ source, head }: FileInput): number {
  const stated = new DataView(head.buffer, head.byteOffset, head.byteLength).getBigUint64(0, true);
  if (stated > BigInt(SAFETENSORS_HEADER_BYTES)) {
    throw new AppError('corrupt', 'the header is longer than the format allows', {
      file: source.name,
      offset: 0,
      expected: `at most ${SAFETENSORS_HEADER_BYTES} bytes`,
      found: `${stated} bytes`,
    });
  }
  const length = Number(stated);
  if (LENGTH_BYTES + length > source.byteLength) {
    throw new AppError('corrupt', 'the file ends inside its header', {
      file: source.name,
      offset: source.byteLength,
      expected: `a header of ${length} bytes`,
      found: `a file of ${source.byteLength} bytes`,
      hint: 'the file is cut short; fetch or save it again',
    });
  }
  return length;
}

/** What `format` in the metadata says, as its writers put it. */
const WRITERS: ReadonlyMap<string, string> = new Map([
  ['pt', 'PyTorch'],
  ['tf', 'TensorFlow'],
  ['flax', 'Flax'],
  ['np', 'NumPy'],
  ['paddle', 'Paddle'],
  ['mlx', 'MLX'],
]);

function dialectOf(metadata: Metadata): string {
  if ('paramscope' in metadata) return 'safetensors, a Paramscope checkpoint';
  const writer = typeof metadata['format'] === 'string' ? WRITERS.get(metadata['format']) : undefined;
  return writer ? `safetensors, saved from ${writer}` : 'safetensors';
}
