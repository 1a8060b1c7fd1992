import type { ByteSource } from '#main/bytes/source.ts';

/** Sources that are referred to by their number. */
export interface SourceList {
  /** The first one is the root. */
  readonly sources: readonly ByteSource[];
  /** Number and offset of a place; spans of listed sources are taken back to these, others are listed. */
  place(source: ByteSource, offset: number): { readonly source: number; readonly offset: number };
}

/** @param root owned by the caller, as are the sources that are listed later. */
export function sourceList(root: ByteSource): SourceList {
  const sources: ByteSource[] = [root];
  return {
    sources,
    place: (source, offset) => {
      let { description } = source;
      let shift = offset;
      for (;;) {
        const known = sources.findIndex((listed) => listed.description === description);
        if (known >= 0) return { source: known, offset: shift };
        if (description.kind !== 'span') break;
        shift += description.offset;
        description = description.of;
      }
      sources.push(source);
      return { source: sources.length - 1, offset };
    },
  };
}
