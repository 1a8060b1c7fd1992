/** A network as people state it, and a recorded input and output that prove it. */

/** A layer of an architecture; a linear one is [inputs, outputs] whatever way the file stores it. */
export type ArchitectureLayer =
  | { readonly linear: readonly [number, number]; readonly name?: string | undefined }
  | { readonly activation: string; readonly negativeSlope?: number | undefined };

export interface Architecture {
  readonly layers: readonly ArchitectureLayer[];
}

/** A recorded input run through an MLP rebuilt from a file, against the recorded output. */
export interface Reproduction {
  readonly verdict: 'reproduced' | 'not-reproduced';
  /** Largest absolute difference; NaN where one side alone is. */
  readonly maxAbs: number;
  /** Largest distance in units of the last place of the outputs' dtype. */
  readonly maxUlp: number | bigint;
  /** Row and column of the cell that is farthest off. */
  readonly at: readonly number[];
  /** Output cells compared. */
  readonly cells: number;
  readonly arch: Architecture;
  readonly used: readonly {
    /** Index of the layer in `arch`. */
    readonly layer: number;
    readonly tensor: string;
    readonly transposed: boolean;
  }[];
}
