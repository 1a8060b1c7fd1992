import { basename } from 'node:path';

import type { SourceDescription } from '#main/bytes/source.ts';

/** Bytes [begin, end) of a file as it lies on disk. */
export interface StoredRange {
  /** Base name. */
  readonly file: string;
  readonly range: readonly [begin: number, end: number];
}

/** Where bytes [begin, end) of a source lie in its file; all of the compressed bytes for what is compressed. */
export function storedRange(source: SourceDescription, begin: number, end: number): StoredRange {
  switch (source.kind) {
    case 'file':
      return { file: basename(source.path), range: [begin, end] };
    case 'memory':
      return { file: 'memory', range: [begin, end] };
    case 'span':
      return storedRange(source.of, source.offset + begin, source.offset + end);
    case 'inflated':
      return storedRange(source.of, source.offset, source.offset + source.compressedByteLength);
    case 'bzip2':
      return blocksRange(source, begin, end);
    case 'column':
      return storedRange(source.of, source.offset, source.offset + source.strideBytes * source.count);
    case 'scattered':
      return storedRange(
        source.of,
        source.offset,
        source.offset + source.itemBytes * source.positions.length,
      );
    case 'joined':
      return rangeInParts(source.parts, begin, end);
  }
}

/** Of the blocks that the bytes are in; a block's end is where the next one begins. */
function blocksRange(
  { of, bitOffsets, ends }: Extract<SourceDescription, { kind: 'bzip2' }>,
  begin: number,
  end: number,
): StoredRange {
  const first = ends.findIndex((blockEnd) => blockEnd > begin);
  const next = bitOffsets[ends.findIndex((blockEnd) => blockEnd >= end) + 1];
  const packedEnd = next === undefined ? describedByteLength(of) : Math.ceil(next / 8);
  return storedRange(of, Math.floor((bitOffsets[first] ?? 0) / 8), packedEnd);
}

/** In the part that the range begins in, as far as it lies there. */
function rangeInParts(parts: readonly SourceDescription[], begin: number, end: number): StoredRange {
  let base = 0;
  for (const part of parts) {
    const byteLength = describedByteLength(part);
    if (begin < base + byteLength) return storedRange(part, begin - base, Math.min(end - base, byteLength));
    base += byteLength;
  }
  return { file: 'memory', range: [begin, end] };
}

function describedByteLength(source: SourceDescription): number {
  switch (source.kind) {
    case 'memory':
      return source.bytes.byteLength;
    case 'column':
      return source.itemBytes * source.count;
    case 'joined':
      return source.parts.reduce((sum, part) => sum + describedByteLength(part), 0);
    default:
      return source.byteLength;
  }
}
