/** The singular values of a two-dimensional slice, and what people read from them. */

export interface SingularValues {
  readonly rows: number;
  readonly columns: number;
  /** In falling order, as many as the smaller side has; in doubles, whatever the dtype. Infinity where doubles end. */
  readonly values: Float64Array;
  /** The largest by the smallest; Infinity where the smallest is 0. */
  readonly condition: number;
  /** Values above the tolerance. */
  readonly rank: number;
  /** As `numpy.linalg.matrix_rank` has it: largest value × larger side × `epsilon`. */
  readonly tolerance: number;
  /** Of the numbers that NumPy computes in: f32 for floats of up to 32 bits, f64 for all others. */
  readonly epsilon: number;
  /** Squared Frobenius norm by squared largest value; 0 for zeros alone. */
  readonly stableRank: number;
  /** e to the entropy of the values' shares of their sum (Roy & Vetterli, 2007); 0 for zeros alone. */
  readonly effectiveRank: number;
}
