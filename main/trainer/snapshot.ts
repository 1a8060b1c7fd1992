import { copyContent, type CopiedContent } from '#main/trainer/checkpoint-content.ts';
import type { DataMark } from '#main/trainer/dataset.ts';
import type { MemoryRecord } from '#main/trainer/messages.ts';
import { parametersOf } from '#main/trainer/mlp.ts';
import { PROBE_ROWS, probeOf } from '#main/trainer/probe.ts';
import type { TrainingState } from '#main/trainer/state.ts';
import { bytesOf } from '#main/trainer/values.ts';
import type { RunConfig } from '#shared/run.ts';

/** All that is taken from training memory for one checkpoint, before anything is serialized. */
export interface Snapshot {
  readonly step: number;
  readonly content: CopiedContent;
  /** Names of the tensors that are parameters. */
  readonly parameters: readonly string[];
  readonly probe: MemoryRecord['probe'];
}

/**
 * A function that takes one at each call, between steps. Training waits for it, so it copies and no more:
 * digests and histograms are taken of the copies, by whoever saves them.
 */
export function snapshotsOf(config: RunConfig, state: TrainingState, data?: DataMark): () => Snapshot {
  const probe = probeOf(state.mlp, config.seed);
  return () => {
    const content = copyContent(config, state, data);
    const outputs = probe();
    return {
      step: state.step,
      content,
      parameters: parametersOf(state.mlp).map(({ name }) => name),
      probe: {
        shape: [PROBE_ROWS, outputs.length / PROBE_ROWS],
        dtype: state.mlp.precision,
        base64: Buffer.from(bytesOf(outputs)).toString('base64'),
      },
    };
  };
}
