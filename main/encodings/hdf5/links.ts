// HDF5 File Format Specification 4.0, III.B and C (symbol tables), IV.A.2.c and g (link info and link messages).
import { HDF5_LINKS } from '#main/bytes/limits.ts';
import { GROUP_TREE, walkTree1 } from '#main/encodings/hdf5/b-tree-1.ts';
import { walkTree2 } from '#main/encodings/hdf5/b-tree-2.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { readFractalHeap } from '#main/encodings/hdf5/fractal-heap.ts';
import { readLocalHeap, type LocalHeap } from '#main/encodings/hdf5/local-heap.ts';
import { MESSAGE, type ObjectHeader } from '#main/encodings/hdf5/object-header.ts';
import type { Hdf5Messages } from '#main/encodings/hdf5/shared-messages.ts';
import { AppError } from '#shared/errors.ts';

export interface Hdf5Link {
  readonly name: string;
  /** Where the group keeps the order that links were made in. */
  readonly creationOrder?: number;
  readonly target: LinkTarget;
}

export type LinkTarget =
  | { readonly kind: 'hard'; readonly address: number }
  /** A path in the same file, from the link's own group unless it begins with a slash. */
  | { readonly kind: 'soft'; readonly path: string }
  | { readonly kind: 'external'; readonly file: string; readonly path: string }
  /** One that only the program which made it can follow. */
  | { readonly kind: 'user-defined'; readonly type: number };

const SOFT_LINK_CACHE = 2;
/** Of the B-tree that lists links by the hash of their names. */
const NAME_RECORD = 5;
const HASH_BYTES = 4;

const SOFT = 1;
const EXTERNAL = 64;

/** Whether an object header is a group's. */
export function isGroup({ messages }: ObjectHeader): boolean {
  return messages.some(
    ({ type }) => type === MESSAGE.symbolTable || type === MESSAGE.linkInfo || type === MESSAGE.link,
  );
}

/** A group's links: in the order they were made in where the file has it, else by name. */
export async function readLinks(
  blocks: Hdf5Blocks,
  messages: Hdf5Messages,
  header: ObjectHeader,
): Promise<readonly Hdf5Link[]> {
  const links: Hdf5Link[] = [];
  const take = (link: Hdf5Link): void => {
    links.push(link);
    if (links.length <= HDF5_LINKS) return;
    throw new AppError('limit', 'a group has more links than are read', {
      file: blocks.source.name,
      offset: blocks.base + header.address,
      expected: `at most ${HDF5_LINKS}`,
    });
  };
  const table = await messages.first(header, MESSAGE.symbolTable);
  if (table) await readSymbolTable(blocks, table, take);
  for (const message of header.messages) {
    if (message.type === MESSAGE.link) take(parseLink(await messages.body(message)));
  }
  const info = await messages.first(header, MESSAGE.linkInfo);
  const isOrdered = info ? await readDenseLinks(blocks, info, take) : false;
  if (isOrdered && links.every(({ creationOrder }) => creationOrder !== undefined)) {
    return links.sort((a, b) => a.creationOrder! - b.creationOrder!);
  }
  return links.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

async function readSymbolTable(
  blocks: Hdf5Blocks,
  message: Fields,
  take: (link: Hdf5Link) => void,
): Promise<void> {
  const { lengthBytes, offsetBytes } = blocks.widths;
  const tree = message.definedAddress('the B-tree of a group');
  const heap = await readLocalHeap(blocks, message.definedAddress('the heap of a group'));
  const entryBytes = 2 * offsetBytes + 24;
  await walkTree1(blocks, tree, GROUP_TREE, lengthBytes, async (_key, address) => {
    const head = await blocks.read(address, 8);
    head.signature('SNOD', 'symbol table');
    head.skip(2);
    const count = head.u16();
    const node = await blocks.read(address, 8 + count * entryBytes, 'symbol table');
    node.skip(8);
    for (let entry = 0; entry < count; entry++) take(parseEntry(blocks, node, heap));
  });
}

function parseEntry(blocks: Hdf5Blocks, fields: Fields, heap: LocalHeap): Hdf5Link {
  const name = heap.text(fields.sized(blocks.widths.offsetBytes, 'the name of a link'));
  const address = fields.address('the object of a link');
  const cache = fields.u32();
  fields.skip(4);
  const scratch = fields.inside(16);
  if (cache === SOFT_LINK_CACHE) return { name, target: { kind: 'soft', path: heap.text(scratch.u32()) } };
  if (address !== undefined) return { name, target: { kind: 'hard', address } };
  throw new AppError('corrupt', `the link ${name} leads nowhere`, {
    file: blocks.source.name,
    offset: fields.base + fields.position,
  });
}

/** @returns whether the group keeps the order its links were made in. */
async function readDenseLinks(
  blocks: Hdf5Blocks,
  info: Fields,
  take: (link: Hdf5Link) => void,
): Promise<boolean> {
  info.skip(1);
  const flags = info.u8();
  if (flags & 1) info.skip(8);
  const heapAddress = info.address('the heap of a group');
  const tree = info.address('the B-tree of a group');
  if (heapAddress !== undefined && tree !== undefined) {
    const heap = await readFractalHeap(blocks, heapAddress);
    await walkTree2(blocks, tree, [NAME_RECORD], async (record) => {
      record.skip(HASH_BYTES);
      take(parseLink(await heap.object(record.bytes(heap.idBytes))));
    });
  }
  return (flags & 1) !== 0;
}

function parseLink(fields: Fields): Hdf5Link {
  const version = fields.u8();
  if (version !== 1)
    throw new AppError('unsupported', `links of version ${version} are not known`, { offset: fields.base });
  const flags = fields.u8();
  const type = flags & 0x08 ? fields.u8() : 0;
  const creationOrder = flags & 0x04 ? Number(fields.i64()) : undefined;
  // the character set: names are read as UTF-8, which ASCII is
  if (flags & 0x10) fields.skip(1);
  const nameLength = fields.sized(1 << (flags & 3), 'the length of a name');
  const name = textOf(fields.bytes(nameLength));
  return {
    name,
    ...(creationOrder === undefined ? {} : { creationOrder }),
    target: parseTarget(fields, type),
  };
}

function parseTarget(fields: Fields, type: number): LinkTarget {
  if (type === 0) return { kind: 'hard', address: fields.definedAddress('the object of a link') };
  if (type === SOFT) return { kind: 'soft', path: textOf(fields.bytes(fields.u16())) };
  if (type !== EXTERNAL) return { kind: 'user-defined', type };
  const bytes = fields.bytes(fields.u16());
  // a byte of version and flags, then two texts that end with a NUL each
  const end = bytes.indexOf(0, 1);
  const file = textOf(bytes.subarray(1, end < 0 ? undefined : end));
  const path = end < 0 ? '' : textOf(bytes.subarray(end + 1)).replace(/\0.*$/s, '');
  return { kind: 'external', file, path };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
