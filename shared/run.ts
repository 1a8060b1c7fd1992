/** One training job: its configuration, the states it goes through, what it tells while it runs, and the proof of a restore. */
import type { DrillKill, DrillReport } from '#shared/drill.ts';
import type { Histogram } from '#shared/statistics.ts';

export const ACTIVATIONS = [
  'relu',
  'tanh',
  'sigmoid',
  'gelu',
  'gelu-tanh',
  'leaky-relu',
  'identity',
] as const;
export const LOSSES = ['cross-entropy', 'mse'] as const;
export const OPTIMIZERS = ['sgd', 'momentum', 'nesterov', 'adam', 'adamw', 'rmsprop', 'adagrad'] as const;
export const SCHEDULES = ['constant', 'step', 'cosine', 'exponential'] as const;
export const INITIALIZERS = [
  'pytorch-linear',
  'xavier-uniform',
  'xavier-normal',
  'kaiming-uniform',
  'kaiming-normal',
  'normal',
  'zeros',
] as const;

export type ActivationName = (typeof ACTIVATIONS)[number];
export type LossName = (typeof LOSSES)[number];
export type OptimizerName = (typeof OPTIMIZERS)[number];
export type InitializerName = (typeof INITIALIZERS)[number];
export type ScheduleName = (typeof SCHEDULES)[number];

/** What leaky ReLU multiplies what is below 0 with unless told otherwise: PyTorch's default. */
export const DEFAULT_NEGATIVE_SLOPE = 0.01;

/** Names and meanings are PyTorch's. Only the fields that apply to the optimizer are there, and all of those are. */
export interface OptimizerConfig {
  readonly name: OptimizerName;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** SGD family and RMSprop. */
  readonly momentum?: number;
  /** SGD family. */
  readonly dampening?: number;
  readonly nesterov?: boolean;
  /** Adam and AdamW. */
  readonly betas?: readonly [number, number];
  readonly amsgrad?: boolean;
  /** All but the SGD family. */
  readonly eps?: number;
  /** RMSprop. */
  readonly alpha?: number;
  readonly centered?: boolean;
  /** Adagrad: PyTorch's `lr_decay`. */
  readonly learningRateDecay?: number;
}

/** How the learning rate changes, counted in optimizer steps. Names and meanings are PyTorch's; only what applies is there. */
export interface ScheduleConfig {
  readonly name: ScheduleName;
  /** Steps in which the rate rises in a line from `startFactor` times itself; 0 for none. The schedule begins after them. */
  readonly warmupSteps: number;
  readonly startFactor: number;
  /** Step: steps between two falls. */
  readonly stepSize?: number;
  /** Step and exponential: the factor of each fall. */
  readonly gamma?: number;
  /** Cosine: steps down to the lowest rate; 0 for what the epochs take. */
  readonly tMax?: number;
  /** Cosine: the lowest rate. */
  readonly etaMin?: number;
}

export interface EarlyStopConfig {
  /** Epochs without a lower validation loss after which the run ends; 0 for never. */
  readonly patience: number;
  /** Only a loss that is lower by more than this counts. */
  readonly minDelta: number;
}

export interface DataConfig {
  /** `random`, `mnist`, or the path of a CSV, npy, npz or IDX file. */
  readonly source: string;
  /** Share held out for validation; data that bring an unseen set of their own (MNIST) use that one, unless it is 0. */
  readonly validation: number;
}

export interface CheckpointConfig {
  /** Steps between checkpoints; 0 for never. */
  readonly everySteps: number;
  /** Seconds between checkpoints; 0 for never. */
  readonly everySeconds: number;
  /** Epochs between checkpoints; 0 for never. */
  readonly everyEpochs: number;
  /** How many of the newest are kept; at least 2. */
  readonly keepLast: number;
  /** Checkpoints at multiples of this step are kept for good; 0 for none. */
  readonly keepEvery: number;
  /** Whether one is saved whenever the validation loss is the lowest so far. */
  readonly best: boolean;
  /** Whether the last whole step is saved where training fails; absent where it is. */
  readonly onError?: false;
  /** How many with the lowest validation loss are kept, of those that were saved where it was measured; 0 for none. */
  readonly keepTop: number;
}

/** A configuration with every default filled in. What a checkpoint's bytes depend on, with data and step. */
export interface RunConfig {
  /** Widths, inputs first: at least two. */
  readonly layers: readonly number[];
  /** Of all hidden layers, or where they differ one of each. */
  readonly activation: ActivationName | readonly ActivationName[];
  /** Leaky ReLU: the factor of what is below 0, PyTorch's `negative_slope`; absent where it is PyTorch's 0.01. */
  readonly negativeSlope?: number;
  readonly loss: LossName;
  readonly labelSmoothing: number;
  readonly initializer: InitializerName;
  /** Path of a checkpoint, of any format, whose parameters training starts from; absent where the initializer makes them. */
  readonly startFrom?: string;
  /** Share of the hidden layers' elements that a step leaves out; 0 for none. */
  readonly dropout: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: ScheduleConfig;
  /** The largest norm the gradient may have; 0 for no limit. */
  readonly clipNorm: number;
  /** Decay of the moving averages of the parameters, which validation then uses; 0 for none. */
  readonly ema: number;
  readonly batchSize: number;
  /** Batches to an optimizer step: the gradient is that of their rows together. */
  readonly accumulate: number;
  readonly seed: number;
  readonly epochs: number;
  /** Whether a loss that is no finite number ends the run before its step is made; absent where training goes on. */
  readonly stopOnNonFinite?: true;
  readonly earlyStop: EarlyStopConfig;
  readonly data: DataConfig;
  readonly checkpoint: CheckpointConfig;
}

/** The MLP that a file holds. */
export interface HeldNetwork extends Pick<RunConfig, 'layers' | 'negativeSlope'> {
  /** Where the file says it: only checkpoints of runs do. */
  readonly activation?: RunConfig['activation'];
}

export type RunState = 'starting' | 'running' | 'paused' | 'stopping' | 'stopped' | 'finished' | 'failed';
export type RunAction = 'pause' | 'resume' | 'stop' | 'save';

/** Which state may follow which. */
export const RUN_TRANSITIONS: Readonly<Record<RunState, readonly RunState[]>> = {
  starting: ['running', 'finished', 'stopping', 'failed'],
  running: ['paused', 'stopping', 'finished', 'failed'],
  paused: ['running', 'stopping', 'failed'],
  stopping: ['stopped', 'finished', 'failed'],
  stopped: ['starting'],
  finished: ['starting'],
  failed: ['starting'],
};

/** What a person may do to a run in each state. */
export const RUN_ACTIONS: Readonly<Record<RunState, readonly RunAction[]>> = {
  starting: ['stop'],
  running: ['pause', 'stop', 'save'],
  paused: ['resume', 'stop', 'save'],
  stopping: [],
  stopped: ['resume'],
  finished: [],
  failed: ['resume'],
};

/** Whether a thread works, or waits to work, on a run in this state. */
export function isLive(state: RunState): boolean {
  return RUN_TRANSITIONS[state].includes('failed');
}

/** One optimizer step. `step` counts the updates made, this one included; the loss is of its batch, before the update. */
export interface RunPoint {
  readonly step: number;
  readonly loss: number;
  /** Share of the batch classified rightly, from 0 to 1; absent for regression. */
  readonly accuracy?: number;
}

/** Loss and accuracy on the data held out, with the parameters after `step`. */
export interface ValidationPoint extends RunPoint {
  readonly epoch: number;
}

export interface RunProblem {
  readonly step: number;
  /** Kebab-case and stable, such as `save-failed`, `checkpoint-damaged`, `not-finite`. */
  readonly code: string;
  readonly message: string;
  /** Base name. */
  readonly file?: string;
  readonly hint?: string;
}

/** What a run tells, in order; also the lines of `run.jsonl` and of `paramscope train --json`. */
export type RunEvent =
  | {
      readonly event: 'step';
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly accuracy?: number;
      /** On steps that end an epoch. */
      readonly validation?: { readonly loss: number; readonly accuracy?: number };
    }
  | {
      readonly event: 'checkpoint';
      readonly step: number;
      /** Base name. */
      readonly file: string;
      /** Of the file's bytes, as read back from disk. */
      readonly sha256: string;
      readonly byteLength: number;
      /** Validation loss of these very parameters, where it was measured at this step. */
      readonly score?: number;
    }
  /** Somebody wants it kept whatever the rules say, or no longer does. */
  | { readonly event: 'pinned'; readonly step: number; readonly file: string; readonly isPinned: boolean }
  | {
      readonly event: 'kept';
      readonly step: number;
      readonly file: string;
      readonly reasons: readonly string[];
    }
  | { readonly event: 'dropped'; readonly step: number; readonly file: string; readonly reason: string }
  /** `file` is absent where nothing valid was there and training starts from the beginning. */
  | { readonly event: 'resumed'; readonly step: number; readonly file?: string }
  | ({ readonly event: 'problem' } & RunProblem)
  /** A crash drill has killed the process that trained. */
  | ({ readonly event: 'killed' } & DrillKill)
  | {
      readonly event: 'drill';
      readonly step: number;
      readonly verdict: DrillReport['verdict'];
      readonly kills: number;
      readonly compared: number;
      readonly firstDifferent?: number;
    }
  | {
      readonly event: 'done';
      readonly step: number;
      readonly state: 'finished' | 'stopped' | 'failed';
      readonly validation?: { readonly loss: number; readonly accuracy?: number };
      /** Problems that still stand at the end, such as a save that never succeeded. */
      readonly problems: number;
    };

/** A checkpoint of a run, dropped ones included. */
export interface RunCheckpoint {
  readonly step: number;
  /** Base name. */
  readonly file: string;
  readonly sha256: string;
  readonly byteLength: number;
  readonly status: 'kept' | 'dropped' | 'damaged';
  /** Why it is kept, or why it was dropped: "one of the last 5", "every 1000 steps". */
  readonly reasons: readonly string[];
  /** Validation loss at this very step. */
  readonly score?: number;
  readonly isPinned?: boolean;
}

/** A process that trains a run, by the flag that it holds up in the folder. */
export interface RunWriter {
  readonly pid: number;
  /** ISO 8601: when it became the writer. */
  readonly since: string;
}

/** What `run.watch` streams, at most ten a second. */
export interface RunSnapshot {
  readonly run: string;
  readonly name: string;
  readonly state: RunState;
  /** Updates made. */
  readonly step: number;
  readonly totalSteps: number;
  /** Epoch the next step belongs to, from 0. */
  readonly epoch: number;
  /** Over the last second or so of training; 0 while it stands. */
  readonly stepsPerSecond: number;
  /** New since the last snapshot of this watch; the first one has all so far, thinned to some thousand. */
  readonly points: readonly RunPoint[];
  /** All so far, in order. */
  readonly validation: readonly ValidationPoint[];
  /** In order of steps. */
  readonly checkpoints: readonly RunCheckpoint[];
  readonly isSaving: boolean;
  readonly problems: readonly RunProblem[];
  /** Another process that trains it: here it can be read and no more. */
  readonly writer?: RunWriter;
}

/** A run folder as listed: training now or found on disk. */
export interface RunDescription {
  readonly id: string;
  readonly name: string;
  /** Base name of its folder. */
  readonly folder: string;
  readonly config: RunConfig;
  readonly state: RunState;
  readonly step: number;
  readonly totalSteps: number;
  readonly checkpoints: readonly RunCheckpoint[];
  /** Bytes of the checkpoints that are kept. */
  readonly byteLength: number;
  /** Names of the classes in order of the outputs, where the data have such. */
  readonly classes?: readonly string[];
  /** ISO 8601; absent where the folder does not say. */
  readonly startedAt?: string;
  /** As in `RunSnapshot`. */
  readonly writer?: RunWriter;
}

export interface RestoreTensorRow {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly elementCount: number;
  readonly state: 'identical' | 'different' | 'missing' | 'unexpected';
  /** Of the canonical bytes in training memory, taken before anything was serialized. */
  readonly sha256?: string;
  /** Of the clone's canonical bytes. */
  readonly cloneSha256?: string;
  /** Where bytes were compared with bytes: elements whose bits differ, and the first of them. */
  readonly changed?: number;
  readonly at?: readonly number[];
  /** On the same bins. The original's was counted in training memory: at the save, or now where the run stands paused. */
  readonly histograms?: { readonly original: Histogram; readonly clone: Histogram };
}

/** Proof that a clone rebuilt from a checkpoint file equals the network that was in training. */
export interface RestoreReport {
  readonly verdict: 'identical' | 'different';
  readonly run: string;
  readonly name: string;
  readonly step: number;
  /** Base name. */
  readonly file: string;
  readonly byteLength: number;
  /** The file's SHA-256 when it was written and now. */
  readonly digest: { readonly recorded?: string; readonly found: string; readonly isEqual: boolean };
  /** `memory`: byte for byte with the paused network; `digests`: with what was taken from training memory at the save. */
  readonly comparedWith: 'memory' | 'digests';
  readonly tensors: readonly RestoreTensorRow[];
  /** The same input run through both networks; absent where the file could not be rebuilt into one. */
  readonly probe?: {
    /** Rows and columns of the outputs. */
    readonly shape: readonly [number, number];
    readonly inputs: readonly (readonly number[])[];
    /** Y of the original, taken at the step boundary. */
    readonly original: readonly (readonly number[])[];
    /** Y of the clone. */
    readonly clone: readonly (readonly number[])[];
    readonly difference: readonly (readonly number[])[];
    /** Bit for bit. */
    readonly isEqual: boolean;
    readonly maxAbs: number;
  };
  /** What the outputs stand for, in order: names of the classes, where the data had such. */
  readonly classes?: readonly string[];
  /** Further steps from the clone against the losses the run logged; the list is empty where the run has logged none yet. */
  readonly steps: {
    readonly rows: readonly { readonly step: number; readonly logged: number; readonly clone: number }[];
    readonly isEqual: boolean;
    readonly firstDifferent?: number;
    /** Why no steps could be compared. */
    readonly note?: string;
  };
  readonly problems: readonly RunProblem[];
}

/** Proof of every checkpoint in a run's folder. */
export interface RunProof {
  /** `identical` where each one is; a run without checkpoints proves nothing and is `different`. */
  readonly verdict: RestoreReport['verdict'];
  readonly run: string;
  readonly name: string;
  /** In order of steps. */
  readonly reports: readonly RestoreReport[];
}
