import type { TextDtype } from '#main/encodings/ndarray/array-dtype.ts';

/**
 * The texts of a NumPy `S` or `U` array, trailing zeros taken off as NumPy does.
 * Bytes that are no UTF-8, and text that has no UTF-8, come as bytes (the latter as Python's `surrogatepass` encodes it).
 */
export function decodeTexts(bytes: Uint8Array, dtype: TextDtype, count: number): (string | Uint8Array)[] {
  const texts = new Array<string | Uint8Array>(count);
  for (let index = 0; index < count; index++) {
    const item = bytes.subarray(index * dtype.itemBytes, (index + 1) * dtype.itemBytes);
    texts[index] =
      dtype.encoding === 'bytes' ? decodeBytes(item) : decodeUcs4(item, dtype.byteOrder === 'little');
  }
  return texts;
}

function decodeBytes(item: Uint8Array): string | Uint8Array {
  let end = item.byteLength;
  while (end > 0 && item[end - 1] === 0) end--;
  const used = item.slice(0, end);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(used);
  } catch {
    return used;
  }
}

function decodeUcs4(item: Uint8Array, isLittle: boolean): string | Uint8Array {
  const view = new DataView(item.buffer, item.byteOffset, item.byteLength);
  const codes: number[] = [];
  for (let offset = 0; offset + 4 <= item.byteLength; offset += 4)
    codes.push(view.getUint32(offset, isLittle));
  while (codes.at(-1) === 0) codes.pop();
  const isText = codes.every((code) => code <= 0x10ffff && (code < 0xd800 || code > 0xdfff));
  if (isText) return codes.map((code) => String.fromCodePoint(code)).join('');
  return Uint8Array.from(codes.flatMap(utf8Of));
}

/** UTF-8 of any number up to 21 bits, surrogates included. */
function utf8Of(code: number): number[] {
  const tail = (shift: number): number => 0x80 | ((code >>> shift) & 0x3f);
  if (code < 0x80) return [code];
  if (code < 0x800) return [0xc0 | (code >>> 6), tail(0)];
  if (code < 0x10000) return [0xe0 | (code >>> 12), tail(6), tail(0)];
  return [0xf0 | ((code >>> 18) & 0x07), tail(12), tail(6), tail(0)];
}
