import type { ContentTensor, CopiedContent } from '#main/trainer/checkpoint-content.ts';
import type { DataFiles } from '#main/trainer/dataset.ts';
import type { RecordedHistogram } from '#main/trainer/memory-histogram.ts';
import type { ReadTensor } from '#main/trainer/restore.ts';
import type { WireError } from '#shared/errors.ts';
import type { RunConfig, RunEvent, RunState } from '#shared/run.ts';

/** Everything a trainer needs to begin or to go on. */
export interface TrainingJob {
  readonly config: RunConfig;
  readonly totalSteps: number;
  /** Absent for data that come from the seed. */
  readonly data?: DataFiles;
  /** What to begin with where there is no checkpoint to go on from. */
  readonly start?: StartParameters;
  /** What to go on from. */
  readonly checkpoint?: {
    /** Base name. */
    readonly file: string;
    readonly tensors: readonly (ReadTensor & { readonly name: string })[];
    readonly metadata: Readonly<Record<string, string>>;
  };
  /** Whether the run has been started before: the first event then is `resumed`. */
  readonly isResumed: boolean;
  /** Checkpoints of this run that are in the folder already, all of them verified. */
  readonly kept: readonly KeptCheckpoint[];
  /** What was found in the folder on the way here, such as damaged checkpoints. */
  readonly findings: readonly RunEvent[];
  /** SHA-256 of the checkpoint that the log told of last. */
  readonly previous?: string;
}

/** Parameters to begin with, instead of what an initializer makes. */
export interface StartParameters {
  /** Weight (outputs x inputs) and bias of each layer, one after the other. */
  readonly values: Float32Array;
  /** Of those values' bytes. */
  readonly sha256: string;
}

export interface KeptCheckpoint {
  readonly step: number;
  /** Base name. */
  readonly file: string;
  /** Validation loss at this very step. */
  readonly score?: number;
  readonly isPinned?: boolean;
}

export type ToTrainer =
  | { readonly kind: 'start'; readonly job: TrainingJob }
  | { readonly kind: 'pause' | 'resume' | 'stop' | 'save' }
  | { readonly kind: 'pin'; readonly step: number; readonly isPinned: boolean }
  /** Asks for the state's bytes as they are in memory at the next step boundary. */
  | { readonly kind: 'copy'; readonly id: number };

export type FromTrainer =
  | {
      readonly kind: 'update';
      readonly state: RunState;
      readonly step: number;
      readonly epoch: number;
      readonly stepsPerSecond: number;
      readonly isSaving: boolean;
      /** Since the last update, in order. */
      readonly events: readonly RunEvent[];
    }
  | {
      readonly kind: 'memory';
      readonly id: number;
      readonly step: number;
      readonly tensors: readonly ContentTensor[];
    }
  /** The last message. With an error the run has failed: its checkpoints are what is left of it. */
  | { readonly kind: 'ended'; readonly error?: WireError };

/** Beside the checkpoint's line in the log: what memory held before anything was serialized. */
export interface MemoryRecord {
  /** SHA-256 by tensor. */
  readonly tensors: Readonly<Record<string, string>>;
  /** Of the parameters, by name; absent in logs of older runs. */
  readonly histograms?: Readonly<Record<string, RecordedHistogram>>;
  /** Outputs of the probe: bytes of the rows in base64, so that every bit is there. */
  readonly probe: {
    readonly shape: readonly [number, number];
    readonly dtype: string;
    readonly base64: string;
  };
}

export type ToSaver =
  | {
      readonly kind: 'save';
      readonly step: number;
      readonly file: string;
      readonly content: CopiedContent;
      /** Names of the tensors whose histograms are recorded. */
      readonly parameters: readonly string[];
      readonly probe: MemoryRecord['probe'];
      readonly score?: number;
      /** SHA-256 of the checkpoint acknowledged before: the log's lines are a chain. */
      readonly previous?: string;
    }
  | { readonly kind: 'log'; readonly events: readonly RunEvent[] }
  | { readonly kind: 'drop'; readonly step: number; readonly file: string; readonly reason: string }
  | { readonly kind: 'finish' };

export type FromSaver =
  | {
      readonly kind: 'saved';
      readonly step: number;
      readonly file: string;
      readonly sha256: string;
      readonly byteLength: number;
      readonly score?: number;
    }
  | { readonly kind: 'dropped'; readonly step: number; readonly file: string; readonly reason: string }
  | {
      readonly kind: 'failed';
      readonly doing: 'save' | 'drop' | 'log';
      readonly step: number;
      readonly file: string;
      readonly error: WireError;
      /** Of the file that did not fit on the disk. */
      readonly bytesNeeded?: number;
    }
  /** A file that was in the way, and not the one to be saved, got this name. */
  | { readonly kind: 'set-aside'; readonly step: number; readonly file: string; readonly as: string }
  /** The log can be written again. */
  | { readonly kind: 'log-recovered' }
  /** Everything asked for is done; nothing follows. */
  | { readonly kind: 'finished' };
