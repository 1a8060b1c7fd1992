/** The entry of the unpacking module: what its exports are, `unpacking-module.ts` types. */
export { huffmanStream, huffmanStreams } from './huffman-streams';
export { takeSequences } from './sequences';

/** The first byte that the module itself does not use. */
export function workspace(): usize {
  return (__heap_base + 63) & ~63;
}
