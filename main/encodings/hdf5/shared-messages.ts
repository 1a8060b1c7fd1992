// HDF5 File Format Specification 4.0, III.I "Shared Object Header Message Table" and IV.A.2 "Shared Message".
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { readFractalHeap, type FractalHeap } from '#main/encodings/hdf5/fractal-heap.ts';
import {
  MESSAGE,
  readObjectHeader,
  type HeaderMessage,
  type ObjectHeader,
} from '#main/encodings/hdf5/object-header.ts';
import { AppError } from '#shared/errors.ts';

/** Bodies of messages, wherever they are. */
export interface Hdf5Messages {
  /** The body of a message of a header, fetched from where the header points to. */
  body(message: HeaderMessage): Promise<Fields>;
  /** Follows a pointer of one message type, such as an attribute's to its datatype. */
  follow(pointer: Fields, type: number): Promise<Fields>;
  /** A message of one type in the heap of the whole file, by its ID. */
  sharedInHeap(id: Uint8Array, type: number): Promise<Fields>;
  /** The first message of a type, or undefined. */
  first(header: ObjectHeader, type: number): Promise<Fields | undefined>;
}

const SHARED_IN_HEAP = 1;
const HEAP_ID_BYTES = 8;
/** A pointer may lead to a message that is a pointer itself; the library makes no such. */
const MOST_HOPS = 4;

/** @param extension object header of the superblock's extension, which says where messages of the whole file are shared. */
export function hdf5Messages(blocks: Hdf5Blocks, extension: ObjectHeader | undefined): Hdf5Messages {
  const committed = new Map<number, Promise<ObjectHeader>>();
  const heaps = new Map<number, Promise<FractalHeap>>();
  let table: Promise<readonly SharedIndex[]> | undefined;

  async function follow(pointer: Fields, type: number, hops = 0): Promise<Fields> {
    const { place, heapId } = readPointer(pointer, blocks);
    if (hops > MOST_HOPS)
      throw lost(blocks, pointer.base, 'a message that is shared leads to others without end');
    if (heapId) return inHeap(heapId, type, pointer.base);
    const reading = committed.get(place) ?? readObjectHeader(blocks, place);
    committed.set(place, reading);
    const message = (await reading).messages.find((one) => one.type === type);
    if (!message)
      throw lost(blocks, blocks.base + place, 'a message that is shared is not where it should be');
    const fields = blocks.fields(message.body, message.address);
    return message.isShared ? follow(fields, type, hops + 1) : fields;
  }

  async function inHeap(id: Uint8Array, type: number, offset: number): Promise<Fields> {
    table ??= readTable(blocks, extension);
    const index = (await table).find(({ types }) => (types & (1 << type)) !== 0);
    if (index?.heap === undefined)
      throw lost(blocks, offset, 'the file has no heap for a message that is shared');
    const reading = heaps.get(index.heap) ?? readFractalHeap(blocks, index.heap);
    heaps.set(index.heap, reading);
    return (await reading).object(id);
  }

  const messages: Hdf5Messages = {
    follow: (pointer, type) => follow(pointer, type),
    sharedInHeap: (id, type) => inHeap(id, type, 0),
    body: async (message) => {
      const fields = blocks.fields(message.body, message.address);
      return message.isShared ? follow(fields, message.type) : fields;
    },
    first: async (header, type) => {
      const message = header.messages.find((one) => one.type === type);
      return message && messages.body(message);
    },
  };
  return messages;
}

function lost(blocks: Hdf5Blocks, offset: number, message: string): AppError {
  return new AppError('corrupt', message, { file: blocks.source.name, offset });
}

function readPointer(
  fields: Fields,
  blocks: Hdf5Blocks,
): { readonly place: number; readonly heapId?: Uint8Array } {
  const version = fields.u8();
  const type = fields.u8();
  if (version < 1 || version > 3)
    throw lost(blocks, fields.base, `shared messages of version ${version} are not known`);
  if (version === 3 && type === SHARED_IN_HEAP) return { place: 0, heapId: fields.bytes(HEAP_ID_BYTES) };
  // version 1 has an unused offset of a name, too
  if (version === 1) fields.skip(6 + blocks.widths.lengthBytes);
  return { place: fields.definedAddress('a shared message') };
}

interface SharedIndex {
  /** One bit for each message type. */
  readonly types: number;
  readonly heap: number | undefined;
}

async function readTable(
  blocks: Hdf5Blocks,
  extension: ObjectHeader | undefined,
): Promise<readonly SharedIndex[]> {
  const message = extension?.messages.find(({ type }) => type === MESSAGE.sharedMessageTable);
  if (!message) return [];
  const fields = blocks.fields(message.body, message.address);
  fields.skip(1);
  const address = fields.definedAddress('the table of shared messages');
  const count = fields.u8();
  const indexBytes = 14 + 2 * blocks.widths.offsetBytes;
  const table = await blocks.readChecked(address, 4 + count * indexBytes + 4, 'table of shared messages');
  table.signature('SMTB', 'table of shared messages');
  return Array.from({ length: count }, (): SharedIndex => {
    table.skip(2);
    const types = table.u16();
    // least size, when it is a list and when a tree, number of messages
    table.skip(4 + 2 + 2 + 2);
    table.address('an index of shared messages');
    return { types, heap: table.address('a heap of shared messages') };
  });
}
