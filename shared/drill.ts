/** A crash drill: training that is killed and resumed, held against training that is not. */

/** How often training is killed where nobody says so, and in how many steps. */
export const DRILL_DEFAULTS = { kills: 6, steps: 400 } as const;

export interface DrillKill {
  /** The last step that the process had told of. */
  readonly step: number;
  /** Whether a checkpoint was half written at that moment. */
  readonly isInSave: boolean;
  /** Step of the newest checkpoint that the folder held then; absent where it held none. */
  readonly checkpoint?: number;
  /** Bytes that had been written of the half-written file. */
  readonly halfWritten?: number;
  /** Step that the next process went on from, 0 for the beginning; absent until it has. */
  readonly resumedAt?: number;
}

/** How far a drill is. */
export interface DrillSnapshot {
  /** The run that is left alone comes first, then the one that is killed, then both are compared. */
  readonly part: 'uninterrupted' | 'killed' | 'comparing';
  /** Steps of each run. */
  readonly steps: number;
  /** The last step that the uninterrupted run has told of. */
  readonly uninterruptedStep: number;
  /** As `uninterruptedStep`, of the process that trains the other run now. */
  readonly killedStep: number;
  readonly kills: readonly DrillKill[];
}

/** A run that was killed and resumed, held against one that was not. */
export interface DrillReport {
  readonly verdict: 'identical' | 'different';
  readonly steps: number;
  readonly kills: readonly DrillKill[];
  /** Steps whose losses were compared, bit for bit. */
  readonly compared: number;
  /** Checkpoints that both runs have, byte for byte; newest first. */
  readonly files: readonly {
    readonly step: number;
    readonly file: string;
    /** Of the uninterrupted run's file. */
    readonly sha256: string;
    readonly isEqual: boolean;
  }[];
  readonly firstDifferent?: number;
}
