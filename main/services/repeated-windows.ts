/** The windows of a tensor that is read twice: those of a small one stay in memory in between. */
import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { borrowWindow } from '#main/kernels/analysis-module.ts';
import { windowLength, windowsBy, windowsOf, type Pass, type Window } from '#main/services/windows.ts';

/** Of what is larger, caches would hold nothing until the second time. */
const MOST_KEPT_BYTES = 4 * WINDOW_BYTES;

export interface RepeatedWindows {
  /** All windows from the first one on, as `windowsOf` has them. */
  windows(pass: Pass): AsyncGenerator<Window, void, undefined>;
  /** Gives the memory back; no window may be used any more. */
  release(): void;
}

export function repeatedWindows(reader: TensorReader): RepeatedWindows {
  const { elementCount, elementByteLength: width, readInto } = reader;
  if (!readInto || elementCount * width > MOST_KEPT_BYTES) {
    return { windows: (pass) => windowsOf(reader, pass), release: () => {} };
  }
  const input = borrowWindow();
  /** Elements read so far. */
  let known = 0;
  const read = async (start: number, count: number) => {
    // the same memory each time, but a view of it holds only until it grows
    const bytes = input.take(MOST_KEPT_BYTES).subarray(start * width, (start + count) * width);
    if (start >= known) {
      readInto(start, bytes);
      known = start + count;
    }
    return bytes;
  };
  async function* windows(pass: Pass): AsyncGenerator<Window, void, undefined> {
    for await (const { start } of windowsBy(read, reader, pass)) {
      const end = Math.min(elementCount, start + windowLength(width));
      yield {
        start,
        get bytes() {
          return input.latest().subarray(start * width, end * width);
        },
      };
      input.checkLatest();
    }
  }
  return { windows, release: input.release };
}
