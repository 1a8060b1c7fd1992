/** Figures about one tensor, one pair, and two checkpoints. Field names are those of the command line's JSON. */

/** A number exact beyond 2^53 where the dtype needs it, or a complex one as [re, im]. */
export type Figure = number | bigint | readonly [number, number];

export interface Summary {
  /** All elements. */
  readonly count: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  readonly zeros: number;
  readonly denormals: number;
  /** Of the finite values; absent where there are none, or for complex numbers. */
  readonly min?: number | bigint;
  readonly max?: number | bigint;
  readonly mean?: number | readonly [number, number];
  /** Population standard deviation (ddof 0). */
  readonly std?: number;
  readonly l2?: number;
  /** By the probability as text, such as "0.5". */
  readonly quantiles: Readonly<Record<string, number | bigint>>;
  /** False only where something was sampled or binned. */
  readonly exact: boolean;
}

/** How many different finite values there are; the two zeros are one. */
export interface DistinctValues {
  readonly count: number;
  /** False where there may be more. */
  readonly isExact: boolean;
}

/** Of one tensor, with what one pass over it tells besides. */
export interface TensorSummary extends Summary {
  /** Absent where nothing is known, or for complex numbers. */
  readonly distinct?: DistinctValues;
}

/** What bins are equally wide on: values, or values with their magnitudes beyond a threshold in decades. */
export type HistogramAxis = 'linear' | 'symlog';

export interface Histogram {
  /** counts.length + 1 ascending values, float64. */
  readonly edges: readonly number[] | Float64Array;
  /** Bins are half-open, the last one closed. */
  readonly counts: readonly number[] | Float64Array;
  /** Finite values outside the range. */
  readonly below: number;
  readonly above: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Of a symlog axis: linear from minus this to this, in decades of the magnitude beyond. */
  readonly threshold?: number;
  readonly exact: boolean;
}

export type RowState =
  'identical' | 'equal-values' | 'within-tolerance' | 'different' | 'only-a' | 'only-b' | 'shape' | 'dtype';

/** One line of a comparison; `name` is A's (B's for `only-b`), `other` B's where it differs. */
export interface ComparisonRow {
  readonly name: string;
  readonly other?: string;
  readonly state: RowState;
  readonly transposed?: boolean;
  /** Rounding to the other dtype explains every difference. */
  readonly cast?: boolean;
  readonly maxAbs?: number;
  /** Index in A of the largest difference. */
  readonly at?: readonly number[];
  readonly relativeL2?: number;
  readonly cosine?: number;
  readonly maxUlp?: number | bigint;
  /** Elements whose bits differ. */
  readonly changed?: number;
  readonly shapes?: readonly [readonly number[], readonly number[]];
  readonly dtypes?: readonly [string, string];
  readonly elementCount?: number;
  /** Why the values could not be compared. */
  readonly problem?: string;
}

export type ComparisonVerdict = 'identical' | 'equal-values' | 'within-tolerance' | 'different';

export interface Comparison {
  readonly verdict: ComparisonVerdict;
  readonly rows: readonly ComparisonRow[];
  /** Metadata that differ, by dotted name; they do not change the verdict. */
  readonly metadata: readonly MetadataDifference[];
}

export interface MetadataDifference {
  readonly name: string;
  readonly a?: string;
  readonly b?: string;
}
