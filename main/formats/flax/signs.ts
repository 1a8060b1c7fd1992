/** How a Flax state is told from other files that are MessagePack, or happen to read as such. */
import type { MsgpackNode } from '#main/encodings/msgpack/nodes.ts';
import { isChunkedArray } from '#main/encodings/msgpack/chunked-array.ts';
import { linkOf } from '#main/encodings/msgpack/state-link.ts';

/** The extension types of arrays and of NumPy's scalars. */
const ARRAY_TYPES: ReadonlySet<number> = new Set([1, 3]);
/** Twenty bytes hold the shortest array of one element: list, shape, type, length and value. */
const LEAST_ARRAY_BYTES = 8;

/** Whether there is an array anywhere, or a link to one. */
export function holdsArrays(root: MsgpackNode): boolean {
  const stack = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node.kind === 'extension' && ARRAY_TYPES.has(node.type) && node.byteLength >= LEAST_ARRAY_BYTES)
      return true;
    if (linkOf('', node)) return true;
    if (node.kind === 'map') {
      if (isChunkedArray(node)) return true;
      for (const [, child] of node.entries) stack.push(child);
    } else if (node.kind === 'array') for (const child of node.items) stack.push(child);
  }
  return false;
}

/** An extension of type 1 or 3 that begins as a list of three whose first is a list: in text, so that one expression tells. */
// eslint-disable-next-line no-control-regex
const ARRAY_BEGINS = /(?:\xc7[^]|\xc8[^]{2}|\xc9[^]{4}|[\xd4-\xd8])[\x01\x03]\x93(?:[\x90-\x9f]|\xdc[^]{2})/;

/** Whether an array of Flax's begins within the first bytes. */
export function beginsLikeState(head: Uint8Array): boolean {
  return ARRAY_BEGINS.test(Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1'));
}
