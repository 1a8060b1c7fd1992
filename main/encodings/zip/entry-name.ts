import { crc32 } from '#main/bytes/crc32.ts';
import { cursorOver } from '#main/bytes/cursor.ts';

/** Upper half of code page 437, which names without the UTF-8 flag are in. */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** Info-ZIP's extra field with the name in UTF-8 beside a name in some code page. */
const UNICODE_PATH_EXTRA = 0x7075;

export interface DecodedName {
  readonly name: string;
  /** The name says that it is UTF-8 and is not. */
  readonly isMalformed: boolean;
}

/**
 * The name of an entry: UTF-8 where its flag or Info-ZIP's extra field says so, else code page 437.
 * @param extras the entry's extra fields by id.
 */
export function decodeName(
  bytes: Uint8Array,
  isUtf8: boolean,
  extras: ReadonlyMap<number, Uint8Array>,
): DecodedName {
  if (isUtf8) {
    const text = decodeUtf8(bytes);
    return { name: text ?? decodeCp437(bytes), isMalformed: text === undefined };
  }
  return {
    name: unicodePath(bytes, extras.get(UNICODE_PATH_EXTRA)) ?? decodeCp437(bytes),
    isMalformed: false,
  };
}

/** Whether a name could lead somewhere else if somebody took it for a path. */
export function isOddName(name: string): boolean {
  if (name === '' || name.startsWith('/') || name.includes('\\') || name.includes('\0')) return true;
  return name.split('/').includes('..') || /^[A-Za-z]:/.test(name);
}

function unicodePath(bytes: Uint8Array, extra: Uint8Array | undefined): string | undefined {
  if (!extra || extra.byteLength < 5) return undefined;
  const cursor = cursorOver(extra);
  const version = cursor.u8();
  const checksum = cursor.u32();
  // the checksum tells whether the field still belongs to the name beside it
  if (version !== 1 || checksum !== crc32(bytes)) return undefined;
  return decodeUtf8(cursor.bytes(cursor.remaining()));
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function decodeCp437(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (bytes.every((byte) => byte < 0x80)) return text;
  return [...text].map((character) => CP437[character.charCodeAt(0) - 0x80] ?? character).join('');
}
