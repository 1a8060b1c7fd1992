// OCDBT databases: google/tensorstore tensorstore/kvstore/ocdbt/index.rst. Of all versions the newest is read.
import type { Folder } from '#main/bytes/folder.ts';
import { openWithin, readWithin } from '#main/bytes/folder-path.ts';
import {
  OCDBT_KEY_CHARACTERS,
  OCDBT_NODE_BYTES,
  OCDBT_NODES,
  OCDBT_TREE_BYTES,
  STORE_KEYS,
} from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { restingSource } from '#main/bytes/resting-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { readTreeNode, type LeafEntry } from '#main/encodings/ocdbt/b-tree-node.ts';
import { readManifest, type Manifest, type NodePlace } from '#main/encodings/ocdbt/manifest.ts';
import type { StoredValue, ZarrStore } from '#main/encodings/zarr/store.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

export const MANIFEST_NAME = 'manifest.ocdbt';
const NUMBERED_NAME = /^manifest\.[0-9a-f]{16}$/;

export interface OcdbtDatabase extends ZarrStore {
  readonly manifest: Manifest;
  /** Parts of the tree that could not be read. */
  readonly problems: readonly Problem[];
  /** Where the nodes of the tree are. */
  readonly nodes: readonly NodeRange[];
}

/** Bytes [begin, end) of a source. */
export interface NodeRange {
  readonly number: number;
  readonly begin: number;
  readonly end: number;
}

/** A leaf's entry under its whole key. */
interface Entry {
  readonly value: LeafEntry['value'];
  readonly node: NodePlace;
  readonly crc32c: number;
}

/**
 * Reads manifest and tree of a database, no values. A branch that is damaged or missing is a problem; the others are read.
 * @param sources files that are looked up are opened once and added here; their owner closes them.
 * @throws AppError `not-found`, `corrupt`, `unsupported`, `limit`, `io` where there is nothing to be read.
 */
export async function openOcdbt(folder: Folder, sources: ByteSource[]): Promise<OcdbtDatabase> {
  const manifest = await newestManifest(folder);
  const problems: Problem[] = [];
  const files = dataFiles(folder, sources);
  const entries = new Map<string, Entry>();
  const root = manifest.newest?.root;
  const nodes: NodeRange[] = [];
  if (root) await readTree(root, files, { entries, problems, nodes });
  const inline = new Map<NodePlace, number>();
  return {
    manifest,
    problems,
    nodes,
    keys: [...entries.keys()],
    locate: async (key) => {
      const entry = entries.get(key);
      if (!entry)
        throw new AppError('not-found', `the database has no ${key.slice(0, 200)}`, { file: folder.name });
      const { value, node, crc32c } = entry;
      if (value.kind === 'file') {
        const { source, number } = await files(value.file.path);
        const { offset, byteLength } = value;
        if (offset + byteLength > source.byteLength) throw beyond(source, offset, byteLength);
        return { source, number, offset, byteLength };
      }
      return inlineValue(value.bytes, node, crc32c);
    },
  };

  /** Values that stand in a node are copied out of it: the node itself is not kept. */
  async function inlineValue(bytes: Uint8Array, node: NodePlace, crc32c: number): Promise<StoredValue> {
    const number = inline.get(node) ?? (await files(node.file.path)).number;
    inline.set(node, number);
    const source = memorySource(bytes, node.file.path);
    const end = node.offset + node.byteLength - 4;
    return {
      source,
      number: sources.push(source) - 1,
      offset: 0,
      byteLength: bytes.byteLength,
      guard: { number, begin: node.offset, end, crc32c },
    };
  }
}

function beyond(source: ByteSource, offset: number, byteLength: number): AppError {
  return new AppError('corrupt', 'a value lies beyond the end of its data file', {
    file: source.name,
    offset,
    expected: `${byteLength} bytes at ${offset}`,
    found: `a file of ${source.byteLength} bytes`,
  });
}

async function newestManifest(folder: Folder): Promise<Manifest> {
  const manifest = readManifest(await readWithin(folder, MANIFEST_NAME, OCDBT_NODE_BYTES), MANIFEST_NAME);
  if (manifest.kind === 'single' || manifest.newest) return manifest;
  // hexadecimal of one length: the last in the order of text is the newest
  const names = (await folder.list()).map(({ name }) => name).filter((name) => NUMBERED_NAME.test(name));
  const newest = names.sort().at(-1);
  return newest === undefined
    ? manifest
    : readManifest(await readWithin(folder, newest, OCDBT_NODE_BYTES), newest);
}

type DataFiles = (path: string) => Promise<{ readonly source: ByteSource; readonly number: number }>;

/** Opens each data file once. */
function dataFiles(folder: Folder, sources: ByteSource[]): DataFiles {
  const opened = new Map<string, ReturnType<DataFiles>>();
  const open = async (path: string): ReturnType<DataFiles> => {
    const source = await restingSource(await openWithin(folder, path));
    return { source, number: sources.push(source) - 1 };
  };
  return (path) => {
    const known = opened.get(path) ?? open(path);
    opened.set(path, known);
    return known;
  };
}

/** What is found on the way through the tree. */
interface Gathered {
  readonly entries: Map<string, Entry>;
  readonly problems: Problem[];
  readonly nodes: NodeRange[];
}

async function readTree(
  root: NodePlace,
  files: DataFiles,
  { entries, problems, nodes: ranges }: Gathered,
): Promise<void> {
  const stack: { readonly place: NodePlace; readonly prefix: string }[] = [{ place: root, prefix: '' }];
  let nodes = 0;
  let bytes = 0;
  let characters = 0;
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { place, prefix } = next;
    bytes += place.byteLength;
    if (++nodes > OCDBT_NODES || bytes > OCDBT_TREE_BYTES || entries.size > STORE_KEYS) {
      throw new AppError('limit', 'the database has a larger tree than is read', {
        file: place.file.path,
        offset: place.offset,
      });
    }
    try {
      const node = await readNode(place, files, ranges);
      if (node.kind === 'inner') {
        for (const child of [...node.children].reverse())
          stack.push({ place: child.place, prefix: prefix + child.prefix });
        continue;
      }
      for (const { key, value } of node.entries) {
        const whole = Buffer.from(prefix + key, 'latin1').toString('utf8');
        characters += whole.length;
        if (characters > OCDBT_KEY_CHARACTERS) {
          throw new AppError('limit', 'the keys of the database are longer than we hold', {
            file: place.file.path,
          });
        }
        const kept = value.kind === 'inline' ? { ...value, bytes: value.bytes.slice() } : value;
        entries.set(whole, { value: kept, node: place, crc32c: node.crc32c });
      }
    } catch (error) {
      if (!isAppError(error) || !['corrupt', 'not-found'].includes(error.code) || nodes === 1) throw error;
      problems.push({
        code: 'corrupt',
        message: `${error.message}, in ${place.file.path}: what is below it is missing`,
        offset: place.offset,
      });
    }
  }
}

async function readNode(
  place: NodePlace,
  files: DataFiles,
  ranges: NodeRange[],
): Promise<ReturnType<typeof readTreeNode>> {
  const { source, number } = await files(place.file.path);
  if (place.byteLength > OCDBT_NODE_BYTES) {
    throw new AppError('limit', 'a node of the database is longer than is read', {
      file: place.file.path,
      offset: place.offset,
      found: `${place.byteLength} bytes`,
    });
  }
  const node = readTreeNode(await source.read(place.offset, place.byteLength), place);
  ranges.push({ number, begin: place.offset, end: place.offset + place.byteLength });
  return node;
}
