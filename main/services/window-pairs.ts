/** Two tensors of one shape, a window of the one and the same elements of the other at a time. */
import { releaseMemory } from '#main/bytes/release-memory.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { borrowWindow } from '#main/kernels/analysis-module.ts';
import { readWindow, windowsOf, type ElementRange, type Pass, type Window } from '#main/services/windows.ts';

export interface WindowPair extends Window {
  /** The other tensor's bytes. */
  readonly other: Uint8Array;
}

/** As `windowsOf` has those of `a`; the bytes of either side hold until the next pair is asked for. */
export async function* windowPairs(
  a: TensorReader,
  b: TensorReader,
  pass: Pass,
  range: ElementRange = {},
): AsyncGenerator<WindowPair, void, undefined> {
  const input = borrowWindow();
  try {
    for await (const window of windowsOf(a, pass, range)) {
      const { start } = window;
      const count = window.bytes.byteLength / a.elementByteLength;
      const other = await readWindow(b, start, count, pass, input);
      pass.onRead?.(count * b.elementByteLength);
      yield {
        start,
        get bytes() {
          return window.bytes;
        },
        get other() {
          return b.readInto ? input.latest() : other;
        },
      };
      if (b.readInto) input.checkLatest();
      else releaseMemory(other);
    }
  } finally {
    input.release();
  }
}
