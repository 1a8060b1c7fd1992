import { breathe } from '#main/bytes/breathe.ts';
import { releaseMemory } from '#main/bytes/release-memory.ts';
import { WINDOW_BYTES } from '#main/bytes/limits.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { borrowWindow, type InputWindow } from '#main/kernels/analysis-module.ts';
import { throwIfCancelled } from '#shared/errors.ts';

export interface Window {
  /** Flat index of the first element. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Elements [begin, end) in C order: all of them where absent. */
export interface ElementRange {
  readonly begin?: number;
  readonly end?: number;
}

/** What a long pass looks at between windows. */
export interface Pass {
  readonly signal?: AbortSignal;
  /** Told the bytes read since the last time. */
  readonly onRead?: (byteLength: number) => void;
}

/** The same pass for bytes that are read again: those are not told twice. */
export function silent({ signal }: Pass): Pass {
  return signal ? { signal } : {};
}

/** How many elements make a window of about a mebibyte. */
export function windowLength(elementByteLength: number): number {
  return Math.max(1, Math.floor(WINDOW_BYTES / elementByteLength));
}

/**
 * The values of a range of elements, about a mebibyte at a time; read where kernels compute
 * wherever that can be.
 * The bytes hold until the next window is asked for.
 * @throws AppError `internal` where kernels' memory grew while a window was looked at.
 */
export async function* windowsOf(
  reader: TensorReader,
  pass: Pass,
  range: ElementRange = {},
): AsyncGenerator<Window, void, undefined> {
  const input = borrowWindow();
  try {
    const read = (start: number, count: number) => readWindow(reader, start, count, pass, input);
    for await (const window of windowsBy(read, reader, pass, range)) {
      if (!reader.readInto) {
        yield window;
        releaseMemory(window.bytes);
        continue;
      }
      const { start } = window;
      // other passes of the thread may let memory grow before it is looked at
      yield {
        start,
        get bytes() {
          return input.latest();
        },
      };
      input.checkLatest();
    }
  } finally {
    input.release();
  }
}

/** As `windowsOf`, for whoever has memory of their own to read each window of elements into. */
export async function* windowsBy(
  read: (start: number, count: number) => Promise<Uint8Array>,
  { elementCount, elementByteLength, ends = [] }: TensorReader,
  pass: Pass,
  { begin = 0, end = elementCount }: ElementRange = {},
): AsyncGenerator<Window, void, undefined> {
  const size = windowLength(elementByteLength);
  let next = 0;
  for (let start = begin; start < end;) {
    await breathe();
    throwIfCancelled(pass.signal);
    while (next < ends.length && ends[next]! <= start) next++;
    const count = Math.min(size, end - start, (ends[next] ?? Infinity) - start);
    const bytes = await read(start, count);
    pass.onRead?.(count * elementByteLength);
    yield { start, bytes };
    start += count;
  }
}

/** One window of whole elements; its bytes hold until something else is read into `input`. */
export async function readWindow(
  reader: TensorReader,
  start: number,
  count: number,
  pass: Pass,
  input: InputWindow,
): Promise<Uint8Array> {
  if (!reader.readInto) return reader.read(start, count, pass.signal);
  const target = input.take(count * reader.elementByteLength);
  reader.readInto(start, target);
  return target;
}
