import type { Filter } from '#main/encodings/filters/filters.ts';
import type { MetadataValue } from '#shared/checkpoint.ts';
import type { AppError } from '#shared/errors.ts';

/** What an array's description says, whichever version it is of. */
export interface ArrayDescription {
  readonly shape: readonly number[];
  /** Elements of a cell of the grid, each of which has a key. */
  readonly chunkShape: readonly number[];
  readonly dtype: ElementType;
  /** One element as it is stored; undefined for zeros. */
  readonly fill: Uint8Array | undefined;
  /** False where there is a fill value that could not be made out. */
  readonly isFillKnown: boolean;
  readonly keys: KeyForm;
  readonly chunks: ChunkForm;
  readonly attributes: readonly (readonly [string, MetadataValue])[];
}

export interface ElementType {
  /** Canonical name. */
  readonly dtype: string;
  readonly itemBytes: number;
  readonly byteOrder: 'little' | 'big';
  readonly isUnpacked?: true;
}

/** How a cell's coordinates are spelled. */
export interface KeyForm {
  readonly prefix: '' | 'c';
  readonly separator: string;
}

/** How the elements of a cell are stored. */
export type ChunkForm =
  /** In a way that is not undone here; dtype and shape are known all the same. */
  | { readonly kind: 'unread'; readonly fault: AppError }
  | { readonly kind: 'plain'; readonly filters: readonly Filter[] }
  | {
      /** In smaller chunks, an index of which is at one end. */
      readonly kind: 'shard';
      /** Axes as the smaller chunks have them, each a number of the array's; C order when absent. */
      readonly order?: readonly number[];
      /** Along these axes. */
      readonly innerShape: readonly number[];
      readonly filters: readonly Filter[];
      readonly index: {
        readonly isAtStart: boolean;
        readonly hasChecksum: boolean;
        readonly isBigEndian: boolean;
      };
    };
