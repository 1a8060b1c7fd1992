import { varintAt } from '#main/encodings/protobuf/message-span.ts';
import { fieldsOf, type Message } from '#main/encodings/protobuf/protobuf.ts';

/** A repeated field of numbers, packed or one by one. */
export interface TypedRun {
  readonly message: Message;
  readonly number: number;
  /** Bytes of each where they are of fixed width; undefined for varints. */
  readonly fixed: 4 | 8 | undefined;
}

/**
 * Fills `out` with the lower `width` bytes of every number, little-endian.
 * @returns how many numbers there are, those without room included.
 * @throws AppError `corrupt` where the bytes are no message.
 */
export function fillTyped(out: Uint8Array, { message, number, fixed }: TypedRun, width: number): number {
  let count = 0;
  const put = (bytes: Uint8Array): void => {
    const at = count++ * width;
    if (at + width <= out.byteLength) out.set(bytes.subarray(0, width), at);
  };
  const word = new Uint8Array(8);
  const view = new DataView(word.buffer);
  for (const field of fieldsOf(message)) {
    if (field.number !== number) continue;
    if (field.wire !== 2) {
      view.setBigUint64(0, BigInt(field.integer), true);
      put(word);
    } else if (fixed !== undefined) {
      for (let at = 0; at + fixed <= field.bytes.byteLength; at += fixed)
        put(field.bytes.subarray(at, at + fixed));
    } else {
      for (let at = 0; at < field.bytes.byteLength;) {
        const next = varintAt(field.bytes, at);
        if (!next) break;
        view.setBigUint64(0, next.value, true);
        put(word);
        at = next.end;
      }
    }
  }
  return count;
}
