// HDF5 File Format Specification 4.0, IV.A.2.m "The Attribute Message", versions 1 to 3, and v "The Attribute Info Message".
import { walkTree2 } from '#main/encodings/hdf5/b-tree-2.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import { parseDataspace, type Dataspace } from '#main/encodings/hdf5/dataspace.ts';
import { parseDatatype, type Datatype } from '#main/encodings/hdf5/datatype.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { readFractalHeap } from '#main/encodings/hdf5/fractal-heap.ts';
import { MESSAGE, type ObjectHeader } from '#main/encodings/hdf5/object-header.ts';
import type { Hdf5Messages } from '#main/encodings/hdf5/shared-messages.ts';
import { AppError } from '#shared/errors.ts';

export interface Hdf5Attribute {
  readonly name: string;
  readonly type: Datatype;
  readonly space: Dataspace;
  /** Elements in C order, as stored. */
  readonly data: Uint8Array;
}

/** Of the B-tree that lists attributes by the hash of their names. */
const NAME_RECORD = 8;
const SHARED_FLAG = 0x02;

/**
 * An object's attributes, in the order of the file.
 * @param onFault is told of an attribute that cannot be read; the others are.
 */
export async function readAttributes(
  blocks: Hdf5Blocks,
  messages: Hdf5Messages,
  header: ObjectHeader,
  onFault: (error: AppError) => void,
): Promise<Hdf5Attribute[]> {
  const attributes: Hdf5Attribute[] = [];
  const take = async (body: () => Promise<Fields>): Promise<void> => {
    try {
      attributes.push(await parseAttribute(await body(), messages));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'io' || error.code === 'limit') throw error;
      onFault(error);
    }
  };
  for (const message of header.messages) {
    if (message.type === MESSAGE.attribute) await take(() => messages.body(message));
  }
  const info = await messages.first(header, MESSAGE.attributeInfo);
  if (info) await readDense(blocks, messages, info, take);
  return attributes;
}

async function readDense(
  blocks: Hdf5Blocks,
  messages: Hdf5Messages,
  info: Fields,
  take: (body: () => Promise<Fields>) => Promise<void>,
): Promise<void> {
  info.skip(1);
  const flags = info.u8();
  if (flags & 1) info.skip(2);
  const heapAddress = info.address('the heap of attributes');
  const tree = info.address('the B-tree of attributes');
  if (heapAddress === undefined || tree === undefined) return;
  const heap = await readFractalHeap(blocks, heapAddress);
  await walkTree2(blocks, tree, [NAME_RECORD], async (record) => {
    const id = record.bytes(8);
    const isShared = (record.u8() & SHARED_FLAG) !== 0;
    await take(async () => {
      if (!isShared) return heap.object(id.subarray(0, heap.idBytes));
      return messages.sharedInHeap(id, MESSAGE.attribute);
    });
  });
}

async function parseAttribute(fields: Fields, messages: Hdf5Messages): Promise<Hdf5Attribute> {
  const version = fields.u8();
  if (version < 1 || version > 3) {
    throw new AppError('unsupported', `attributes of version ${version} are not known`, {
      offset: fields.base,
    });
  }
  // before version 2 a reserved byte
  const flags = fields.u8();
  const nameLength = fields.u16();
  const typeLength = fields.u16();
  const spaceLength = fields.u16();
  if (version === 3) fields.skip(1);
  const padded = (length: number): number => (version === 1 ? Math.ceil(length / 8) * 8 : length);
  const nameBytes = fields.bytes(padded(nameLength)).subarray(0, nameLength);
  const end = nameBytes.indexOf(0);
  const name = Buffer.from(nameBytes.subarray(0, end < 0 ? undefined : end)).toString('utf8');

  const part = async (length: number, isShared: boolean, type: number): Promise<Fields> => {
    const inside = fields.inside(padded(length));
    return isShared ? messages.follow(inside, type) : inside;
  };
  const type = parseDatatype(await part(typeLength, version > 1 && (flags & 1) !== 0, MESSAGE.datatype));
  const space = parseDataspace(await part(spaceLength, version > 1 && (flags & 2) !== 0, MESSAGE.dataspace));
  return { name, type, space, data: fields.bytes(fields.remaining()) };
}
