import type { TensorInfo } from '#shared/tensor.ts';

/** What the file holds at top level. */
export type Layout = 'tensor' | 'list' | 'dict';

/** Text, numbers and containers found beside the tensors. Objects have no prototype: any key is ordinary. */
export type MetadataValue =
  null | boolean | number | bigint | string | MetadataValue[] | { [key: string]: MetadataValue };
export type Metadata = { [key: string]: MetadataValue };

/** Something odd in a file that still opens. */
export interface Problem {
  /** Kebab-case and stable, such as `crc-mismatch` or `unknown-global`. */
  readonly code: string;
  readonly message: string;
  readonly tensor?: string;
  /** Byte offset in the file. */
  readonly offset?: number;
}

export type Integrity = 'verified' | 'not-recorded' | 'failed';

export interface Totals {
  readonly tensors: number;
  /** Elements of all tensors that have data, shared storages counted once. */
  readonly parameters: number;
  /** Bytes of distinct storages. */
  readonly bytes: number;
  /** Tensors by dtype. */
  readonly dtypes: Readonly<Record<string, number>>;
}

/** An opened file or file set: described, not loaded. */
export interface CheckpointSummary {
  /** What the person knows it by: a base name, or on the command line the path as given. */
  readonly path: string;
  readonly format: string;
  /** A sentence such as "PyTorch zip, written by torch 2.7 or newer". */
  readonly dialect: string;
  readonly layout: Layout;
  readonly totals: Totals;
  readonly tensors: readonly TensorInfo[];
  readonly problems: readonly Problem[];
  readonly metadata: Metadata;
}

/** An object without a prototype from key-value pairs, so that `__proto__` is a key like any other. */
export function metadataFrom(entries: Iterable<readonly [string, MetadataValue]>): Metadata {
  const object = Object.create(null) as Metadata;
  for (const [key, value] of entries) object[key] = value;
  return object;
}
