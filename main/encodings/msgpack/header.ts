import type { SourceCursor } from '#main/bytes/source-cursor.ts';
import type { Cursor } from '#main/bytes/cursor.ts';
import { AppError } from '#shared/errors.ts';

/** The start of a value: small ones whole, of others what they are and how long. */
export type MsgpackHeader =
  | { readonly kind: 'map' | 'array'; readonly count: number }
  | { readonly kind: 'text' | 'binary'; readonly byteLength: number }
  | { readonly kind: 'extension'; readonly type: number; readonly byteLength: number }
  | { readonly kind: 'value'; readonly value: null | boolean | number | bigint };

const value = (of: null | boolean | number | bigint): MsgpackHeader => ({ kind: 'value', value: of });

const narrow = (of: bigint): number | bigint => (Number.isSafeInteger(Number(of)) ? Number(of) : of);

/** Multi-byte values are big-endian. */
const u16 = (cursor: Cursor): number => cursor.u8() * 0x100 + cursor.u8();
const u32 = (cursor: Cursor): number => u16(cursor) * 0x10000 + u16(cursor);
const u64 = (cursor: Cursor): bigint => (BigInt(u32(cursor)) << 32n) + BigInt(u32(cursor));
const i8 = (cursor: Cursor): number => (cursor.u8() << 24) >> 24;

const viewOf = (cursor: Cursor, byteLength: number): DataView => {
  const bytes = cursor.bytes(byteLength);
  return new DataView(bytes.buffer, bytes.byteOffset, byteLength);
};

interface Kind {
  /** Bytes behind the first one that belong to the header. */
  readonly byteLength: number;
  readonly read: (cursor: Cursor) => MsgpackHeader;
}

const sized = (kind: 'text' | 'binary', byteLength: number, length: (cursor: Cursor) => number): Kind => ({
  byteLength,
  read: (cursor) => ({ kind, byteLength: length(cursor) }),
});
const counted = (kind: 'map' | 'array', byteLength: number, count: (cursor: Cursor) => number): Kind => ({
  byteLength,
  read: (cursor) => ({ kind, count: count(cursor) }),
});
const extension = (byteLength: number, length: (cursor: Cursor) => number): Kind => ({
  byteLength: byteLength + 1,
  read: (cursor) => {
    const payload = length(cursor);
    return { kind: 'extension', type: i8(cursor), byteLength: payload };
  },
});
const scalar = (byteLength: number, read: (cursor: Cursor) => null | boolean | number | bigint): Kind => ({
  byteLength,
  read: (cursor) => value(read(cursor)),
});

/** First bytes from 0xc0 to 0xdf; 0xc1 is never used. */
const KINDS: ReadonlyMap<number, Kind> = new Map([
  [0xc0, scalar(0, () => null)],
  [0xc2, scalar(0, () => false)],
  [0xc3, scalar(0, () => true)],
  [0xc4, sized('binary', 1, (cursor) => cursor.u8())],
  [0xc5, sized('binary', 2, u16)],
  [0xc6, sized('binary', 4, u32)],
  [0xc7, extension(1, (cursor) => cursor.u8())],
  [0xc8, extension(2, u16)],
  [0xc9, extension(4, u32)],
  [0xca, scalar(4, (cursor) => viewOf(cursor, 4).getFloat32(0))],
  [0xcb, scalar(8, (cursor) => viewOf(cursor, 8).getFloat64(0))],
  [0xcc, scalar(1, (cursor) => cursor.u8())],
  [0xcd, scalar(2, u16)],
  [0xce, scalar(4, u32)],
  [0xcf, scalar(8, (cursor) => narrow(u64(cursor)))],
  [0xd0, scalar(1, i8)],
  [0xd1, scalar(2, (cursor) => viewOf(cursor, 2).getInt16(0))],
  [0xd2, scalar(4, (cursor) => viewOf(cursor, 4).getInt32(0))],
  [0xd3, scalar(8, (cursor) => narrow(BigInt.asIntN(64, u64(cursor))))],
  [0xd4, extension(0, () => 1)],
  [0xd5, extension(0, () => 2)],
  [0xd6, extension(0, () => 4)],
  [0xd7, extension(0, () => 8)],
  [0xd8, extension(0, () => 16)],
  [0xd9, sized('text', 1, (cursor) => cursor.u8())],
  [0xda, sized('text', 2, u16)],
  [0xdb, sized('text', 4, u32)],
  [0xdc, counted('array', 2, u16)],
  [0xdd, counted('array', 4, u32)],
  [0xde, counted('map', 2, u16)],
  [0xdf, counted('map', 4, u32)],
]);

/** Takes the header of the next value. @throws AppError `corrupt` beyond the end and for a byte that begins no value. */
export async function readHeader(cursor: SourceCursor, file: string): Promise<MsgpackHeader> {
  const offset = cursor.position();
  const first = (await cursor.take(1)).u8();
  if (first < 0x80) return value(first);
  if (first < 0x90) return { kind: 'map', count: first & 0x0f };
  if (first < 0xa0) return { kind: 'array', count: first & 0x0f };
  if (first < 0xc0) return { kind: 'text', byteLength: first & 0x1f };
  if (first >= 0xe0) return value(first - 0x100);
  const kind = KINDS.get(first);
  if (!kind) {
    throw new AppError('corrupt', 'a byte begins no MessagePack value', {
      file,
      offset,
      found: `0x${first.toString(16)}`,
    });
  }
  return kind.read(await cursor.take(kind.byteLength));
}

/** A map whose first key is a text, a list of containers or extensions, or an extension: what nobody else's file begins with by chance. */
export function beginsContainer(head: Uint8Array): boolean {
  const isExtension = (first: number): boolean =>
    (first >= 0xc7 && first <= 0xc9) || (first >= 0xd4 && first <= 0xd8);
  const isText = (first: number): boolean =>
    (first >= 0xa0 && first < 0xc0) || (first >= 0xd9 && first <= 0xdb);
  const isContainer = (first: number): boolean =>
    (first >= 0x80 && first < 0xa0) || (first >= 0xdc && first <= 0xdf);
  const [first = 0] = head;
  if (isExtension(first)) return true;
  if ((first > 0x80 && first < 0x90) || first === 0xde || first === 0xdf) {
    return isText(head[first < 0x90 ? 1 : first === 0xde ? 3 : 5] ?? 0);
  }
  if ((first > 0x90 && first < 0xa0) || first === 0xdc || first === 0xdd) {
    const item = head[first < 0xa0 ? 1 : first === 0xdc ? 3 : 5] ?? 0;
    return isExtension(item) || isContainer(item);
  }
  return false;
}
