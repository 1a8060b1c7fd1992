import * as zlib from 'node:zlib';

import { windowCrc32 } from '#main/kernels/checksum.ts';

type Crc32 = (bytes: Uint8Array, seed?: number) => number;

/** CRC-32 by zlib, with instructions that WebAssembly lacks, where Node has it (from 20.15 and 22.2 on); else by the kernel. */
export const fastCrc32: Crc32 = (zlib as { readonly crc32?: Crc32 }).crc32 ?? windowCrc32;
