import { damaged } from '#main/encodings/zstd/damaged.ts';
import { fastDigest } from '#main/kernels/fast-digest.ts';

export const CHECKSUM_BYTES = 4;

/** What a frame's content adds up to: the lower half of its XXH64, which is what follows the frame. */
export interface ContentChecksum {
  add(bytes: Uint8Array): void;
  /** @param stored four bytes, little-endian. @throws AppError `corrupt` where it is another one. */
  require(stored: Uint8Array): void;
  release(): void;
}

export function contentChecksum(): ContentChecksum {
  const { add, value, release } = fastDigest();
  return {
    add,
    require: (stored) => {
      const low = Buffer.from(value(), 'hex').subarray(-CHECKSUM_BYTES).reverse();
      if (!low.equals(stored.subarray(0, CHECKSUM_BYTES)))
        throw damaged('a content that misses its checksum');
    },
    release,
  };
}
