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
    case 'column':
      return storedRange(source.of, source.offset, source.offset + source.strideBytes * source.count);
    case 'scattered':
      return storedRange(
        source.of,
        source.offset,
        source.offset + source.itemBytes * source.positions.length,
      );
  }
}
