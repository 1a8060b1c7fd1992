import { basename, join } from 'node:path';

import { removeFolder } from '#main/bytes/remove-folder.ts';
import { kindOfPath, makeFolder } from '#main/bytes/small-file.ts';
import { DRILL_CONFIG, drillPlaces, runDrill, type DrillRun } from '#main/services/runs/drill.ts';
import { followDrill } from '#main/services/runs/drill-progress.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import type { StartProcess } from '#main/services/runs/training-process.ts';
import { DRILL_DEFAULTS, type DrillReport, type DrillSnapshot } from '#shared/drill.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig, RunEvent } from '#shared/run.ts';

/** The one folder of drills aside. */
const FOLDER = 'drill';

/** What is asked for; what is left out has its default. */
export interface DrillRequest {
  readonly config?: RunConfig | undefined;
  readonly steps?: number | undefined;
  readonly kills?: number | undefined;
}

/** Crash drills: in a folder that somebody names and keeps, or aside, where nothing stays. */
export interface Drills {
  /** @throws AppError `invalid-params` where the folder holds something already, and as `runDrill`. */
  inFolder(
    place: RunPlace,
    request: DrillRequest,
    onEvent: (event: RunEvent, of: DrillRun) => void,
    signal: AbortSignal,
  ): Promise<DrillReport>;
  /** One at a time on a machine. @throws AppError as `runDrill`. */
  aside(
    request: DrillRequest,
    onSnapshot: (snapshot: DrillSnapshot) => void,
    signal: AbortSignal,
  ): Promise<DrillReport>;
  /** Removes what an app left that was killed in the middle of one aside; nothing where another process drills. */
  sweep(): Promise<void>;
  /** Ends those aside and waits until nothing is left of them. */
  close(): Promise<void>;
}

export interface DrillsOptions {
  /** Absent: this host has none. */
  readonly startProcess?: StartProcess | undefined;
  /** Where drills aside take place. Absent: nowhere. */
  readonly home: string | undefined;
  readonly placeOf: (path: string) => RunPlace;
}

export function createDrills({ startProcess, home, placeOf }: DrillsOptions): Drills {
  const underWay = new Map<AbortController, Promise<unknown>>();
  let sweeping: Promise<unknown> = Promise.resolve();

  function drillOf({ config, steps, kills }: DrillRequest) {
    return {
      config: config ?? DRILL_CONFIG,
      steps: steps ?? DRILL_DEFAULTS.steps,
      kills: kills ?? DRILL_DEFAULTS.kills,
    };
  }

  async function aside(
    request: DrillRequest,
    onSnapshot: (snapshot: DrillSnapshot) => void,
    signal: AbortSignal,
  ): Promise<DrillReport> {
    const start = required(startProcess);
    if (home === undefined) throw new AppError('unsupported', 'there is no place for a drill');
    makeFolder(home);
    await sweeping;
    const place = placeOf(home);
    const other = await place.writer();
    if (other) {
      throw new AppError('io', 'another crash drill is under way', {
        found: `process ${other.pid}, since ${other.since}`,
        hint: 'wait until it is done, or cancel it',
      });
    }
    const claim = await place.claim();
    const folder = join(home, FOLDER);
    const drill = drillOf(request);
    const progress = followDrill(drill.steps, onSnapshot);
    try {
      // what an app left that was killed itself: nobody else drills, or the claim would be theirs
      await removeFolder(folder);
      return await runDrill(
        { placeOf: drillPlaces(folder, placeOf), start, onEvent: progress.take, signal },
        drill,
      );
    } finally {
      progress.end();
      await removeFolder(folder);
      claim.release();
    }
  }

  async function sweep(): Promise<void> {
    if (home === undefined || (await kindOfPath(join(home, FOLDER))) === 'missing') return;
    const place = placeOf(home);
    if (await place.writer()) return;
    const claim = await place.claim();
    try {
      await removeFolder(join(home, FOLDER));
    } finally {
      claim.release();
    }
  }

  return {
    sweep: () => {
      const swept = sweep();
      sweeping = swept.catch(() => undefined);
      return swept;
    },
    inFolder: async (place, request, onEvent, signal) => {
      const start = required(startProcess);
      makeFolder(place.path, place.system);
      if ((await place.read.list()).length > 0) {
        throw new AppError('invalid-params', 'the folder is not empty', {
          file: basename(place.path),
          hint: 'name one that is not there yet: the drill trains two runs in it',
        });
      }
      return runDrill(
        { placeOf: drillPlaces(place.path, placeOf), start, onEvent, signal },
        drillOf(request),
      );
    },
    aside: async (request, onSnapshot, signal) => {
      const own = new AbortController();
      const abort = () => own.abort();
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      const drill = aside(request, onSnapshot, own.signal);
      underWay.set(own, drill);
      try {
        return await drill;
      } finally {
        underWay.delete(own);
        signal.removeEventListener('abort', abort);
      }
    },
    close: async () => {
      for (const controller of underWay.keys()) controller.abort();
      await Promise.allSettled([sweeping, ...underWay.values()]);
    },
  };
}

function required(start: StartProcess | undefined): StartProcess {
  if (start) return start;
  throw new AppError('unsupported', 'this host starts no processes to kill');
}
