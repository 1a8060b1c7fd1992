/**
 * Puts the bytes of each element together again; what is left over at the end stays where it is.
 * @param elementBytes at least 1.
 */
export function unshuffle(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const count = Math.floor(bytes.byteLength / elementBytes);
  if (elementBytes <= 1 || count <= 1) return bytes;
  const out = new Uint8Array(bytes.byteLength);
  for (let byte = 0; byte < elementBytes; byte++) {
    const from = byte * count;
    for (let element = 0, to = byte; element < count; element++, to += elementBytes) {
      out[to] = bytes[from + element]!;
    }
  }
  const whole = count * elementBytes;
  out.set(bytes.subarray(whole), whole);
  return out;
}
