// Values as pickle spells them: Python's Lib/pickletools.py (argument descriptors), protocols 0 to 5.
import { PICKLE_INTEGER_BYTES } from '#main/bytes/limits.ts';
import { AppError } from '#shared/errors.ts';

/** An integer in decimal, perhaps with Python 2's `L`; the smallest type that holds it exactly. */
export function parseInteger(line: Uint8Array, offset: number): number | bigint {
  let text = asciiOf(line).trim();
  if (text.endsWith('L')) text = text.slice(0, -1);
  checkIntegerLength(text.length, offset);
  if (!isDecimal(text)) throw malformed('an integer', text, offset);
  if (text.length <= 15) return Number(text);
  return narrowed(BigInt(text));
}

/** @throws AppError `corrupt` for what Python's float() would not take. */
export function parseFloat64(line: Uint8Array, offset: number): number {
  const text = asciiOf(line).trim().toLowerCase();
  const named = NAMED_FLOATS.get(text.startsWith('+') ? text.slice(1) : text);
  if (named !== undefined) return named;
  const value = Number(text);
  const isPlain = text !== '' && [...text].every((character) => '0123456789+-.e'.includes(character));
  if (!isPlain || Number.isNaN(value)) throw malformed('a float', text, offset);
  return value;
}

const NAMED_FLOATS: ReadonlyMap<string, number> = new Map([
  ['nan', NaN],
  ['-nan', NaN],
  ['inf', Infinity],
  ['infinity', Infinity],
  ['-inf', -Infinity],
  ['-infinity', -Infinity],
]);

/** A two's complement little-endian integer of any length. */
export function parseLong(bytes: Uint8Array, offset: number): number | bigint {
  checkIntegerLength(bytes.byteLength, offset);
  if (bytes.byteLength === 0) return 0;
  let hex = '';
  for (let index = bytes.byteLength - 1; index >= 0; index--)
    hex += bytes[index]!.toString(16).padStart(2, '0');
  return narrowed(BigInt.asIntN(bytes.byteLength * 8, BigInt(`0x${hex}`)));
}

function narrowed(value: bigint): number | bigint {
  const isSafe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
  return isSafe ? Number(value) : value;
}

/** The bytes of a quoted Python 2 string: `'…'` or `"…"` with escapes. @returns them without quotes. */
export function unquote(line: Uint8Array, offset: number): Uint8Array {
  let begin = 0;
  let end = line.byteLength;
  while (end > 0 && line[end - 1]! <= 0x20) end--;
  while (begin < end && line[begin]! <= 0x20) begin++;
  const quote = line[begin];
  const isQuoted = end - begin >= 2 && (quote === 0x22 || quote === 0x27) && line[end - 1] === quote;
  if (!isQuoted) throw malformed('a quoted string', asciiOf(line.subarray(0, 40)), offset);
  return line.subarray(begin + 1, end - 1);
}

const SIMPLE_ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x5c, 0x5c],
  [0x27, 0x27],
  [0x22, 0x22],
  [0x61, 0x07],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x76, 0x0b],
]);

/** Undoes the escapes of a Python bytes literal; unknown ones stay as they are, as in Python. */
export function unescapeBytes(text: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(text.byteLength);
  let length = 0;
  for (let index = 0; index < text.byteLength; index++) {
    const byte = text[index]!;
    const next = text[index + 1];
    if (byte !== 0x5c || next === undefined) {
      bytes[length++] = byte;
      continue;
    }
    const simple = SIMPLE_ESCAPES.get(next);
    const hex = next === 0x78 ? digitsAt(text, index + 2, 2, 2, 16) : undefined;
    const octal = digitsAt(text, index + 1, 1, 3, 8);
    if (simple !== undefined) {
      bytes[length++] = simple;
      index += 1;
    } else if (hex) {
      bytes[length++] = hex.value;
      index += 1 + hex.count;
    } else if (octal) {
      bytes[length++] = octal.value & 0xff;
      index += octal.count;
    } else if (next === 0x0a) {
      index += 1;
    } else {
      bytes[length++] = byte;
    }
  }
  return bytes.slice(0, length);
}

/** Text in Python's raw-unicode-escape: Latin-1 but for `\uXXXX` and `\UXXXXXXXX`. */
export function decodeRawUnicodeEscape(line: Uint8Array): string {
  const parts: string[] = [];
  for (let index = 0; index < line.byteLength; index++) {
    const byte = line[index]!;
    const next = line[index + 1];
    const width = byte !== 0x5c ? 0 : next === 0x75 ? 4 : next === 0x55 ? 8 : 0;
    const code = width > 0 ? digitsAt(line, index + 2, width, width, 16) : undefined;
    if (code && code.value <= 0x10ffff) {
      parts.push(String.fromCodePoint(code.value));
      index += 1 + width;
    } else {
      parts.push(String.fromCharCode(byte));
    }
  }
  return parts.join('');
}

/** UTF-8 that may hold lone surrogates, as Python's `surrogatepass` writes them; other damage becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = bufferOver(bytes).toString('utf8');
  if (!text.includes('\ufffd')) return text;
  const parts: string[] = [];
  let from = 0;
  for (let index = 0; index + 2 < bytes.byteLength; index++) {
    // ED A0..BF xx is a surrogate, which plain UTF-8 has no room for
    if (bytes[index] !== 0xed || bytes[index + 1]! < 0xa0 || (bytes[index + 2]! & 0xc0) !== 0x80) continue;
    parts.push(bufferOver(bytes.subarray(from, index)).toString('utf8'));
    parts.push(String.fromCharCode(0xd000 | ((bytes[index + 1]! & 0x3f) << 6) | (bytes[index + 2]! & 0x3f)));
    index += 2;
    from = index + 1;
  }
  parts.push(bufferOver(bytes.subarray(from)).toString('utf8'));
  return parts.join('');
}

export function asciiOf(bytes: Uint8Array): string {
  return bufferOver(bytes).toString('latin1');
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function digitsAt(
  text: Uint8Array,
  begin: number,
  least: number,
  most: number,
  radix: number,
): { value: number; count: number } | undefined {
  let value = 0;
  let count = 0;
  for (; count < most; count++) {
    const digit = digitValue(text[begin + count]);
    if (digit >= radix) break;
    value = value * radix + digit;
  }
  return count >= least ? { value, count } : undefined;
}

function digitValue(byte: number | undefined): number {
  if (byte === undefined) return Infinity;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : Infinity;
}

function isDecimal(text: string): boolean {
  const digits = text.startsWith('-') || text.startsWith('+') ? text.slice(1) : text;
  if (digits === '') return false;
  for (let index = 0; index < digits.length; index++) {
    const code = digits.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

function malformed(what: string, found: string, offset: number): AppError {
  return new AppError('corrupt', `the pickle should have ${what} here`, {
    offset,
    expected: what,
    found: found.slice(0, 80),
  });
}

/** @throws AppError `limit` for integers longer than we read. */
export function checkIntegerLength(length: number, offset: number): void {
  if (length <= PICKLE_INTEGER_BYTES) return;
  throw new AppError('limit', 'the pickle holds an integer longer than we read', {
    offset,
    expected: `at most ${PICKLE_INTEGER_BYTES} bytes`,
    found: `${length} bytes`,
  });
}
