// HDF5 File Format Specification 4.0, III.A.2 "Version 2 B-trees".
import { HDF5_TREE_DEPTH } from '#main/bytes/limits.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import { bytesFor, type Fields } from '#main/encodings/hdf5/fields.ts';
import { AppError } from '#shared/errors.ts';

/** Signature, version, type and checksum of a node. */
const NODE_OVERHEAD = 10;

interface Node {
  readonly address: number;
  readonly records: number;
  readonly depth: number;
}

/** Widths of the counts in a node's child pointers, by depth. */
interface Level {
  /** Most records below a node, that node's own included. */
  readonly mostBelow: number;
  /** Bytes that count these; 0 for leaves, whose parents do not say it. */
  readonly totalBytes: number;
}

/**
 * Walks all records, in order.
 * @param types the record types that are expected here.
 * @param visit gets the record, as fields at its beginning, and its type.
 * @throws AppError `corrupt` for a node that is none, is met twice, or misses its checksum.
 */
export async function walkTree2(
  blocks: Hdf5Blocks,
  address: number,
  types: readonly number[],
  visit: (record: Fields, type: number) => Promise<void> | void,
): Promise<void> {
  const { offsetBytes, lengthBytes } = blocks.widths;
  const header = await blocks.readChecked(address, 16 + offsetBytes + 2 + lengthBytes + 4, 'B-tree header');
  header.signature('BTHD', 'B-tree header');
  header.skip(1);
  const type = header.u8();
  const nodeBytes = header.u32();
  const recordBytes = header.u16();
  const depth = header.u16();
  // when nodes are split and merged
  header.skip(2);
  const root = header.address('the root of a B-tree');
  const rootRecords = header.u16();
  const fault = (at: number, message: string, expected: string): AppError =>
    new AppError('corrupt', message, { file: blocks.source.name, offset: blocks.base + at, expected });
  if (!types.includes(type))
    throw fault(address, `a B-tree of type ${type} is not what is wanted`, types.join(' or '));
  const isSound = depth <= HDF5_TREE_DEPTH && recordBytes > 0 && nodeBytes >= NODE_OVERHEAD + recordBytes;
  if (!isSound) throw fault(address, 'a B-tree header makes no sense', 'nodes that hold a record');
  if (root === undefined) return;

  const mostInLeaf = Math.floor((nodeBytes - NODE_OVERHEAD) / recordBytes);
  const countBytes = bytesFor(mostInLeaf);
  const levels = levelsOf(depth, mostInLeaf, countBytes, { nodeBytes, recordBytes, offsetBytes });
  const seen = new Set<number>();

  // records and nodes still to come, the next one last
  const pending: (Node | Fields)[] = [{ address: root, records: rootRecords, depth }];
  while (pending.length > 0) {
    const next = pending.pop()!;
    if (!('depth' in next)) {
      await visit(next, type);
      continue;
    }
    if (seen.has(next.address))
      throw fault(next.address, 'a B-tree leads back into itself', 'each node once');
    seen.add(next.address);
    pending.push(...(await readNode(next)).reverse());
  }

  /** What a node holds: its records, and between them its children. */
  async function readNode(node: Node): Promise<(Node | Fields)[]> {
    const below = node.depth > 0 ? levels[node.depth - 1]! : undefined;
    const pointerBytes = below ? offsetBytes + countBytes + below.totalBytes : 0;
    const pointers = below ? node.records + 1 : 0;
    const length = NODE_OVERHEAD + node.records * recordBytes + pointers * pointerBytes;
    if (length > nodeBytes)
      throw fault(node.address, 'a B-tree node has more records than it can hold', `${nodeBytes} bytes`);
    const fields = await blocks.readChecked(node.address, length, 'B-tree');
    fields.signature(below ? 'BTIN' : 'BTLF', 'B-tree node');
    fields.skip(2);
    const records = Array.from({ length: node.records }, () => fields.inside(recordBytes));
    const found: (Node | Fields)[] = [];
    for (let at = 0; at < Math.max(pointers, records.length); at++) {
      if (below) {
        const child = fields.definedAddress('the child of a B-tree node');
        const count = fields.sized(countBytes, 'the records of a B-tree node');
        fields.skip(below.totalBytes);
        found.push({ address: child, records: count, depth: node.depth - 1 });
      }
      if (at < records.length) found.push(records[at]!);
    }
    return found;
  }
}

function levelsOf(
  depth: number,
  mostInLeaf: number,
  countBytes: number,
  sizes: { readonly nodeBytes: number; readonly recordBytes: number; readonly offsetBytes: number },
): readonly Level[] {
  const levels: Level[] = [{ mostBelow: mostInLeaf, totalBytes: 0 }];
  for (let level = 1; level < depth; level++) {
    const { mostBelow, totalBytes } = levels[level - 1]!;
    const pointerBytes = sizes.offsetBytes + countBytes + totalBytes;
    const records = Math.floor(
      (sizes.nodeBytes - NODE_OVERHEAD - pointerBytes) / (sizes.recordBytes + pointerBytes),
    );
    // a hostile header could go beyond all numbers
    const most = Math.min(Number.MAX_SAFE_INTEGER, (records + 1) * mostBelow + records);
    levels.push({ mostBelow: most, totalBytes: bytesFor(most) });
  }
  return levels;
}
