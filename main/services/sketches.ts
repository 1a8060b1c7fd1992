/** Sketches of the tensors looked at last: what their histograms and their statistics begin with. */
import { mergedSketch, type Sketch } from '#main/kernels/sketch.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import { joinWork } from '#main/services/shared-work.ts';
import { tensorParts } from '#main/services/tensor-parts.ts';
import type { TensorPlan } from '#main/services/tensor-plan.ts';
import type { Pass } from '#main/services/windows.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** Each takes half a mebibyte. */
const MOST_KEPT = 32;
const KEY = 'sketches';
/** Elements from which one reading for all that is asked saves time. */
const LARGE = 2 ** 20;

export function isWorthASketch({ tensor }: TensorPlan): boolean {
  return (elementCountOf(tensor.shape) ?? 0) >= LARGE;
}

/**
 * The sketch of a whole tensor, read by every compute thread in part, once for all who ask at the same time;
 * remembered while the file stays the same.
 */
export async function sketchOf(
  open: OpenCheckpoint,
  compute: Compute,
  plan: TensorPlan,
  pass: Pass,
): Promise<Sketch> {
  const kept = keptOf(open);
  const { name } = plan.tensor;
  const sketch =
    kept.get(name) ??
    (await joinWork(open.underWay, `sketch:${name}`, pass, (shared) => wholeSketch(compute, plan, shared)));
  // the newest is the last in a map's order
  kept.delete(name);
  kept.set(name, sketch);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  return sketch;
}

/** Whether nothing has to be read for it. */
export function isSketched(open: OpenCheckpoint, { tensor }: TensorPlan): boolean {
  return keptOf(open).has(tensor.name);
}

function keptOf({ cache }: OpenCheckpoint): Map<string, Sketch> {
  const kept = (cache.get(KEY) as Map<string, Sketch> | undefined) ?? new Map<string, Sketch>();
  cache.set(KEY, kept);
  return kept;
}

/** As `sketchOf`, of which nothing is remembered. */
export async function wholeSketch(compute: Compute, plan: TensorPlan, pass: Pass): Promise<Sketch> {
  const parts = tensorParts(plan, compute);
  return mergedSketch(await Promise.all(parts.map((part) => compute.run('sketch', part, pass))));
}
