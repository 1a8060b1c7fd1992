import { sketcher, type SketchPart } from '#main/kernels/sketch.ts';
import { requireReal } from '#main/services/tasks/histogram.ts';
import { withAnyOrderReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type ElementRange, type Pass } from '#main/services/windows.ts';

export interface SketchTask extends ElementRange {
  readonly plan: TensorPlan;
}

/** One pass over a tensor or a part of it. @throws AppError `unsupported` for values without an order. */
export async function sketchTask({ plan, ...range }: SketchTask, pass: Pass): Promise<SketchPart> {
  const { name, dtype } = plan.tensor;
  requireReal(name, dtype);
  return withAnyOrderReader(plan, async (reader) => {
    const under = sketcher(dtype);
    try {
      for await (const { bytes } of windowsOf(reader, pass, range)) under.add(bytes);
      return under.part();
    } finally {
      under.release();
    }
  });
}
