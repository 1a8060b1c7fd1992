// Files of one process each: torch/distributed/checkpoint/hf_storage.py, `HuggingFaceStorageWriter` with `save_distributed`.
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import type { Checkpoint, StoredTensor } from '#main/formats/contract.ts';
import type { FileInput, FormatInput } from '#main/formats/input.ts';
import { openShardSet } from '#main/formats/joined-shards.ts';
import type { ShardSet } from '#main/formats/shard-sets.ts';
import { assemblePieces, type Piece } from '#main/formats/safetensors/pieces.ts';
import { metadataFrom, type Metadata } from '#shared/checkpoint.ts';

const SHARD_NAME = /^shard-\d{5}-.+\.safetensors$/;
/** JSON in the metadata: where the file's tensors begin in those of all processes, `{name: {"saved_offsets": […]}}`. */
const PLACES = 'DCP_SHARDING_INFO';

/** The files of all processes, from their folder or one of them; undefined for other inputs. */
export async function processSetOf(input: FormatInput): Promise<ShardSet | undefined> {
  const { folder } = input;
  if (!folder || (input.kind === 'file' && !SHARD_NAME.test(input.name))) return undefined;
  const entries = await folder.list();
  const parts = entries.filter(({ name, isFolder }) => !isFolder && SHARD_NAME.test(name));
  if (parts.length === 0) return undefined;
  return {
    format: 'safetensors',
    index: undefined,
    parts: parts.map(({ name }) => name),
    folder,
    others: [],
  };
}

/** Opens all files and puts the tensors together; pieces that do not make one up are listed by where they lie. */
export async function openProcessSet(
  set: ShardSet,
  input: FormatInput,
  openFile: (part: FileInput) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  // of the tensors in the order of the parts, which is that of the joined checkpoint
  const origins: (readonly number[] | undefined)[] = [];
  const joined = await openShardSet(set, input, async (part) => {
    const checkpoint = await openFile(part);
    const places = placesIn(checkpoint.metadata);
    for (const tensor of checkpoint.tensors) origins.push(originOf(places, tensor));
    return checkpoint;
  });
  const pieces = new Map<string, Piece[]>();
  for (const [at, stored] of joined.tensors.entries()) {
    const piece = { stored, origin: origins[at] ?? stored.shape.map(() => 0) };
    const known = pieces.get(stored.name);
    if (known) known.push(piece);
    else pieces.set(stored.name, [piece]);
  }
  const assembled = [...pieces.values()].map(assemblePieces);
  // each process has a file for every part of the whole: there is no index, and none is missing
  const problems = joined.problems.filter(({ code }) => code !== 'missing-index');
  return {
    ...joined,
    dialect: `${joined.dialect}, of several processes (PyTorch DCP)`,
    tensors: assembled.flatMap(({ tensors }) => tensors),
    problems: [...problems, ...assembled.flatMap((one) => one.problems)],
    metadata: metadataFrom(Object.entries(joined.metadata).filter(([key]) => key !== PLACES)),
  };
}

function placesIn(metadata: Metadata): Readonly<Record<string, unknown>> {
  const text = metadata[PLACES];
  if (typeof text !== 'string') return {};
  try {
    const places: unknown = JSON.parse(text);
    return isObject(places) ? places : {};
  } catch {
    return {};
  }
}

/** Undefined where nothing is told that goes with the tensor's shape. */
function originOf(
  places: Readonly<Record<string, unknown>>,
  { name, shape }: StoredTensor,
): readonly number[] | undefined {
  const place = Object.hasOwn(places, name) ? places[name] : undefined;
  const offsets: unknown = isObject(place) ? place['saved_offsets'] : undefined;
  if (!Array.isArray(offsets) || offsets.length !== shape.length || shape.length > TENSOR_RANK)
    return undefined;
  const isPlace = offsets.every((at) => Number.isSafeInteger(at) && (at as number) >= 0);
  return isPlace ? (offsets as number[]) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
