import { takeContent, type CheckpointContent } from '#main/trainer/checkpoint-content.ts';
import { recordHistogram } from '#main/trainer/memory-histogram.ts';
import type { MemoryRecord } from '#main/trainer/messages.ts';
import { parametersOf } from '#main/trainer/mlp.ts';
import { PROBE_ROWS, probeOf } from '#main/trainer/probe.ts';
import type { TrainingState } from '#main/trainer/state.ts';
import { bytesOf } from '#main/trainer/values.ts';
import type { RunConfig } from '#shared/run.ts';

/** All that is taken from training memory for one checkpoint, before anything is serialized. */
export interface Snapshot {
  readonly step: number;
  readonly content: CheckpointContent;
  readonly memory: MemoryRecord;
}

/** A function that takes one at each call, between steps. */
export function snapshotsOf(config: RunConfig, state: TrainingState, dataSha256?: string): () => Snapshot {
  const probe = probeOf(state.mlp, config.seed);
  return () => {
    const content = takeContent(config, state, dataSha256);
    const outputs = probe();
    return {
      step: state.step,
      content,
      memory: {
        tensors: content.digests,
        histograms: Object.fromEntries(
          parametersOf(state.mlp).map(({ name, values }) => [name, recordHistogram(values)]),
        ),
        probe: {
          shape: [PROBE_ROWS, outputs.length / PROBE_ROWS],
          dtype: state.mlp.precision,
          base64: Buffer.from(bytesOf(outputs)).toString('base64'),
        },
      },
    };
  };
}
