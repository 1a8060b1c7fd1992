// Indexes of sharded checkpoints: `save_pretrained` of Hugging Face transformers and diffusers, huggingface_hub/serialization (`*.index.json`).
import { SHARD_INDEX_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { readJson } from '#main/encodings/json/json.ts';
import { metadataFrom, type Metadata, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

/** What an index says: which tensor is in which file. */
export interface ShardIndex {
  /** Base name of the index itself. */
  readonly name: string;
  /** File by tensor, in the order of the index; as the index has them, wherever they point. */
  readonly files: ReadonlyMap<string, string>;
  /** Bytes of all tensors, where it is told. */
  readonly totalBytes: number | undefined;
  readonly metadata: Metadata;
  readonly problems: readonly Problem[];
}

const OPEN_BRACE = 0x7b;

/**
 * Reads a file as an index.
 * @param head its first bytes. @returns undefined for whatever is none.
 */
export async function readShardIndex(source: ByteSource, head: Uint8Array): Promise<ShardIndex | undefined> {
  const first = head.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  if (first !== OPEN_BRACE || source.byteLength > SHARD_INDEX_BYTES) return undefined;
  const text = new TextDecoder().decode(await source.read(0, source.byteLength));
  if (!text.includes('"weight_map"')) return undefined;
  try {
    return parse(text, source.name);
  } catch (error) {
    // broken JSON is nobody's
    if (isAppError(error)) return undefined;
    throw error;
  }
}

function parse(text: string, name: string): ShardIndex | undefined {
  const reader = readJson(text, { what: 'the shard index', file: name });
  const files = new Map<string, string>();
  const problems: Problem[] = [];
  let isMapped = false;
  reader.beginObject();
  for (let key = reader.nextKey(); key !== undefined; key = reader.nextKey()) {
    if (key !== 'weight_map' || reader.kind() !== 'object') {
      reader.skip();
      continue;
    }
    isMapped = true;
    reader.beginObject();
    for (let tensor = reader.nextKey(); tensor !== undefined; tensor = reader.nextKey()) {
      // Keras maps to lists
      if (reader.kind() !== 'string') return undefined;
      if (files.has(tensor))
        problems.push({ code: 'shard-index', message: `the index names ${tensor} more than once` });
      files.set(tensor, reader.string());
    }
  }
  reader.end();
  if (!isMapped || files.size === 0) return undefined;
  const stated = (JSON.parse(text) as { metadata?: unknown }).metadata;
  const entries = typeof stated === 'object' && stated !== null ? Object.entries(stated) : [];
  const total = entries.find(([key]) => key === 'total_size')?.[1] as unknown;
  return {
    name,
    files,
    totalBytes: typeof total === 'number' ? total : undefined,
    metadata: metadataFrom(
      entries.flatMap(([key, value]) => (isPlain(value) ? [[key, value] as const] : [])),
    ),
    problems,
  };
}

function isPlain(value: unknown): value is MetadataValue {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
