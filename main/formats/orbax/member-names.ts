/** What the files and folders of a checkpoint are called. */
import { MANIFEST_NAME } from '#main/encodings/ocdbt/ocdbt.ts';
import { TREE_METADATA } from '#main/formats/orbax/tree-metadata.ts';

export const CHECKPOINT_METADATA = '_CHECKPOINT_METADATA';

/** Names that only a checkpoint's own files have. */
export const MEMBERS: ReadonlySet<string> = new Set([
  TREE_METADATA,
  CHECKPOINT_METADATA,
  MANIFEST_NAME,
  '_sharding',
  '_strings.json',
  'commit_success.txt',
  '.zarray',
  '.zgroup',
  'zarr.json',
]);

/** Of these, those that say that there are arrays. */
export const ARRAY_MARKS: ReadonlySet<string> = new Set([
  TREE_METADATA,
  MANIFEST_NAME,
  '.zarray',
  '.zgroup',
  'zarr.json',
]);

/** The folder of what one process wrote. */
export const PROCESS = /^ocdbt\.process_\d+$/;
