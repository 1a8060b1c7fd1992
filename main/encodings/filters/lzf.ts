// LZF as liblzf 3.x writes it and h5py's filter 32000 stores it.
import type { ChunkPlace } from '#main/encodings/filters/filters.ts';
import { AppError } from '#shared/errors.ts';

/** A control byte below this announces so many literal bytes, less one. */
const LITERALS = 32;
/** A run whose three bits are all set has its length in a byte of its own. */
const LONG_RUN = 7;

/**
 * @param most bytes that may come out.
 * @throws AppError `corrupt` for more bytes than that, or a stream that refers to what is not there.
 */
export function unpackLzf(bytes: Uint8Array, most: number, place: ChunkPlace): Uint8Array {
  const out = new Uint8Array(most);
  const end = bytes.byteLength;
  let from = 0;
  let to = 0;
  const damaged = (): AppError =>
    new AppError('corrupt', 'a chunk packed with LZF is damaged', {
      ...place,
      expected: `at most ${most} bytes`,
      found: `a step at byte ${from} that leads outside`,
    });

  while (from < end) {
    const control = bytes[from++]!;
    if (control < LITERALS) {
      const count = control + 1;
      if (from + count > end || to + count > most) throw damaged();
      // byte by byte: a call for so few takes longer
      for (let i = 0; i < count; i++) out[to++] = bytes[from++]!;
      continue;
    }
    let count = control >> 5;
    if (count === LONG_RUN) {
      if (from >= end) throw damaged();
      count += bytes[from++]!;
    }
    count += 2;
    if (from >= end) throw damaged();
    let back = to - ((control & 0x1f) << 8) - 1 - bytes[from++]!;
    if (back < 0 || to + count > most) throw damaged();
    // byte by byte: a run may repeat what it is just writing
    for (let i = 0; i < count; i++) out[to++] = out[back++]!;
  }
  return out.subarray(0, to);
}
