import { arrayData } from '#main/trainer/array-data.ts';
import { randomData } from '#main/trainer/random-data.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/** One batch in memory that is used again and again; rows are examples. */
export interface Batch {
  readonly inputs: Float32Array; // rows x inputs
  /** Class numbers; meaningless where the data have none. */
  readonly labels: Int32Array;
  readonly values: Float32Array; // rows x outputs, what mean squared error is taken against
}

/** Examples in a fixed order. */
export interface ExampleSet {
  readonly count: number;
  /** Writes examples [start, start + rows) to the batch's first rows. */
  fill(batch: Batch, start: number, rows: number): void;
}

/** Where a run's examples come from. A pure function of configuration and data: it has no position of its own. */
export interface Dataset {
  readonly hasLabels: boolean;
  /** Examples that an epoch sees. */
  readonly epochLength: number;
  /** The examples of an epoch (from 0) in the order in which it sees them. */
  epoch(epoch: number): ExampleSet;
  /** Examples that no epoch sees. */
  readonly unseen?: ExampleSet;
}

/** The bytes of a data set's files, as read by whoever may read files. */
export interface DataFiles {
  readonly train: LabelledFiles;
  readonly unseen?: LabelledFiles;
  /** SHA-256 over all of them: a run goes on only with the data that it began with. */
  readonly sha256: string;
}

export interface LabelledFiles {
  /** Base name of the images' file, for messages. */
  readonly name: string;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** @throws AppError `invalid-params` where the layers do not fit the data, `corrupt` for damaged files. */
export function createDataset(config: RunConfig, files?: DataFiles): Dataset {
  if (config.data.source === 'random') return randomData(config);
  if (files) return arrayData(config, files);
  throw new AppError('internal', 'the data were not read');
}

export function createBatch(config: RunConfig, rows: number): Batch {
  const inputs = config.layers[0]!;
  const outputs = config.layers[config.layers.length - 1]!;
  return {
    inputs: new Float32Array(rows * inputs),
    labels: new Int32Array(rows),
    values: new Float32Array(rows * outputs),
  };
}

/** Optimizer steps that see every example of an epoch once; the last batch may be smaller. */
export function stepsPerEpoch(config: RunConfig, dataset: Dataset): number {
  return Math.ceil(dataset.epochLength / config.batchSize);
}
