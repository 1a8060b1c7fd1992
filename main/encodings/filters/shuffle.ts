/**
 * Puts the bytes of each element together again; what is left over at the end stays where it is.
 * @param elementBytes at least 1.
 */
export function unshuffle(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const count = Math.floor(bytes.byteLength / elementBytes);
  if (elementBytes <= 1 || count <= 1) return bytes;
  const out = new Uint8Array(bytes.byteLength);
  if (elementBytes % 4 === 0) joinFours(bytes, out, count, elementBytes);
  else joinBytes(bytes, out, count, elementBytes);
  const whole = count * elementBytes;
  out.set(bytes.subarray(whole), whole);
  return out;
}

/** Elements of whole little-endian words: one store for four bytes. */
function joinFours(bytes: Uint8Array, out: Uint8Array, count: number, elementBytes: number): void {
  const words = new Uint32Array(out.buffer, 0, (count * elementBytes) / 4);
  const step = elementBytes / 4;
  for (let word = 0; word < step; word++) {
    let first = 4 * word * count;
    for (let to = word; to < words.length; to += step, first++) {
      words[to] =
        bytes[first]! |
        (bytes[first + count]! << 8) |
        (bytes[first + 2 * count]! << 16) |
        (bytes[first + 3 * count]! << 24);
    }
  }
}

function joinBytes(bytes: Uint8Array, out: Uint8Array, count: number, elementBytes: number): void {
  for (let byte = 0; byte < elementBytes; byte++) {
    const from = byte * count;
    for (let element = 0, to = byte; element < count; element++, to += elementBytes) {
      out[to] = bytes[from + element]!;
    }
  }
}
