import { join } from 'node:path';

import { byteLengthOfPath } from '#main/bytes/small-file.ts';
import { compareRuns } from '#main/services/runs/run-comparison.ts';
import { checkpointSteps, holdsRun } from '#main/services/runs/run-folder.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import type { StartProcess, TrainingProcess } from '#main/services/runs/training-process.ts';
import type { DrillKill, DrillReport } from '#shared/drill.ts';
import { DEFAULT_RUN_CONFIG } from '#shared/commands/run-config.ts';
import { cancelledError, fromWire } from '#shared/errors.ts';
import type { RunConfig, RunEvent } from '#shared/run.ts';

export interface Drill {
  readonly config: RunConfig;
  readonly steps: number;
  /** How often it is killed. */
  readonly kills: number;
}

/** The two runs of a drill: one is left alone, the other is not. */
export type DrillRun = 'uninterrupted' | 'killed';

/** Where a drill takes place and whom it tells. */
export interface DrillStage {
  readonly placeOf: (run: DrillRun) => RunPlace;
  readonly start: StartProcess;
  readonly onEvent: (event: RunEvent, of: DrillRun) => void;
  readonly signal: AbortSignal;
}

/** The chapter's network, saved often, so that kills meet saves. */
export const DRILL_CONFIG: RunConfig = {
  ...DEFAULT_RUN_CONFIG,
  checkpoint: { ...DEFAULT_RUN_CONFIG.checkpoint, everySteps: 20 },
};

/** Milliseconds between looks for a file that is being written. */
const LOOK = 1;
/** Milliseconds after which a kill does not wait for a save any longer. */
const PATIENCE = 3000;

/** Names of a drill's two folders inside the one it is given. */
export function drillPlaces(folder: string, placeOf: (path: string) => RunPlace): DrillStage['placeOf'] {
  return (run) => placeOf(join(folder, run));
}

/**
 * Trains twice by one configuration: once undisturbed, once with kills at random moments, every second one in the middle of
 * a save, each followed by a resume. Then holds the second against the first.
 * @throws AppError `io`, `cancelled`, and what a training process failed of.
 */
export async function runDrill(stage: DrillStage, drill: Drill): Promise<DrillReport> {
  const { placeOf, onEvent, signal } = stage;
  const { config, steps } = drill;
  let kills: readonly DrillKill[] = [];
  const begin = (run: DrillRun, onStep: (step: number) => void = () => {}) =>
    stage.start({ config, folder: placeOf(run).path, steps }, (event) => {
      if (run === 'killed' && event.event === 'resumed') kills = withResume(kills, event.step);
      onStep(event.step);
      onEvent(event, run);
    });

  await toTheEnd(begin('uninterrupted'), signal);
  while (kills.length < drill.kills) {
    const kill = await killOnce(
      (onStep) => begin('killed', onStep),
      placeOf('killed'),
      kills.length,
      drill,
      signal,
    );
    // it was quicker than its killer
    if (!kill) break;
    kills = [...kills, kill];
    onEvent({ event: 'killed', ...kill }, 'killed');
  }
  await toTheEnd(begin('killed'), signal);
  const comparison = await compareRuns(placeOf('uninterrupted'), placeOf('killed'), signal);
  const report: DrillReport = { steps, kills, ...comparison };
  const { verdict, compared, firstDifferent } = report;
  const where = firstDifferent === undefined ? {} : { firstDifferent };
  onEvent({ event: 'drill', step: steps, verdict, kills: kills.length, compared, ...where }, 'killed');
  return report;
}

/** Kills of which the newest is followed by a process that went on from a step. */
export function withResume(kills: readonly DrillKill[], step: number): readonly DrillKill[] {
  return kills.map((kill, index) => (index === kills.length - 1 ? { ...kill, resumedAt: step } : kill));
}

/** @returns undefined where the run came to its end first. */
async function killOnce(
  begin: (onStep: (step: number) => void) => TrainingProcess,
  place: RunPlace,
  number: number,
  { steps, kills }: Drill,
  signal: AbortSignal,
): Promise<DrillKill | undefined> {
  let step = 0;
  let isOver = false;
  const process = begin((told) => (step = Math.max(step, told)));
  void process.ended.then(() => (isOver = true));
  // moments are spread over the run, so that there is something left to kill
  const target = Math.floor((steps * (number + Math.random())) / (kills + 1));
  while (!isOver && step < target && !signal.aborted) await pause(LOOK);
  const wantsSave = number % 2 === 1;
  const end = performance.now() + PATIENCE;
  while (wantsSave && !isOver && !signal.aborted && performance.now() < end && !halfWritten(place)) {
    await pause(0);
  }
  process.kill();
  const ended = await process.ended;
  if (signal.aborted) throw cancelledError();
  if (ended.how === 'failed') throw fromWire(ended.error);
  return ended.how === 'killed' ? { step, ...(await leftBy(place)) } : undefined;
}

/** What a killed process has left in its folder. */
async function leftBy(place: RunPlace): Promise<Omit<DrillKill, 'step'>> {
  const unfinished = halfWritten(place);
  const [newest] = (await holdsRun(place)) ? await checkpointSteps(place) : [];
  return {
    isInSave: unfinished !== undefined,
    ...(newest === undefined ? {} : { checkpoint: newest }),
    ...(unfinished === undefined
      ? {}
      : { halfWritten: await byteLengthOfPath(join(place.path, unfinished)) }),
  };
}

/** Base name of a file of the run that is on its way to the disk. */
function halfWritten({ path, system }: RunPlace): string | undefined {
  try {
    return system.list(path).find((name) => /^\.paramscope-[0-9a-f]+-.*\.tmp$/.test(name));
  } catch {
    // the folder comes with the first process
    return undefined;
  }
}

async function toTheEnd({ ended, kill }: TrainingProcess, signal: AbortSignal): Promise<void> {
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  const end = await ended;
  signal.removeEventListener('abort', kill);
  if (signal.aborted) throw cancelledError();
  if (end.how === 'failed') throw fromWire(end.error);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
