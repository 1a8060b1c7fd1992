/** How a run reads: its pace, its length, its network. */
import { escapeName, formatBytes, formatCount, formatFigure } from '#shared/display.ts';
import type { CheckpointConfig, RunConfig, RunDescription, RunWriter } from '#shared/run.ts';

/** Classes that are told by name. */
const MOST_CLASSES = 20;

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
  const activations = [config.activation].flat().join('/');
  const start = config.startFrom === undefined ? '' : `, from ${escapeName(baseName(config.startFrom))}`;
  return `${config.layers.join(' → ')} ${activations}${start}, ${data}, ${config.optimizer.name}`;
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** Classes by their numbers: `0 cat, 1 dog`; of many, the first. */
export function classesText(classes: readonly string[]): string {
  const shown = classes.slice(0, MOST_CLASSES).map((name, number) => `${number} ${escapeName(name)}`);
  const more = classes.length - shown.length;
  return [...shown, ...(more > 0 ? [`${formatCount(more)} more`] : [])].join(', ');
}

/** When checkpoints are written; undefined where none are but by hand. */
export function saveRuleText({
  everySteps,
  everySeconds,
  everyEpochs,
}: Pick<CheckpointConfig, 'everySteps' | 'everySeconds' | 'everyEpochs'>): string | undefined {
  const rules: readonly (readonly [number, string])[] = [
    [everySteps, 'step'],
    [everySeconds, 'second'],
    [everyEpochs, 'epoch'],
  ];
  const parts = rules.flatMap(([every, unit]) => {
    if (every === 0) return [];
    return [every === 1 ? `every ${unit}` : `every ${formatCount(every)} ${unit}s`];
  });
  return parts.length > 0 ? parts.join(', ') : undefined;
}

export function progressText(step: number, totalSteps: number): string {
  return `${formatCount(step)} of ${formatCount(totalSteps)}`;
}

/** How many checkpoints a run keeps, and their bytes. */
export function checkpointsText({
  checkpoints,
  byteLength,
}: Pick<RunDescription, 'checkpoints' | 'byteLength'>): string {
  const kept = checkpoints.filter(({ status }) => status === 'kept').length;
  if (kept === 0) return 'no checkpoints';
  return `${formatCount(kept)} ${kept === 1 ? 'checkpoint' : 'checkpoints'}, ${formatBytes(byteLength)}`;
}

/** Why a run cannot be touched from here. */
export function writerText({ pid, since }: RunWriter): string {
  const time = new Date(since);
  const when = Number.isNaN(time.getTime())
    ? ''
    : ` since ${time.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })}`;
  return `Process ${pid} trains this run${when}: here it can only be read`;
}
