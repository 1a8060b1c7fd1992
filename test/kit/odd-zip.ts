/** Zip archives that say of themselves whatever a test wants: written here from the specification, not by the code under test. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface OddEntry {
  readonly name: string;
  readonly data: Uint8Array;
  /** In the local header, where it is another one. */
  readonly localName?: string;
  readonly isDeflated?: boolean;
  readonly method?: number;
  readonly flags?: number;
  readonly localFlags?: number;
  readonly crc32?: number;
  /** As stated in the directory, in bytes. */
  readonly byteLength?: number;
  readonly compressedByteLength?: number;
  readonly headerOffset?: number;
}

export function oddZip(entries: readonly OddEntry[], comment = ''): Uint8Array {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const packed = entry.isDeflated ? deflateRawSync(entry.data) : Buffer.from(entry.data);
    const method = entry.method ?? (entry.isDeflated ? 8 : 0);
    const sum = entry.crc32 ?? crc32(entry.data);
    const name = Buffer.from(entry.name);
    const localName = Buffer.from(entry.localName ?? entry.name);
    const fields = (flags: number): Buffer => {
      const bytes = Buffer.alloc(22);
      bytes.writeUInt16LE(flags, 0);
      bytes.writeUInt16LE(method, 2);
      bytes.writeUInt32LE(sum, 8);
      bytes.writeUInt32LE(entry.compressedByteLength ?? packed.byteLength, 12);
      bytes.writeUInt32LE(entry.byteLength ?? entry.data.byteLength, 16);
      return bytes;
    };
    const local = fields(entry.localFlags ?? entry.flags ?? 0);
    local.writeUInt16LE(localName.byteLength, 20);
    const localHeader = Buffer.concat([
      Buffer.from('PK\x03\x04\x14\0', 'latin1'),
      local,
      Buffer.alloc(2),
      localName,
    ]);
    const central = fields(entry.flags ?? 0);
    central.writeUInt16LE(name.byteLength, 20);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(entry.headerOffset ?? offset, 12);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0\x14\0', 'latin1'), central, tail, name]));
    locals.push(localHeader, packed);
    offset += localHeader.byteLength + packed.byteLength;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Uint8Array.from(Buffer.concat([...locals, central, end, Buffer.from(comment, 'latin1')]));
}
