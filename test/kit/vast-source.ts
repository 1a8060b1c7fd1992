import type { SourceDescription } from '#main/bytes/source.ts';

const ZEROS = new Uint8Array(2 ** 24);

/** Zeros of any number that take no room, but for some bytes. @param planted where each lies, ascending, and what it is. */
export function vastSource(
  byteLength: number,
  planted: readonly (readonly [at: number, byte: number])[],
): SourceDescription {
  const parts: SourceDescription[] = [];
  let at = 0;
  const zerosTo = (end: number) => {
    while (at < end) {
      const bytes = ZEROS.subarray(0, end - at);
      parts.push({ kind: 'memory', bytes });
      at += bytes.byteLength;
    }
  };
  for (const [position, byte] of planted) {
    zerosTo(position);
    parts.push({ kind: 'memory', bytes: Uint8Array.of(byte) });
    at++;
  }
  zerosTo(byteLength);
  return { kind: 'joined', parts };
}
