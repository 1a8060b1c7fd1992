import { damaged } from '#main/encodings/zstd/damaged.ts';
import { xxhash64 } from '#main/encodings/zstd/xxhash64.ts';

export const CHECKSUM_BYTES = 4;

/** What a frame's content adds up to: the lower half of its XXH64, which is what follows the frame. */
export interface ContentChecksum {
  add(bytes: Uint8Array): void;
  /** @param stored four bytes, little-endian. @throws AppError `corrupt` where it is another one. */
  require(stored: Uint8Array): void;
}

export function contentChecksum(): ContentChecksum {
  const { update, low } = xxhash64();
  return {
    add: update,
    require: (stored) => {
      const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
      if (view.getUint32(0, true) !== low()) throw damaged('a content that misses its checksum');
    },
  };
}
