// HDF5 File Format Specification 4.0, III.A.1 "Version 1 B-trees".
import { HDF5_TREE_DEPTH } from '#main/bytes/limits.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { AppError } from '#shared/errors.ts';

export const GROUP_TREE = 0;
export const CHUNK_TREE = 1;

/**
 * Walks all entries of the tree's leaves, in order.
 * @param keyBytes bytes of a key.
 * @param visit gets the key, as fields at its beginning, and the address that goes with it.
 * @throws AppError `corrupt` for a node that is none or is met twice.
 */
export async function walkTree1(
  blocks: Hdf5Blocks,
  root: number,
  type: typeof GROUP_TREE | typeof CHUNK_TREE,
  keyBytes: number,
  visit: (key: Fields, child: number) => Promise<void> | void,
): Promise<void> {
  const { offsetBytes } = blocks.widths;
  const prefixBytes = 8 + 2 * offsetBytes;
  const seen = new Set<number>();
  const pending: { readonly address: number; readonly level: number | undefined }[] = [
    { address: root, level: undefined },
  ];
  while (pending.length > 0) {
    const { address, level: expected } = pending.pop()!;
    if (seen.has(address)) throw fault(blocks, address, 'a B-tree leads back into itself', 'each node once');
    seen.add(address);
    const prefix = await blocks.read(address, prefixBytes);
    prefix.signature('TREE', 'B-tree node');
    const nodeType = prefix.u8();
    const level = prefix.u8();
    if (nodeType !== type) throw fault(blocks, address, 'a B-tree node is of another kind', `type ${type}`);
    if (level !== (expected ?? level) || level > HDF5_TREE_DEPTH) {
      throw fault(
        blocks,
        address,
        'a B-tree node is on the wrong level',
        `level ${expected ?? HDF5_TREE_DEPTH}`,
      );
    }
    const entries = prefix.u16();
    const length = prefixBytes + entries * (keyBytes + offsetBytes) + keyBytes;
    const node = await blocks.read(address, length, 'B-tree');
    node.skip(prefixBytes);
    const children: { readonly address: number; readonly level: number }[] = [];
    for (let entry = 0; entry < entries; entry++) {
      const key = node.inside(keyBytes);
      const child = node.definedAddress('the child of a B-tree node');
      if (level === 0) await visit(key, child);
      else children.push({ address: child, level: level - 1 });
    }
    pending.push(...children.reverse());
  }
}

function fault(blocks: Hdf5Blocks, address: number, message: string, expected: string): AppError {
  return new AppError('corrupt', message, {
    file: blocks.source.name,
    offset: blocks.base + address,
    expected,
  });
}
