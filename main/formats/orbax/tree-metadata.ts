// `_METADATA`: google/orbax checkpoint/orbax/checkpoint/_src/metadata/tree.py, `InternalTreeMetadata`.
import { ORBAX_METADATA_BYTES } from '#main/bytes/limits.ts';
import { readWithin } from '#main/bytes/folder-path.ts';
import type { Folder } from '#main/bytes/folder.ts';
import { field, isObject, metadataOf, parseObject, type JsonObject } from '#main/encodings/zarr/json.ts';
import { parseLiteral, isSequence, type Literal } from '#main/encodings/ndarray/literal.ts';
import type { MetadataValue } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

export const TREE_METADATA = '_METADATA';

export interface TreeMetadata {
  /** In the order of the file. */
  readonly leaves: readonly TreeLeaf[];
  /** Whether every chunk is stored, those too that are nothing but the fill value. */
  readonly isWhole: boolean;
  readonly custom: MetadataValue;
}

export interface TreeLeaf {
  /** Keys on the way to it, with dots between them; that is what its array is called, too. */
  readonly name: string;
  /** `jax.Array`, `np.ndarray`, `scalar`, `string`, `None`, `Dict` and so on. */
  readonly valueType: string;
  /** A container without anything in it, or None. */
  readonly isEmpty: boolean;
}

/** @returns undefined for a folder without. @throws AppError `corrupt`, `limit`, `io`. */
export async function readTreeMetadata(folder: Folder): Promise<TreeMetadata | undefined> {
  if (!(await folder.has(TREE_METADATA))) return undefined;
  const bytes = await readWithin(folder, TREE_METADATA, ORBAX_METADATA_BYTES);
  const json = parseObject(bytes, 'the tree of the checkpoint', TREE_METADATA);
  const tree = field(json, 'tree_metadata');
  const leaves = isObject(tree) ? Object.entries(tree).map(([key, leaf]) => leafOf(key, leaf)) : [];
  return {
    leaves,
    isWhole: field(json, 'store_array_data_equal_to_fill_value') === true,
    custom: metadataOf(field(json, 'custom_metadata') ?? null),
  };
}

function leafOf(key: string, leaf: unknown): TreeLeaf {
  const object: JsonObject = isObject(leaf) ? leaf : {};
  const value = field(object, 'value_metadata');
  const valueType = isObject(value) ? field(value, 'value_type') : undefined;
  const isSkipped = isObject(value) && field(value, 'skip_deserialize') === true;
  return {
    name: (keysOf(field(object, 'key_metadata')) ?? tupleOf(key)).join('.'),
    valueType: typeof valueType === 'string' ? valueType : 'unknown',
    isEmpty: isSkipped || ['None', 'Dict', 'List', 'Tuple', 'NamedTuple'].includes(String(valueType)),
  };
}

/** Keys one by one, as every version since 0.5 writes them. */
function keysOf(metadata: unknown): string[] | undefined {
  if (!Array.isArray(metadata)) return undefined;
  const keys = metadata.map((entry: unknown) => (isObject(entry) ? field(entry, 'key') : undefined));
  return keys.every((key) => typeof key === 'string' || typeof key === 'number')
    ? keys.map(String)
    : undefined;
}

/** The same as a Python tuple in text, such as `('params', 'kernel')`. */
function tupleOf(key: string): string[] {
  try {
    const literal = parseLiteral(key);
    return isSequence(literal) ? literal.items.map(textOf) : [textOf(literal)];
  } catch (error) {
    if (isAppError(error)) return [key];
    throw error;
  }
}

function textOf(literal: Literal): string {
  return typeof literal === 'object' ? '' : String(literal);
}
