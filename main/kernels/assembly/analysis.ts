/** The entry of the analysis module: what its exports are, `main/kernels/analysis-module.ts` types. */
export { workspace } from './workspace';
export { crc32, crc32c } from './crc';
export { hashStart, hashStripes, hashFinish } from './xxhash64';
export { momentsF32, momentsF64 } from './moments';
export { countBytes, countHalves, countUpperHalves, countUpperHalvesOfDoubles } from './counting';
export { drain, gather } from './counting';
export { binF32, binF64 } from './binning';
export { differF32, differF64, excessF32, excessF64 } from './difference';
export { areCastsF32, areCastsF64 } from './casts';
export { subtractF32, subtractF64, doublesOfF32 } from './subtraction';
export { stepsOfBytes, stepsOfHalves, stepsOfDoubles, decodeBytes, decodeHalves } from './codes';
export { finiteBytes, finiteHalves, finiteWords, finiteDoubles } from './non-finite';
export { heatSlice, heatF32, heatF64 } from './heat-map';
export { profileF32, profileF64, profileI64, profileU64 } from './profile';
export { nibbleBlocks, byteBlocks, longByteBlocks } from './uniform-blocks';
export { twoBitBlocks, threeBitBlocks, sixBitScaledBlocks, sixBitBlocks } from './super-blocks';
export {
  unevenBlocks,
  scaledUnevenBlocks,
  microscaledBlocks,
  floatScaledBlocks,
} from './nibble-table-blocks';
export { ternaryDigitBlocks, ternaryBitBlocks, signBlocks, bitPairBlocks } from './few-bit-blocks';
export { iq2xxsBlocks, iq2xsBlocks, iq2sBlocks, iq3xxsBlocks, iq3sBlocks } from './lattice-blocks';
export { iq1sBlocks, iq1mBlocks } from './shifted-lattice-blocks';
export { doublesOfI32, doublesOfU32, doublesOfI64, doublesOfU64 } from './whole-numbers';
export { wholeNumbersI64, wholeNumbersU64 } from './whole-numbers';
export { narrowF32, narrowF64, narrowI32, narrowU32, narrowI64, narrowU64 } from './narrowing';
