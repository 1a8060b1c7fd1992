// Rates as torch.optim.lr_scheduler has them in closed form: https://docs.pytorch.org/docs/stable/optim.html
import { cosine, wholePower } from '#main/trainer/transcendental.ts';
import type { ScheduleConfig } from '#shared/run.ts';

/**
 * The learning rate of the update that follows `step` others: a linear warm-up (LinearLR), and the schedule after it
 * (StepLR, CosineAnnealingLR, ExponentialLR), joined as SequentialLR does.
 * @param rate the rate that the optimizer is set to.
 * @param wholeLength updates that the configuration's epochs take: the cosine's half period where none is set.
 */
export function learningRateAt(
  schedule: ScheduleConfig,
  rate: number,
  step: number,
  wholeLength: number,
): number {
  const { warmupSteps, startFactor } = schedule;
  if (step < warmupSteps) return rate * (startFactor + ((1 - startFactor) * step) / warmupSteps);
  const at = step - warmupSteps;
  switch (schedule.name) {
    case 'constant':
      return rate;
    case 'step':
      return rate * wholePower(schedule.gamma!, Math.floor(at / schedule.stepSize!));
    case 'exponential':
      return rate * wholePower(schedule.gamma!, at);
    case 'cosine': {
      const half = schedule.tMax! > 0 ? schedule.tMax! : Math.max(1, wholeLength - warmupSteps);
      const lowest = schedule.etaMin!;
      return lowest + ((rate - lowest) * (1 + cosine((Math.PI * (at % (2 * half))) / half))) / 2;
    }
  }
}
