// torch/distributed/checkpoint/metadata.py and _StorageInfo of filesystem.py.
import { textOf } from '#main/encodings/pickle/content.ts';
import {
  asKind,
  itemsOf,
  safeInteger,
  type PickleCall,
  type PickleDict,
  type PickleNode,
} from '#main/encodings/pickle/nodes.ts';
import { stateEntries } from '#main/encodings/pickle/object-parts.ts';
import { dimensionsOf, dtypeOf } from '#main/formats/pytorch/tensor-view.ts';
import { AppError } from '#shared/errors.ts';

/** What is saved under a name. */
export type Entry =
  | {
      readonly kind: 'tensor';
      /** Canonical name. */
      readonly dtype: string;
      readonly shape: readonly number[];
      readonly chunks: readonly ChunkPlace[];
    }
  /** Any other object, as torch.save writes it. */
  | { readonly kind: 'object' }
  /** A description that makes no sense. */
  | { readonly kind: 'broken'; readonly error: AppError };

/** A part of a tensor, in elements. */
export interface ChunkPlace {
  readonly origin: readonly number[];
  readonly shape: readonly number[];
}

/** Where a part lies: bytes of a file of the checkpoint. */
export interface Slice {
  readonly file: string;
  readonly offset: number;
  readonly byteLength: number;
  /** Names of transformations that it went through when it was written. */
  readonly transforms: readonly string[];
}

export interface Metadata {
  /** By full name, in the order of the file. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** By `sliceKey`. */
  readonly slices: ReadonlyMap<string, Slice>;
  readonly version: string | undefined;
}

/** What stands for a tensor's part at an origin, or for an object, which has none. */
export function sliceKey(name: string, origin: readonly number[] | undefined): string {
  return JSON.stringify([name, origin ?? null]);
}

/** @throws AppError `corrupt` for a pickle of something else. */
export function parseMetadata(root: PickleNode): Metadata {
  const fields = attributesOf(root, 'Metadata');
  const described = asKind(fields?.get('state_dict_metadata'), 'dict');
  if (!fields || !described) {
    throw new AppError('corrupt', 'the metadata do not say what the checkpoint holds', {
      expected: 'a dict state_dict_metadata',
    });
  }
  const entries = new Map<string, Entry>();
  for (const [key, value] of pairsOf(described)) {
    const name = textOf(key);
    if (name !== undefined) entries.set(name, entryOf(value));
  }
  return { entries, slices: slicesOf(fields.get('storage_data')), version: textOf(fields.get('version')) };
}

/** The attributes of an object of a class of this name, whatever its module: it moved between releases. */
function attributesOf(node: PickleNode | undefined, name: string): Map<string, PickleNode> | undefined {
  const call = asKind(node, 'call');
  return call && className(call) === name ? new Map(stateEntries(call)) : undefined;
}

function className(call: PickleCall): string | undefined {
  return asKind(call.callable, 'global')?.name;
}

function* pairsOf(dict: PickleDict): Generator<readonly [PickleNode, PickleNode]> {
  for (const [index, key] of dict.keys.entries()) yield [key, dict.values[index]!];
}

function entryOf(node: PickleNode): Entry {
  const fields = attributesOf(node, 'TensorStorageMetadata');
  if (!fields) return { kind: 'object' };
  try {
    return {
      kind: 'tensor',
      dtype: dtypeOf(propertyDtype(fields.get('properties'))).dtype,
      shape: dimensionsOf(fields.get('size')),
      chunks: (itemsOf(fields.get('chunks')) ?? []).map(chunkOf),
    };
  } catch (error) {
    if (error instanceof AppError) return { kind: 'broken', error };
    throw error;
  }
}

/** The state of TensorProperties is a tuple that begins with the dtype, or a dict. */
function propertyDtype(node: PickleNode | undefined): PickleNode | undefined {
  const state = asKind(node, 'call')?.states?.[0];
  return itemsOf(state)?.[0] ?? attributesOf(node, 'TensorProperties')?.get('dtype');
}

function chunkOf(node: PickleNode): ChunkPlace {
  const fields = attributesOf(node, 'ChunkStorageMetadata');
  return { origin: dimensionsOf(fields?.get('offsets')), shape: dimensionsOf(fields?.get('sizes')) };
}

function slicesOf(node: PickleNode | undefined): ReadonlyMap<string, Slice> {
  const slices = new Map<string, Slice>();
  for (const [key, value] of pairsOf(asKind(node, 'dict') ?? { kind: 'dict', keys: [], values: [] })) {
    const index = attributesOf(key, 'MetadataIndex');
    const name = textOf(index?.get('fqn'));
    const slice = sliceOf(attributesOf(value, '_StorageInfo'));
    if (!index || name === undefined || !slice) continue;
    const offset = index.get('offset') ?? null;
    slices.set(sliceKey(name, offset === null ? undefined : dimensionsOf(offset)), slice);
  }
  return slices;
}

function sliceOf(fields: Map<string, PickleNode> | undefined): Slice | undefined {
  const file = textOf(fields?.get('relative_path'));
  const offset = safeInteger(fields?.get('offset'));
  const byteLength = safeInteger(fields?.get('length'));
  if (file === undefined || offset === undefined || byteLength === undefined) return undefined;
  const transforms = (itemsOf(fields?.get('transform_descriptors')) ?? []).map((one) => textOf(one) ?? '?');
  return { file, offset, byteLength, transforms };
}
