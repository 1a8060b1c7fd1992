/** Counts how often packed chunks are unpacked. */
import { beforeEach } from 'vitest';

import type * as Filters from '#main/encodings/filters/filters.ts';

/** By the place of a chunk in its source, in bytes; of one test. */
export const unpacked = new Map<number, number>();

beforeEach(() => unpacked.clear());

/** The module with an unpacker that counts: what a test's `vi.mock` puts in its place. */
export function counting(filters: typeof Filters): typeof Filters {
  return {
    ...filters,
    unpackChunk: (packed, chain, byteLength, place) => {
      unpacked.set(place.offset, (unpacked.get(place.offset) ?? 0) + 1);
      return filters.unpackChunk(packed, chain, byteLength, place);
    },
  };
}
