/** How a run reads: its state as a word with a tone, its pace, its length. */
import type { VerdictTone } from '#renderer/ui/VerdictBadge.vue';
import { formatCount, formatFigure } from '#shared/display.ts';
import type { RunConfig, RunState } from '#shared/run.ts';

export const STATE_TONES: Readonly<Record<RunState, VerdictTone>> = {
  starting: 'neutral',
  running: 'good',
  paused: 'caution',
  stopping: 'neutral',
  stopped: 'neutral',
  finished: 'good',
  failed: 'bad',
};

/** Seconds as a person says them: `0:07`, `12:40`, `3:05:00`. */
export function durationText(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** What is still to do at this pace; undefined where there is none. */
export function remainingText(step: number, totalSteps: number, stepsPerSecond: number): string | undefined {
  if (!(stepsPerSecond > 0) || totalSteps <= step) return undefined;
  return durationText((totalSteps - step) / stepsPerSecond);
}

export function paceText(stepsPerSecond: number): string {
  return stepsPerSecond > 0 ? `${formatFigure(stepsPerSecond, 3)} steps/s` : '–';
}

/** The network and its data in one line. */
export function configText(config: RunConfig): string {
  const data =
    config.data.source === 'random'
      ? 'random data'
      : config.data.source === 'mnist'
        ? 'MNIST digits'
        : 'own data';
  return `${config.layers.join(' → ')} ${config.activation}, ${data}, ${config.optimizer.name}`;
}

export function progressText(step: number, totalSteps: number): string {
  return `${formatCount(step)} of ${formatCount(totalSteps)}`;
}
