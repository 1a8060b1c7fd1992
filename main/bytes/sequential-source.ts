import { checkRange } from '#main/bytes/range.ts';
import { releaseMemory } from '#main/bytes/release-memory.ts';
import type { ByteSource, SourceDescription } from '#main/bytes/source.ts';
import { AppError, throwIfCancelled } from '#shared/errors.ts';

/** Bytes that can only be had from the first one on. */
export interface Sequence {
  readonly name: string;
  /** Of all that comes out. */
  readonly byteLength: number;
  /** Where the packed bytes are in their file, for messages. */
  readonly offset: number;
  readonly description: SourceDescription;
  /** Starts over. The generator is ended when it is no longer needed; what it hands out is not its own any more. */
  open(): AsyncGenerator<Uint8Array, void, undefined>;
}

const NOTHING = new Uint8Array(0);

/** An unpacker at work: what it has handed out, and what is left of its last part. */
interface Stream {
  readonly parts: AsyncGenerator<Uint8Array, void, undefined>;
  /** Offset of the first byte of `rest` in what comes out. */
  position: number;
  rest: Uint8Array;
  last: Uint8Array;
}

/**
 * A sequence as a source. Reading onwards is cheap; going back starts over; several readers take turns.
 * Closing ends the sequence; a read after that starts over.
 * @throws AppError `corrupt` from `read` when it is not exactly as long as it says.
 */
export function sequentialSource({ name, byteLength, offset, description, open }: Sequence): ByteSource {
  let stream: Stream | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const stop = async (): Promise<void> => {
    const { parts } = stream ?? {};
    stream = undefined;
    await parts?.return();
  };

  const read = async (start: number, length: number, signal?: AbortSignal): Promise<Uint8Array> => {
    throwIfCancelled(signal);
    if (length === 0) return new Uint8Array(0);
    if (stream && stream.position > start) await stop();
    stream ??= { parts: open(), position: 0, rest: NOTHING, last: NOTHING };
    try {
      const bytes = new Uint8Array(length);
      await take(stream, start - stream.position, undefined, signal);
      await take(stream, length, bytes, signal);
      if (start + length === byteLength) {
        await requireEnd(stream);
        await stop();
      }
      return bytes;
    } catch (error) {
      await stop();
      throw error;
    }
  };

  async function take(
    from: Stream,
    count: number,
    into: Uint8Array | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    let done = 0;
    while (done < count) {
      throwIfCancelled(signal);
      if (from.rest.byteLength === 0) {
        const next = await from.parts.next();
        if (next.done) throw wrongLength(`${from.position} bytes`);
        from.last = from.rest = next.value;
      }
      const part = from.rest.subarray(0, count - done);
      into?.set(part, done);
      done += part.byteLength;
      from.position += part.byteLength;
      from.rest = from.rest.subarray(part.byteLength);
      // an unpacker may still fill what is left of the buffer that a part lies in
      const isWhole = from.last.byteLength === from.last.buffer.byteLength;
      if (from.rest.byteLength === 0 && isWhole) releaseMemory(from.last);
    }
  }

  async function requireEnd(from: Stream): Promise<void> {
    while (from.rest.byteLength === 0) {
      const next = await from.parts.next();
      if (next.done) return;
      from.last = from.rest = next.value;
    }
    throw wrongLength('more');
  }

  function wrongLength(found: string): AppError {
    return new AppError('corrupt', 'the compressed data do not have the length that they promise', {
      file: name,
      offset,
      expected: `${byteLength} bytes`,
      found,
    });
  }

  return {
    name,
    byteLength,
    description,
    read: async (start, length, signal) => {
      checkRange(name, byteLength, start, length);
      const mine = turn.then(() => read(start, length, signal));
      turn = mine.catch(() => undefined);
      return mine;
    },
    close: async () => {
      turn = turn.then(stop, stop);
      await turn;
    },
  };
}
