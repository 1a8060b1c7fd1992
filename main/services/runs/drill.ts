import { basename, join } from 'node:path';

import { writeAtomicallySync } from '#main/bytes/atomic-write.ts';
import { makeFolder } from '#main/bytes/small-file.ts';
import { compareRuns } from '#main/services/runs/run-comparison.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import type { DrillKill, DrillReport } from '#shared/drill.ts';
import { DEFAULT_RUN_CONFIG } from '#shared/commands/run-config.ts';
import { AppError, cancelledError, throwIfCancelled } from '#shared/errors.ts';
import type { RunConfig, RunEvent } from '#shared/run.ts';

/** A process of its own that trains, as `paramscope train … --json` does. */
export interface TrainingProcess {
  /** SIGKILL: nothing of it runs any more, not even its last words. */
  kill(): void;
  /** Resolves when it is gone, with its exit code; undefined where it was killed. */
  readonly ended: Promise<number | undefined>;
}

/** Starts one with these arguments and tells each event as it comes. */
export type StartProcess = (args: readonly string[], onEvent: (event: RunEvent) => void) => TrainingProcess;

export interface Drill {
  readonly config: RunConfig;
  readonly steps: number;
  /** How often it is killed. */
  readonly kills: number;
}

/** The chapter's network, saved often, so that kills meet saves. */
export const DRILL_CONFIG: RunConfig = {
  ...DEFAULT_RUN_CONFIG,
  checkpoint: { ...DEFAULT_RUN_CONFIG.checkpoint, everySteps: 20 },
};
/** Steps where nobody says how many. */
export const DRILL_STEPS = 400;
export const DRILL_KILLS = 6;

const CONFIG_NAME = 'config.json';
/** Milliseconds between looks for a file that is being written. */
const LOOK = 1;
/** Milliseconds after which a kill does not wait for a save any longer. */
const PATIENCE = 3000;

/**
 * Trains twice by one configuration: once undisturbed, once with kills at random moments, every second one in the middle of
 * a save, each followed by a resume. Then holds the second against the first.
 * @param placeOf the folder of a run by its path.
 * @throws AppError `invalid-params` where the folder holds something already, `io`, `cancelled`.
 */
export async function runDrill(
  place: RunPlace,
  placeOf: (path: string) => RunPlace,
  start: StartProcess,
  { config, steps, kills }: Drill,
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<DrillReport> {
  makeFolder(place.path, place.system);
  if ((await place.read.list()).length > 0) {
    throw new AppError('invalid-params', 'the folder is not empty', {
      file: basename(place.path),
      hint: 'name one that is not there yet: the drill trains two runs in it',
    });
  }
  const configFile = join(place.path, CONFIG_NAME);
  writeAtomicallySync(configFile, [Buffer.from(JSON.stringify(config))]);
  const whole = placeOf(join(place.path, 'uninterrupted'));
  const killed = placeOf(join(place.path, 'killed'));
  const argsFor = (run: RunPlace) => [
    ...['train', configFile, '--out', run.path],
    ...['--steps', String(steps), '--resume', '--json'],
  ];

  const trainOn = async (run: RunPlace, tell: (event: RunEvent) => void) => {
    const code = await until(start(argsFor(run), tell), signal);
    if (code === 0) return;
    throw new AppError('io', `a training process ended with exit ${code}`, { file: basename(run.path) });
  };
  await trainOn(whole, onEvent);
  const done: DrillKill[] = [];
  for (let number = 0; number < kills; number++) {
    const kill = await killOnce(killed, start, argsFor(killed), number, { steps, kills }, onEvent, signal);
    // it was quicker than its killer
    if (!kill) break;
    done.push(kill);
    onEvent({ event: 'killed', ...kill });
  }
  await trainOn(killed, onEvent);
  const report: DrillReport = { steps, kills: done, ...(await compareRuns(whole, killed, signal)) };
  const { verdict, compared, firstDifferent } = report;
  const where = firstDifferent === undefined ? {} : { firstDifferent };
  onEvent({ event: 'drill', step: steps, verdict, kills: done.length, compared, ...where });
  return report;
}

/** @returns undefined where the run came to its end first. */
async function killOnce(
  place: RunPlace,
  start: StartProcess,
  args: readonly string[],
  number: number,
  { steps, kills }: { readonly steps: number; readonly kills: number },
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<DrillKill | undefined> {
  let step = 0;
  let isOver = false;
  const process = start(args, (event) => {
    step = Math.max(step, event.step);
    if (event.event === 'resumed' || event.event === 'problem') onEvent(event);
  });
  void process.ended.then(() => (isOver = true));
  // moments are spread over the run, so that there is something left to kill
  const target = Math.floor((steps * (number + Math.random())) / (kills + 1));
  while (!isOver && step < target && !signal.aborted) await pause(LOOK);
  const wantsSave = number % 2 === 1;
  const end = performance.now() + PATIENCE;
  while (wantsSave && !isOver && performance.now() < end && !isSaving(place)) await pause(0);
  process.kill();
  const code = await process.ended;
  throwIfCancelled(signal);
  return code === undefined ? { step, isInSave: isSaving(place) } : undefined;
}

/** Whether a checkpoint is half on its way to the disk. */
function isSaving({ path, system }: RunPlace): boolean {
  try {
    return system.list(path).some((name) => /^\.paramscope-[0-9a-f]+-.*\.tmp$/.test(name));
  } catch {
    // the folder comes with the first process
    return false;
  }
}

async function until({ ended, kill }: TrainingProcess, signal: AbortSignal): Promise<number | undefined> {
  const stop = () => kill();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const code = await ended;
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw cancelledError();
  return code;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
