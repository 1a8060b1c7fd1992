import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { throwIfCancelled } from '#shared/errors.ts';

export interface Window {
  /** Flat index of the first element. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** What a long pass looks at between windows. */
export interface Pass {
  readonly signal?: AbortSignal;
  /** Told the bytes read since the last time. */
  readonly onRead?: (byteLength: number) => void;
}

/** All elements in C order, about a mebibyte at a time. The bytes belong to the caller until the next window. */
export async function* windowsOf(reader: TensorReader, pass: Pass): AsyncGenerator<Window> {
  const size = Math.max(1, Math.floor(WINDOW_BYTES / reader.elementByteLength));
  for (let start = 0; start < reader.elementCount; start += size) {
    throwIfCancelled(pass.signal);
    const count = Math.min(size, reader.elementCount - start);
    const bytes = await reader.read(start, count, pass.signal);
    pass.onRead?.(bytes.byteLength);
    yield { start, bytes };
  }
}
