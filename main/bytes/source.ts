/** Where bytes come from. All offsets and lengths are bytes; ends are exclusive. */

/** A source as plain data, so that another thread can open it again. */
export type SourceDescription =
  | { readonly kind: 'file'; readonly path: string; readonly byteLength: number }
  | { readonly kind: 'memory'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'span';
      readonly of: SourceDescription;
      readonly offset: number;
      readonly byteLength: number;
    }
  | {
      /** A raw deflate stream inside another source. */
      readonly kind: 'inflated';
      readonly of: SourceDescription;
      readonly offset: number;
      readonly compressedByteLength: number;
      readonly byteLength: number;
    }
  | {
      /** Streams of bzip2 that fill another source; block n begins at a bit of that one and ends at a byte of this one. */
      readonly kind: 'bzip2';
      readonly of: SourceDescription;
      readonly bitOffsets: Float64Array;
      readonly ends: Float64Array;
      readonly byteLength: number;
    }
  | {
      /** Items of equal length at equal distances inside another source, one after the other. */
      readonly kind: 'column';
      readonly of: SourceDescription;
      readonly offset: number;
      readonly itemBytes: number;
      readonly strideBytes: number;
      readonly count: number;
    }
  | {
      /** Zeros, but for items of another source that are put in their places. */
      readonly kind: 'scattered';
      readonly of: SourceDescription;
      readonly offset: number;
      readonly itemBytes: number;
      readonly positions: Float64Array;
      readonly order?: Uint32Array;
      readonly byteLength: number;
      readonly zeroWord?: Uint8Array;
    }
  | {
      /** One after the other. */
      readonly kind: 'joined';
      readonly parts: readonly SourceDescription[];
    };

export interface ByteSource {
  /** What a message calls it: a base name. */
  readonly name: string;
  readonly byteLength: number;
  readonly description: SourceDescription;
  /**
   * Reads exactly `length` bytes at `offset`. The caller owns the buffer that comes back.
   * @throws AppError `corrupt` when the range is not inside the source, `io` when the system fails or comes up short.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * As `read`, into memory of the caller's and before it returns: for threads that do nothing but read and compute.
   * Absent where bytes have to be worked out.
   */
  readonly readInto?: (offset: number, target: Uint8Array) => void;
  /**
   * Whether the files beneath are still the ones that were opened.
   * @throws AppError `io` where one was changed since; absent where there is no file.
   */
  readonly checkUnchanged?: () => Promise<void>;
  /** Ends when what was begun has; a file says `io` to whoever reads after that. */
  close(): Promise<void>;
}
