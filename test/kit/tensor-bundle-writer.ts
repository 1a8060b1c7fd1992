import { crc32c, maskCrc32c } from '#main/bytes/crc32c.ts';
import { varint, writeTable } from '#test/kit/sorted-table-writer.ts';

/** Fields of protobuf messages, by hand. */
export const field = {
  varint: (number: number, value: number): number[] => [...varint(number * 8), ...varint(value)],
  bytes: (number: number, value: Iterable<number>): number[] => {
    const content = [...value];
    return [...varint(number * 8 + 2), ...varint(content.length), ...content];
  },
  fixed32: (number: number, value: number): number[] => [
    ...varint(number * 8 + 5),
    ...[value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24],
  ],
  text: (number: number, value: string): number[] => field.bytes(number, Buffer.from(value)),
};

export interface EntryToWrite {
  readonly dtype?: number;
  readonly shape?: readonly number[];
  readonly shard?: number;
  readonly offset?: number;
  readonly size?: number;
  readonly crc?: number;
  /** Start and length along each axis; a length of undefined means all of it. */
  readonly slices?: readonly (readonly (readonly [start: number, length: number | undefined])[])[];
  readonly hasUnknownRank?: boolean;
}

/** A BundleEntryProto; zeros are left out, as proto3 does. */
export function entry({
  dtype = 1,
  shape = [],
  shard = 0,
  offset = 0,
  size = 0,
  crc,
  ...rest
}: EntryToWrite): Uint8Array {
  const dimensions = shape.flatMap((dimension) =>
    field.bytes(2, dimension === 0 ? [] : field.varint(1, dimension)),
  );
  const slices = (rest.slices ?? []).flatMap((slice) =>
    field.bytes(
      7,
      slice.flatMap(([start, length]) =>
        field.bytes(1, [
          ...(start === 0 ? [] : field.varint(1, start)),
          ...(length === undefined ? [] : field.varint(2, length)),
        ]),
      ),
    ),
  );
  return Uint8Array.from([
    ...field.varint(1, dtype),
    ...field.bytes(2, [...dimensions, ...(rest.hasUnknownRank ? field.varint(3, 1) : [])]),
    ...(shard ? field.varint(3, shard) : []),
    ...(offset ? field.varint(4, offset) : []),
    ...(size ? field.varint(5, size) : []),
    ...(crc === undefined ? [] : field.fixed32(6, crc)),
    ...slices,
  ]);
}

/** The entry of these bytes at an offset of shard 0, with their checksum. */
export function entryFor(bytes: Uint8Array, offset: number, more: EntryToWrite): Uint8Array {
  return entry({ offset, size: bytes.byteLength, crc: maskCrc32c(crc32c(bytes)), ...more });
}

export interface HeaderToWrite {
  readonly shards?: number;
  readonly isBigEndian?: boolean;
  readonly minConsumer?: number;
}

export function header({ shards = 1, isBigEndian = false, minConsumer = 0 }: HeaderToWrite = {}): Uint8Array {
  return Uint8Array.from([
    ...field.varint(1, shards),
    ...(isBigEndian ? field.varint(2, 1) : []),
    ...field.bytes(3, [...field.varint(1, 1), ...(minConsumer ? field.varint(2, minConsumer) : [])]),
  ]);
}

/** An `.index` file. */
export function indexFile(
  entries: readonly (readonly [string | Uint8Array, Uint8Array])[],
  options: HeaderToWrite = {},
): Uint8Array {
  const sorted = [...entries].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return writeTable({ entries: [['', header(options)], ...sorted], perBlock: 3 });
}

/** A string tensor's bytes and the checksum that its entry states. */
export function stringTensor(values: readonly (string | Uint8Array)[]): { bytes: Uint8Array; crc: number } {
  const texts = values.map((value) => Buffer.from(value));
  const fixed = Buffer.concat(
    texts.map(({ length }) => {
      const word = Buffer.alloc(4);
      word.writeUInt32LE(length);
      return word;
    }),
  );
  const lengthsCrc = crc32c(fixed);
  const stated = Buffer.alloc(4);
  stated.writeUInt32LE(maskCrc32c(lengthsCrc));
  const tail = Buffer.concat([stated, ...texts]);
  return {
    bytes: Uint8Array.from(Buffer.concat([Buffer.from(texts.flatMap(({ length }) => varint(length))), tail])),
    crc: maskCrc32c(crc32c(tail, lengthsCrc)),
  };
}
