import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';

import { makeFolder } from '#main/bytes/small-file.ts';
import type { WriterClaim } from '#main/bytes/writer-claim.ts';
import { configDifference } from '#main/services/runs/config-difference.ts';
import { startLiveRun, type LiveRun } from '#main/services/runs/live-run.ts';
import { recoverRun, type ResumePoint } from '#main/services/runs/resume-point.ts';
import {
  holdsRun,
  removeLeftovers,
  writeManifest,
  type RunManifest,
} from '#main/services/runs/run-folder.ts';
import { createHistory, type RunHistory } from '#main/services/runs/run-history.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import type { RunRecord } from '#main/services/runs/run-record.ts';
import type { StartTrainer } from '#main/services/runs/run-threads.ts';
import { createDataset, stepsPerEpoch, type DataFiles } from '#main/trainer/dataset.ts';
import { hasStoppedEarly } from '#main/trainer/loop.ts';
import type { StartParameters, TrainingJob } from '#main/trainer/messages.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/** What starting a run takes from the service. */
export interface RunStarting {
  readonly startTrainer: StartTrainer;
  readonly readData: (config: RunConfig) => Promise<DataFiles | undefined>;
  readonly readStart: (config: RunConfig) => Promise<StartParameters | undefined>;
  readonly idOf: (path: string) => string;
  /** Makes the record known. */
  readonly keep: (record: RunRecord) => void;
}

export interface NewRun {
  readonly config: RunConfig;
  readonly name: string;
  /** Total steps; the configuration's epochs otherwise. */
  readonly steps?: number | undefined;
  /** Whether the first event is `resumed`. */
  readonly isResumed?: boolean;
}

/** A run that trains. */
export type StartedRun = RunRecord & { readonly live: LiveRun };

/** Starts a run in a folder that holds none. @throws AppError `invalid-params` with the reason. */
export async function beginRun(starting: RunStarting, place: RunPlace, run: NewRun): Promise<StartedRun> {
  const { config, name } = run;
  const data = await starting.readData(config);
  const start = await starting.readStart(config);
  const totalSteps = run.steps ?? config.epochs * stepsPerEpoch(config, createDataset(config, data));
  makeFolder(place.path, place.system);
  const claim = await place.claim();
  try {
    if (await holdsRun(place)) {
      throw new AppError('invalid-params', 'the folder holds a run already', {
        hint: 'resume it, or name another folder',
      });
    }
    removeLeftovers(place);
    const id = randomBytes(8).toString('hex');
    const startedAt = new Date().toISOString();
    const { classes } = data?.train ?? {};
    const manifest = {
      ...{ id, name, startedAt, totalSteps, config },
      ...(classes ? { classes } : {}),
      ...(start ? { startSha256: start.sha256 } : {}),
    };
    writeManifest(place, manifest);
    const isResumed = run.isResumed === true;
    return launch(starting, { place, claim, manifest, history: createHistory(), data, start, isResumed });
  } catch (error) {
    claim.release();
    throw error;
  }
}

export interface Resumption {
  /** What the run is expected to be; one that differs is refused by field name. */
  readonly config?: RunConfig | undefined;
  /** Total steps, where they are to be others than before. */
  readonly steps?: number | undefined;
}

/**
 * Goes on from the newest valid checkpoint, or from the beginning where there is none.
 * @returns undefined where the run is finished already.
 */
export async function resumeRun(
  starting: RunStarting,
  record: RunRecord,
  { config, steps }: Resumption,
): Promise<StartedRun | undefined> {
  requireEqual(config, record.manifest.config, 'the configuration is not the one of the run');
  const { place } = record;
  const claim = await place.claim();
  try {
    // whoever wrote here before may have written since the record was made
    const { manifest: own, history, point } = await recoverRun(place);
    const manifest = { ...own, totalSteps: steps ?? own.totalSteps };
    requireEqual(point.restored?.config, manifest.config, 'the checkpoint is of another configuration');
    const state = point.restored?.state;
    if (state && (state.step >= manifest.totalSteps || hasStoppedEarly(manifest.config, state))) {
      claim.release();
      return undefined;
    }
    const data = await starting.readData(manifest.config);
    createDataset(manifest.config, data);
    const start = state ? undefined : await startAgain(starting, manifest);
    if (manifest.totalSteps !== own.totalSteps) writeManifest(place, manifest);
    return launch(starting, { place, claim, manifest, history, data, start, point, isResumed: true });
  } catch (error) {
    claim.release();
    throw error;
  }
}

/** What a run began with that has no checkpoint yet. @throws AppError `invalid-params` where the file holds something else by now. */
async function startAgain(
  { readStart }: RunStarting,
  { config, startSha256 }: RunManifest,
): Promise<StartParameters | undefined> {
  const start = await readStart(config);
  if (start?.sha256 === startSha256) return start;
  throw new AppError('invalid-params', 'the file that the run started from holds other parameters now', {
    file: basename(config.startFrom ?? ''),
    expected: `SHA-256 ${startSha256 ?? 'of none'}`,
    found: start?.sha256 ?? 'none',
    hint: 'the run has no checkpoint yet; start a new one',
  });
}

interface Launch {
  readonly place: RunPlace;
  readonly claim: WriterClaim;
  readonly manifest: RunManifest;
  readonly history: RunHistory;
  readonly data: DataFiles | undefined;
  readonly start: StartParameters | undefined;
  readonly point?: ResumePoint;
  readonly isResumed: boolean;
}

/** The claim is given back when the run has ended and nothing of it writes any more. */
function launch(
  starting: RunStarting,
  { place, claim, manifest, history, data, start, point, isResumed }: Launch,
): StartedRun {
  const { checkpoint, kept = [], findings = [] } = point ?? {};
  const previous = history.lastDigest();
  const job: TrainingJob = {
    config: manifest.config,
    totalSteps: manifest.totalSteps,
    ...(data ? { data } : {}),
    ...(start ? { start } : {}),
    ...(checkpoint
      ? {
          checkpoint: {
            file: checkpoint.file,
            tensors: [...checkpoint.tensors].map(([name, tensor]) => ({ name, ...tensor })),
            metadata: Object.fromEntries(checkpoint.metadata),
          },
        }
      : {}),
    isResumed,
    kept,
    findings,
    ...(previous === undefined ? {} : { previous }),
  };
  const trainer = starting.startTrainer({ folder: place.path, tag: manifest.id });
  const live = startLiveRun(trainer, job, history);
  void live.ended.then(() => claim.release());
  const record: StartedRun = { id: starting.idOf(place.path), place, manifest, history, live };
  starting.keep(record);
  return record;
}

function requireEqual(config: RunConfig | undefined, own: RunConfig, message: string): void {
  const names = config ? configDifference(config, own) : [];
  if (names.length === 0) return;
  throw new AppError(
    'invalid-params',
    `${message}: ${names.join(', ')} differ${names.length === 1 ? 's' : ''}`,
    {
      found: names.join(', '),
      hint: 'leave the configuration out to go on with the own one of the run, or start a new run',
    },
  );
}
