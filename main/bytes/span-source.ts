import { checkRange } from '#main/bytes/range.ts';
import type { ByteSource } from '#main/bytes/source.ts';

/** A part of another source, seen as a source of its own; closing it leaves the other one open. */
export function spanSource(of: ByteSource, offset: number, byteLength: number, name = of.name): ByteSource {
  checkRange(of.name, of.byteLength, offset, byteLength);
  return {
    name,
    byteLength,
    description: { kind: 'span', of: of.description, offset, byteLength },
    read: async (start, length, signal) => {
      checkRange(name, byteLength, start, length);
      return of.read(offset + start, length, signal);
    },
    ...(of.readInto
      ? {
          readInto: (start: number, target: Uint8Array) => {
            checkRange(name, byteLength, start, target.byteLength);
            of.readInto!(offset + start, target);
          },
        }
      : {}),
    close: async () => {},
  };
}
