/** A crash drill: training that is killed and resumed, held against training that is not. */

export interface DrillKill {
  /** The last step that the process had told of. */
  readonly step: number;
  /** Whether a checkpoint was half written at that moment. */
  readonly isInSave: boolean;
}

/** A run that was killed and resumed, held against one that was not. */
export interface DrillReport {
  readonly verdict: 'identical' | 'different';
  readonly steps: number;
  readonly kills: readonly DrillKill[];
  /** Steps whose losses were compared, bit for bit. */
  readonly compared: number;
  /** Checkpoints that both runs have, byte for byte. */
  readonly files: readonly {
    readonly step: number;
    readonly file: string;
    readonly sha256: string;
    readonly isEqual: boolean;
  }[];
  readonly firstDifferent?: number;
}
