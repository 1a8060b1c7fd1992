import type { TrainingMemory } from '#main/services/runs/live-run.ts';
import {
  histogramLike,
  recordHistogram,
  recordedHistogram,
  type RecordedHistogram,
} from '#main/trainer/memory-histogram.ts';
import type { ReadTensor } from '#main/trainer/restore.ts';
import type { Values } from '#main/trainer/values.ts';
import type { RestoreTensorRow } from '#shared/run.ts';

/**
 * Adds to each row the histograms of original and clone on the same bins. The original's is of training memory:
 * as it stands now, or as it was counted at the save; rows without either stay as they are.
 */
export function withHistograms(
  rows: readonly RestoreTensorRow[],
  memory: TrainingMemory | undefined,
  recorded: Readonly<Record<string, RecordedHistogram>> = {},
  tensors: ReadonlyMap<string, ReadTensor> = new Map(),
): readonly RestoreTensorRow[] {
  const originals = new Map(memory?.tensors.map(({ name, dtype, bytes }) => [name, valuesOf(dtype, bytes)]));
  return rows.map((row) => {
    const inMemory = originals.get(row.name);
    const original = inMemory
      ? recordHistogram(inMemory)
      : Object.hasOwn(recorded, row.name)
        ? recorded[row.name]
        : undefined;
    const found = tensors.get(row.name);
    const values = found && valuesOf(found.dtype, found.bytes);
    if (!original || !values) return row;
    return {
      ...row,
      histograms: { original: recordedHistogram(original), clone: histogramLike(original, values) },
    };
  });
}

/** Canonical bytes as numbers; copied, since they need not lie where numbers of their width may. */
function valuesOf(dtype: string, bytes: Uint8Array): Values | undefined {
  if (dtype === 'f32') return new Float32Array(bytes.slice().buffer);
  return dtype === 'f64' ? new Float64Array(bytes.slice().buffer) : undefined;
}
