import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { throwIfCancelled } from '#shared/errors.ts';

/** A source over bytes that are in memory already; they are copied on reading, never changed. */
export function memorySource(bytes: Uint8Array, name = 'memory'): ByteSource {
  return {
    name,
    byteLength: bytes.byteLength,
    description: { kind: 'memory', bytes },
    read: async (offset, length, signal) => {
      throwIfCancelled(signal);
      checkRange(name, bytes.byteLength, offset, length);
      return bytes.slice(offset, offset + length);
    },
    readInto: (offset, target) => {
      checkRange(name, bytes.byteLength, offset, target.byteLength);
      target.set(bytes.subarray(offset, offset + target.byteLength));
    },
    close: async () => {},
  };
}
