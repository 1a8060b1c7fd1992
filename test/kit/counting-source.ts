import type { ByteSource } from '#main/bytes/source.ts';

export interface CountingSource extends ByteSource {
  /** Offset and length of every read so far, in order. */
  reads(): readonly (readonly [offset: number, length: number])[];
  /** Bytes read so far. */
  byteCount(): number;
  reset(): void;
}

/** A source that remembers what was read of it. */
export function countingSource(of: ByteSource): CountingSource {
  let reads: (readonly [number, number])[] = [];
  return {
    ...of,
    reads: () => reads,
    byteCount: () => reads.reduce((sum, [, length]) => sum + length, 0),
    reset: () => {
      reads = [];
    },
    read: (offset, length, signal) => {
      reads.push([offset, length]);
      return of.read(offset, length, signal);
    },
    ...(of.readInto
      ? {
          readInto: (offset: number, target: Uint8Array) => {
            reads.push([offset, target.byteLength]);
            of.readInto!(offset, target);
          },
        }
      : {}),
  };
}
