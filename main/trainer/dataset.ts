import { arrayData } from '#main/trainer/array-data.ts';
import type { Mlp } from '#main/trainer/mlp.ts';
import { randomData } from '#main/trainer/random-data.ts';
import { allocateIn, type Values } from '#main/trainer/values.ts';
import type { Workspace } from '#main/trainer/workspace.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/** One batch in memory that is used again and again; rows are examples. */
export interface Batch {
  readonly inputs: Values; // rows x inputs
  /** Class numbers; meaningless where the data have none. */
  readonly labels: Int32Array;
  readonly values: Values; // rows x outputs, what mean squared error is taken against
}

/** Examples in a fixed order. */
export interface ExampleSet {
  readonly count: number;
  /** Writes examples [start, start + rows) to the batch's first rows. */
  fill(batch: Batch, start: number, rows: number): void;
}

/** Where a run's examples come from. A pure function of configuration and data: it has no position of its own. */
export interface Dataset {
  /** Examples that an epoch sees. */
  readonly epochLength: number;
  /** The examples of an epoch (from 0) in the order in which it sees them. */
  epoch(epoch: number): ExampleSet;
  /** Examples that no epoch sees. */
  readonly unseen?: ExampleSet;
}

/** A data set's files as numbers, as read by whoever may read files. */
export interface DataFiles {
  readonly train: Examples;
  readonly unseen?: Examples;
  /** SHA-256 over all of them: a run goes on only with the data that it began with. */
  readonly sha256: string;
}

/** What a checkpoint says of data that come from files. */
export interface DataMark {
  readonly sha256: string;
  /** Names of the classes in order of the outputs, where the data have such. */
  readonly classes?: readonly string[];
}

/** What is kept of data that are not kept; undefined for those that come from the seed. */
export function markOf(files: DataFiles | undefined): DataMark | undefined {
  if (!files) return undefined;
  const { classes } = files.train;
  return { sha256: files.sha256, ...(classes ? { classes } : {}) };
}

/** Examples of one file or pair of files, in its order. */
export interface Examples {
  /** Base name, for messages. */
  readonly name: string;
  readonly count: number;
  readonly width: number;
  /** Bytes are pictures; everything else is taken as it is. */
  readonly inputs: Uint8Array | Float32Array; // count x width
  /** Numbers beside each example: one, which is its class or its value, or as many values as there are outputs. */
  readonly targetWidth: number;
  readonly targets: Uint8Array | Float32Array; // count x targetWidth
  /** Names of the classes in order, where the file has such. */
  readonly classes?: readonly string[];
}

/** @throws AppError `invalid-params` where the layers do not fit the data, `corrupt` for damaged files. */
export function createDataset(config: RunConfig, files?: DataFiles): Dataset {
  if (config.data.source === 'random') return randomData(config);
  if (files) return arrayData(config, files);
  throw new AppError('internal', 'the data were not read');
}

/** A batch whose inputs are the workspace's. */
export function batchIn({ memory, precision, layers }: Mlp, { inputs, rows }: Workspace): Batch {
  const { buffer } = memory.memory;
  const labels = allocateIn(memory, 'f32', rows);
  return {
    inputs,
    labels: new Int32Array(buffer, labels.byteOffset, rows),
    values: allocateIn(memory, precision, rows * layers[layers.length - 1]!.outputs),
  };
}

/** Optimizer steps that see every example of an epoch once; the last one may see fewer. */
export function stepsPerEpoch(config: RunConfig, dataset: Dataset): number {
  return Math.ceil(dataset.epochLength / (config.batchSize * config.accumulate));
}
