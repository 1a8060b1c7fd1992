/** The entry of the unpacking module: what its exports are, `main/kernels/unpacking-module.ts` types. */
export { workspace } from './workspace';
export { huffmanStream, huffmanStreams } from './huffman-streams';
export { takeSequences } from './sequences';
