import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';

/** Sources one after the other, seen as one; closing it closes them all. */
export function joinedSource(parts: readonly ByteSource[], name: string): ByteSource {
  const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return {
    name,
    byteLength,
    description: { kind: 'joined', parts: parts.map(({ description }) => description) },
    read: async (offset, length, signal) => {
      checkRange(name, byteLength, offset, length);
      const out = new Uint8Array(length);
      let begin = 0;
      for (const part of parts) {
        const from = Math.max(offset, begin);
        const to = Math.min(offset + length, begin + part.byteLength);
        if (from < to) out.set(await part.read(from - begin, to - from, signal), from - offset);
        begin += part.byteLength;
      }
      return out;
    },
    checkUnchanged: async () => {
      for (const part of parts) await part.checkUnchanged?.();
    },
    close: async () => {
      for (const part of parts) await part.close();
    },
  };
}
