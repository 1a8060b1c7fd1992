import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { channelPair } from '#main/trainer/channel.ts';
import { copyContent } from '#main/trainer/checkpoint-content.ts';
import type { FromSaver, ToSaver } from '#main/trainer/messages.ts';
import { createSaving } from '#main/trainer/saving.ts';
import { initialState } from '#main/trainer/state.ts';
import { parseRunConfig } from '#shared/commands/run-config.ts';
import type { RunEvent } from '#shared/run.ts';
import { report } from '#test/faults/kit/report.ts';

const CONFIG = parseRunConfig(
  { layers: [3, 2], checkpoint: { everySteps: 100, keepLast: 3 } },
  'the slow disk',
);
const EVERY = CONFIG.checkpoint.everySteps;
/** Milliseconds that a save may hold up the next one that is due, counted from its own start. */
const PATIENCE = 1000;
const STEPS = 10_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Outcome {
  /** Milliseconds that each boundary held training up, longest first. */
  readonly held: readonly number[];
  /** Steps whose save began. */
  readonly begun: readonly number[];
  readonly mostInFlight: number;
  readonly saved: readonly number[];
}

/**
 * Trains in a time of its own beside a saver.
 * @param pace milliseconds of a step.
 * @param duration milliseconds of a save.
 */
async function trainBeside(pace: number, duration: number): Promise<Outcome> {
  const state = initialState(CONFIG);
  const [trainerEnd, saverEnd] = channelPair<FromSaver, ToSaver>();
  const begun: number[] = [];
  const events: RunEvent[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  saverEnd.listen((message) => {
    if (message.kind === 'drop') saverEnd.send({ ...message, kind: 'dropped' });
    if (message.kind !== 'save') return;
    const { step, file } = message;
    begun.push(step);
    mostInFlight = Math.max(mostInFlight, ++inFlight);
    setTimeout(() => {
      inFlight--;
      saverEnd.send({ kind: 'saved', step, file, sha256: '00', byteLength: 1 });
    }, duration);
  });
  const saving = createSaving({
    channel: trainerEnd,
    config: CONFIG.checkpoint,
    kept: [],
    now: () => Date.now(),
    tell: (event) => events.push(event),
    tellGathered: () => {},
    takeSnapshot: () => ({
      step: state.step,
      content: copyContent(CONFIG, state),
      parameters: [],
      probe: { shape: [0, 0], dtype: 'f32', base64: '' },
    }),
    patience: PATIENCE,
  });
  const held: number[] = [];
  while (state.step < STEPS) {
    await vi.advanceTimersByTimeAsync(pace);
    state.step++;
    const isDue = state.step % EVERY === 0;
    held.push(await timeOf(saving.atBoundary(state.step, isDue ? 'due' : 'none')));
  }
  await timeOf(saving.atEnd(STEPS));
  const saved = events.flatMap((event) => (event.event === 'checkpoint' ? [event.step] : []));
  return { held: held.sort((a, b) => b - a), begun, mostInFlight, saved };
}

/** Milliseconds until it is done, by the clock that stands still in between. */
async function timeOf(work: Promise<void>): Promise<number> {
  const start = Date.now();
  let isDone = false;
  void work.then(() => (isDone = true));
  await vi.advanceTimersByTimeAsync(0);
  while (!isDone) await vi.advanceTimersByTimeAsync(10);
  return Date.now() - start;
}

describe('a disk that takes long for each checkpoint', () => {
  it.each([
    [2, 500],
    [2, 5000],
    [2, 30_000],
    [20, 500],
    [20, 5000],
    [20, 30_000],
  ])(
    'steps of %i ms and saves of %i ms: a second of waiting a save at most, and what is late is made up for once',
    async (pace, duration) => {
      const { held, begun, mostInFlight, saved } = await trainBeside(pace, duration);
      const total = held.reduce((sum, time) => sum + time, 0);
      const rate = (STEPS * pace) / (STEPS * pace + total);
      report(`slow disk, steps of ${pace} ms, saves of ${duration} ms`, {
        saves: begun.length,
        'ms held up at the longest': held[0]!,
        'per cent of the undisturbed pace': Number((100 * rate).toFixed(1)),
      });
      expect(mostInFlight).toBe(1);
      expect(held[0]).toBeLessThanOrEqual(PATIENCE);
      expect(total).toBeLessThanOrEqual(begun.length * PATIENCE);
      expect(saved.at(-1)).toBe(STEPS);
      expect(saved).toEqual(begun);
      const cadence = EVERY * pace;
      // where the disk keeps up with the second's help every due checkpoint is there; else the newest step once it is free
      if (duration <= PATIENCE) expect(saved).toHaveLength(STEPS / EVERY);
      else expect(saved.length).toBeGreaterThanOrEqual(Math.floor((STEPS * pace) / (duration + cadence)));
      if (cadence >= PATIENCE) expect(rate).toBeGreaterThanOrEqual(0.965);
      else expect(held[0]).toBeGreaterThan(0);
    },
  );
});
