import type { Cursor } from '#main/bytes/cursor.ts';

/** Bytes of a header, and what every member is padded to. */
export const TAR_BLOCK = 512;
const MAGIC_AT = 257;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const SPACE = 0x20;
const BINARY_MARK = 0x80;

/** A header as it stands, before records of extended headers are laid over it. */
export interface TarHeader {
  readonly name: string;
  /** Bytes; undefined where it is no number, or beyond any file. */
  readonly byteLength: number | undefined;
  /** A character: `0` and NUL are files, `x`, `g`, `L` and `K` tell about what follows. */
  readonly type: string;
  readonly isChecked: boolean;
}

/** Whether a file begins with a header of POSIX's or GNU's tar. */
export function beginsTar(head: Uint8Array): boolean {
  return latin1(head.subarray(MAGIC_AT, MAGIC_AT + 5)) === 'ustar';
}

/** @returns undefined for a block of zeros, which ends an archive. */
export function parseTarHeader(cursor: Cursor): TarHeader | undefined {
  const block = cursor.bytes(TAR_BLOCK);
  if (block[0] === 0 && block.every((byte) => byte === 0)) return undefined;
  const isPosix = latin1(block.subarray(MAGIC_AT, MAGIC_AT + 6)) === 'ustar\0';
  const prefix = isPosix ? fieldText(block, 345, 155) : '';
  const name = fieldText(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    byteLength: fieldNumber(block, 124, 12),
    type: String.fromCharCode(block[156]!),
    isChecked: hasChecksum(block),
  };
}

/** Up to the first NUL. */
function fieldText(block: Uint8Array, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
}

/** Octal digits between spaces and NULs, or GNU's big-endian number behind a mark. */
function fieldNumber(block: Uint8Array, offset: number, length: number): number | undefined {
  const field = block.subarray(offset, offset + length);
  if (field[0] === BINARY_MARK) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = /^ *([0-7]*)[ \0]*/.exec(latin1(field));
  if (!digits || digits[0].length !== length) return undefined;
  return digits[1] === '' ? 0 : Number.parseInt(digits[1]!, 8);
}

/** The sum of all bytes, its own counted as spaces; old writers took bytes for signed. */
function hasChecksum(block: Uint8Array): boolean {
  const stated = fieldNumber(block, CHECKSUM_AT, CHECKSUM_BYTES);
  let unsigned = 0;
  let signed = 0;
  for (let index = 0; index < TAR_BLOCK; index++) {
    const isOwn = index >= CHECKSUM_AT && index < CHECKSUM_AT + CHECKSUM_BYTES;
    const byte = isOwn ? SPACE : block[index]!;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  return stated === unsigned || stated === signed;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
