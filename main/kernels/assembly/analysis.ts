/** The entry of the analysis module: what its exports are, `main/kernels/analysis-module.ts` types. */
export { workspace } from './workspace';
export { crc32, crc32c } from './crc';
