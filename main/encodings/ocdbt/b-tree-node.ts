// B+tree nodes: google/tensorstore tensorstore/kvstore/ocdbt/index.rst, "B+tree node format".
import { B_TREE_MAGIC, openEnvelope } from '#main/encodings/ocdbt/envelope.ts';
import type { Fields } from '#main/encodings/ocdbt/fields.ts';
import { readDataFiles, type DataFile } from '#main/encodings/ocdbt/data-files.ts';
import type { NodePlace } from '#main/encodings/ocdbt/manifest.ts';

export type TreeNode =
  | { readonly kind: 'leaf'; readonly entries: readonly LeafEntry[]; readonly crc32c: number }
  | { readonly kind: 'inner'; readonly children: readonly ChildEntry[] };

/** Keys are as the node has them, one UTF-16 unit a byte, without what its place in the tree puts before them. */
export interface LeafEntry {
  readonly key: string;
  readonly value:
    | { readonly kind: 'inline'; readonly bytes: Uint8Array }
    | {
        readonly kind: 'file';
        readonly file: DataFile;
        readonly offset: number;
        readonly byteLength: number;
      };
}

export interface ChildEntry {
  /** What all keys below begin with. */
  readonly prefix: string;
  readonly place: NodePlace;
}

const INLINE = 0;
const OUT_OF_LINE = 1;

/** @param bytes of the node, exactly. @throws AppError `corrupt`. */
export function readTreeNode(bytes: Uint8Array, { file, offset, height }: NodePlace): TreeNode {
  const place = { what: `the tree node at ${offset}`, file: file.path, offset };
  const { body, crc32c } = openEnvelope(bytes, B_TREE_MAGIC, place);
  const found = body.u8();
  if (found !== height) throw body.fault(`should be ${height} above the leaves`, String(found));
  const files = readDataFiles(body, file.base);
  const count = body.count();
  if (count === 0) throw body.fault('has no entries');
  const prefixes = [0, ...body.counts(count - 1)];
  const suffixes = body.counts(count);
  return height === 0
    ? { kind: 'leaf', entries: leafEntries(body, files, prefixes, suffixes), crc32c }
    : { kind: 'inner', children: childEntries(body, files, prefixes, suffixes, height) };
}

function leafEntries(
  body: Fields,
  files: readonly DataFile[],
  prefixes: readonly number[],
  suffixes: readonly number[],
): LeafEntry[] {
  const count = suffixes.length;
  const keys = readKeys(body, prefixes, suffixes);
  const lengths = body.counts(count);
  const kinds = body.counts(count);
  if (kinds.some((kind) => kind !== INLINE && kind !== OUT_OF_LINE))
    throw body.fault('has values of a kind that is not known');
  const outside = kinds.filter((kind) => kind === OUT_OF_LINE).length;
  const fileIds = body.counts(outside);
  const offsets = body.counts(outside);
  let next = 0;
  const entries = keys.map((key, index): LeafEntry => {
    const byteLength = lengths[index]!;
    if (kinds[index] === INLINE) return { key, value: { kind: 'inline', bytes: body.bytes(byteLength) } };
    const file = fileAt(files, fileIds[next]!, body);
    return { key, value: { kind: 'file', file, offset: offsets[next++]!, byteLength } };
  });
  body.end();
  return entries;
}

function childEntries(
  body: Fields,
  files: readonly DataFile[],
  prefixes: readonly number[],
  suffixes: readonly number[],
  height: number,
): ChildEntry[] {
  const count = suffixes.length;
  const common = body.counts(count);
  const keys = readKeys(body, prefixes, suffixes);
  const fileIds = body.counts(count);
  const offsets = body.counts(count);
  const lengths = body.counts(count);
  // keys, bytes of the tree and bytes of values below
  for (let column = 0; column < 3; column++) body.counts(count);
  body.end();
  return keys.map((key, index) => {
    if (common[index]! > key.length) throw body.fault('has a prefix longer than its key');
    const file = fileAt(files, fileIds[index]!, body);
    return {
      prefix: key.slice(0, common[index]),
      place: { file, offset: offsets[index]!, byteLength: lengths[index]!, height: height - 1 },
    };
  });
}

/** Each key begins with so many bytes of the one before. */
function readKeys(body: Fields, prefixes: readonly number[], suffixes: readonly number[]): string[] {
  let key = '';
  return suffixes.map((length, index) => {
    if (prefixes[index]! > key.length) throw body.fault('has a key that refers to what is not there');
    key = key.slice(0, prefixes[index]) + Buffer.from(body.bytes(length)).toString('latin1');
    return key;
  });
}

function fileAt(files: readonly DataFile[], id: number, body: Fields): DataFile {
  const file = files[id];
  if (!file) throw body.fault('refers to a data file that it does not list', String(id));
  return file;
}
