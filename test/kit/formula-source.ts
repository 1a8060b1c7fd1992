import type { ByteSource } from '#main/bytes/source.ts';

/** A prime, so that no stride of a test falls into step with it. */
const PERIOD = 1_048_583;
const PATTERN = Uint8Array.from(
  { length: PERIOD },
  (_, at) => (Math.imul(at + 1, 0x9e3779b1) >>> 24) ^ (at & 0xff),
);

export function formulaByte(position: number): number {
  return PATTERN[position % PERIOD]!;
}

export interface FormulaSource extends ByteSource {
  /** Offset and length of every read so far. */
  readonly reads: readonly (readonly [offset: number, length: number])[];
}

/** A file of any size that takes no room: its bytes follow from their positions. */
export function formulaSource(
  byteLength: number,
  { isDirect, onRead }: { readonly isDirect: boolean; readonly onRead?: () => void },
): FormulaSource {
  const reads: [number, number][] = [];
  const fill = (offset: number, target: Uint8Array): void => {
    if (offset < 0 || offset + target.byteLength > byteLength) throw new Error(`read at ${offset}`);
    reads.push([offset, target.byteLength]);
    for (let done = 0; done < target.byteLength;) {
      const from = (offset + done) % PERIOD;
      const piece = PATTERN.subarray(from, from + target.byteLength - done);
      target.set(piece, done);
      done += piece.byteLength;
    }
    onRead?.();
  };
  return {
    name: 'formula',
    byteLength,
    description: { kind: 'memory', bytes: new Uint8Array(0) },
    reads,
    read: async (offset, length) => {
      const bytes = new Uint8Array(length);
      fill(offset, bytes);
      return bytes;
    },
    ...(isDirect ? { readInto: fill } : {}),
    close: async () => {},
  };
}
