// HDF5 File Format Specification 4.0, IV.A "Data Object Headers", versions 1 and 2.
import { HDF5_HEADER_BLOCKS, HDF5_HEADER_MESSAGES } from '#main/bytes/limits.ts';
import type { Hdf5Blocks } from '#main/encodings/hdf5/blocks.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { AppError } from '#shared/errors.ts';

/** Message numbers of the specification. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFillValue: 0x04,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  dataLayout: 0x08,
  groupInfo: 0x0a,
  filterPipeline: 0x0b,
  attribute: 0x0c,
  sharedMessageTable: 0x0f,
  continuation: 0x10,
  symbolTable: 0x11,
  driverInfo: 0x14,
  attributeInfo: 0x15,
} as const;

export interface HeaderMessage {
  readonly type: number;
  /** The message is somewhere else; the body says where. */
  readonly isShared: boolean;
  readonly body: Uint8Array;
  /** Where the body is, for messages about errors. */
  readonly address: number;
}

export interface ObjectHeader {
  readonly address: number;
  readonly messages: readonly HeaderMessage[];
}

const SHARED_FLAG = 0x02;

const V2_SIGNATURE = 'OHDR';
const CONTINUATION_SIGNATURE = 'OCHK';
/** The longest beginning of a version 2 header: up to the length of its first block. */
const V2_PREFIX_BYTES = 34;
const V1_PREFIX_BYTES = 16;
const CHECKSUM_BYTES = 4;

/** A part of the header still to be read. */
interface Block {
  readonly address: number;
  readonly length: number;
}

/** @throws AppError `corrupt` for a header that is damaged, `limit` for one that goes on for ever. */
export async function readObjectHeader(blocks: Hdf5Blocks, address: number): Promise<ObjectHeader> {
  const available = blocks.remainingAt(address);
  const prefix = await blocks.read(address, Math.min(V2_PREFIX_BYTES, available));
  const isV2 = prefix.bytes(4).every((byte, at) => byte === V2_SIGNATURE.charCodeAt(at));
  const messages: HeaderMessage[] = [];
  if (isV2) await readV2(blocks, address, prefix, messages);
  else await readV1(blocks, address, messages);
  return { address, messages };
}

async function readV1(blocks: Hdf5Blocks, address: number, messages: HeaderMessage[]): Promise<void> {
  const prefix = await blocks.read(address, V1_PREFIX_BYTES, 'object header');
  const version = prefix.u8();
  if (version !== 1) {
    throw new AppError('corrupt', 'there is no object header where one should be', {
      file: blocks.source.name,
      offset: blocks.base + address,
      expected: 'version 1 or the signature "OHDR"',
      found: `${version}`,
    });
  }
  prefix.skip(1);
  prefix.u16();
  prefix.u32();
  const length = prefix.u32();
  await eachBlock(blocks, address, { address: address + V1_PREFIX_BYTES, length }, async (block) => {
    const fields = await blocks.read(block.address, block.length, 'object header');
    const found: Block[] = [];
    while (fields.remaining() >= 8) {
      const type = fields.u16();
      const size = fields.u16();
      const flags = fields.u8();
      fields.skip(3);
      take(blocks, fields, block.address, { type, size, flags }, messages, found);
    }
    return found;
  });
}

async function readV2(
  blocks: Hdf5Blocks,
  address: number,
  prefix: Fields,
  messages: HeaderMessage[],
): Promise<void> {
  const version = prefix.u8();
  if (version !== 2) {
    throw new AppError('unsupported', `object headers of version ${version} are not known`, {
      file: blocks.source.name,
      offset: blocks.base + address,
    });
  }
  const flags = prefix.u8();
  // four times, then two numbers of attributes
  prefix.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
  const length = prefix.sized(1 << (flags & 3), 'the length of an object header');
  const begin = prefix.position;
  const messageHeadBytes = flags & 0x04 ? 6 : 4;
  const first = { address, length: begin + length + CHECKSUM_BYTES };
  await eachBlock(blocks, address, first, async (block) => {
    const fields = await blocks.readChecked(block.address, block.length, 'object header');
    if (block === first) fields.skip(begin);
    else fields.signature(CONTINUATION_SIGNATURE, 'continuation of an object header');
    const found: Block[] = [];
    // what is left at the end of a block is a gap
    while (fields.remaining() >= messageHeadBytes) {
      const type = fields.u8();
      const size = fields.u16();
      const messageFlags = fields.u8();
      if (flags & 0x04) fields.skip(2);
      take(blocks, fields, block.address, { type, size, flags: messageFlags }, messages, found);
    }
    return found;
  });
}

/** Reads a header's first block and all that continue it, each once. */
async function eachBlock(
  blocks: Hdf5Blocks,
  header: number,
  first: Block,
  read: (block: Block) => Promise<Block[]>,
): Promise<void> {
  const pending = [first];
  const seen = new Set<number>();
  for (const block of pending) {
    if (seen.has(block.address)) throw endless(blocks, header);
    seen.add(block.address);
    if (seen.size > HDF5_HEADER_BLOCKS) throw endless(blocks, header);
    pending.push(...(await read(block)));
  }
}

function endless(blocks: Hdf5Blocks, header: number): AppError {
  return new AppError('limit', 'an object header has no end', {
    file: blocks.source.name,
    offset: blocks.base + header,
    expected: `at most ${HDF5_HEADER_BLOCKS} blocks and ${HDF5_HEADER_MESSAGES} messages, none twice`,
  });
}

function take(
  blocks: Hdf5Blocks,
  fields: Fields,
  blockAddress: number,
  { type, size, flags }: { readonly type: number; readonly size: number; readonly flags: number },
  messages: HeaderMessage[],
  found: Block[],
): void {
  const address = blockAddress + fields.position;
  const body = fields.bytes(size);
  if (type === MESSAGE.continuation) {
    const place = blocks.fields(body, address);
    found.push({
      address: place.definedAddress('the continuation of an object header'),
      length: place.length('the length of a continuation'),
    });
  } else if (type !== 0) {
    messages.push({ type, isShared: (flags & SHARED_FLAG) !== 0, body, address });
    if (messages.length > HDF5_HEADER_MESSAGES) throw endless(blocks, blockAddress);
  }
}
