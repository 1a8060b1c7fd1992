// Frame headers: RFC 8878, section 3.1.1.1.
import { cursorOver } from '#main/bytes/cursor.ts';
import { damaged } from '#main/encodings/zstd/damaged.ts';
import { AppError } from '#shared/errors.ts';

export interface ZstdFrame {
  readonly kind: 'zstd';
  /** Of the header, its magic number included. */
  readonly headerBytes: number;
  /** Bytes that copies may reach back. */
  readonly windowBytes: number;
  /** Bytes that come out, where that is told. */
  readonly contentBytes: number | undefined;
  readonly hasChecksum: boolean;
}

export type Frame =
  | ZstdFrame
  /** User data that mean nothing to a decoder. */
  | { readonly kind: 'skippable'; readonly byteLength: number };

export const MOST_HEADER_BYTES = 18;

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;

/** @param bytes from the start of a frame on. @throws AppError `corrupt`, `unsupported` for data that need a dictionary. */
export function readFrameHeader(bytes: Uint8Array): Frame {
  const cursor = cursorOver(bytes);
  const magic = cursor.u32();
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) return { kind: 'skippable', byteLength: 8 + cursor.u32() };
  if (magic !== MAGIC) throw damaged(`0x${magic.toString(16)} where a frame should begin`);
  const flags = cursor.u8();
  if ((flags & 0x08) !== 0) throw damaged('a header with a reserved bit');
  const isSingle = (flags & 0x20) !== 0;
  const window = isSingle ? undefined : windowOf(cursor.u8());
  const dictionary = cursor.bytes(DICTIONARY_BYTES[flags & 3]!);
  if (dictionary.some((byte) => byte !== 0)) {
    throw new AppError('unsupported', 'the Zstandard data need a dictionary', {
      found: Buffer.from(dictionary).toString('hex'),
    });
  }
  const contentBytes = contentOf(flags >> 6);
  return {
    kind: 'zstd',
    headerBytes: cursor.position,
    windowBytes: window ?? contentBytes!,
    contentBytes,
    hasChecksum: (flags & 0x04) !== 0,
  };

  function contentOf(form: number): number | undefined {
    if (form === 0) return isSingle ? cursor.u8() : undefined;
    if (form === 1) return cursor.u16() + 256;
    return form === 2 ? cursor.u32() : cursor.count64('the length of the content');
  }
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
