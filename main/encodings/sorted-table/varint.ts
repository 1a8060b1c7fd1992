/**
 * A varint of at most 2^53 - 1 at a position.
 * @returns the value and where it ends; undefined where there is none.
 */
export function readVarint(
  bytes: Uint8Array,
  position: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let shift = 0; shift < 56; shift += 7) {
    const byte = bytes[position + shift / 7];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80)
      return Number.isSafeInteger(value) ? { value, end: position + shift / 7 + 1 } : undefined;
  }
  return undefined;
}
