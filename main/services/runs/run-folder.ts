import { join } from 'node:path';

import { RUN_LOG_BYTES, RUN_MANIFEST_BYTES } from '#main/bytes/limits.ts';
import { writeAtomicallySync } from '#main/bytes/atomic-write.ts';
import { openLineLog } from '#main/bytes/line-log.ts';
import { removeTemporariesSync } from '#main/bytes/own-files.ts';
import { kindOfPath, makeFolder, readTextIn } from '#main/bytes/small-file.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import { createHistory, type RunHistory } from '#main/services/runs/run-history.ts';
import { parseRunLog } from '#main/services/runs/run-log.ts';
import { stepOfName } from '#main/trainer/checkpoint-name.ts';
import { parseRunConfig } from '#shared/commands/run-config.ts';
import { AppError, isAppError } from '#shared/errors.ts';
import type { RunConfig, RunEvent } from '#shared/run.ts';

const MANIFEST_NAME = 'run.json';
const LOG_NAME = 'run.jsonl';

/** What temporary names of the description carry: whoever comes after a kill may not know the run's id yet. */
const MANIFEST_TAG = 'run';

/** `run.json`: what a run was started as. It is written once more only where a resume asks for more steps. */
export interface RunManifest {
  /** Random; part of no checkpoint. */
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly totalSteps: number;
  readonly config: RunConfig;
  /** Names of the classes in order of the outputs, where the data have such. */
  readonly classes?: readonly string[];
  /** SHA-256 of the parameters it started from, where those came from a file. */
  readonly startSha256?: string;
}

/** Whether a folder holds a run, whole or in part. */
export async function holdsRun({ read }: RunPlace): Promise<boolean> {
  const entries = await read.list().catch((error: unknown) => {
    if (isAppError(error) && error.code === 'not-found') return [];
    throw error;
  });
  return entries.some(
    ({ name }) => name === MANIFEST_NAME || name === LOG_NAME || stepOfName(name) !== undefined,
  );
}

/** Makes the folder where there is none. @throws AppError `io`. */
export function writeManifest({ path, system }: RunPlace, manifest: RunManifest): void {
  makeFolder(path, system);
  const text = `${JSON.stringify({ version: 1, ...manifest }, null, 2)}\n`;
  writeAtomicallySync(join(path, MANIFEST_NAME), [Buffer.from(text)], {
    isReplacing: true,
    tag: MANIFEST_TAG,
    fileSystem: system,
  });
}

/** @throws AppError `not-found` where the folder holds no run, `corrupt` where its description is damaged. */
export async function readManifest({ read }: RunPlace): Promise<RunManifest> {
  const text = await readTextIn(read, MANIFEST_NAME, RUN_MANIFEST_BYTES);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError('corrupt', 'the description of the run is no JSON', { file: MANIFEST_NAME }, error);
  }
  const { id, name, startedAt, totalSteps, config, classes, startSha256 } = (value ?? {}) as Partial<
    Record<keyof RunManifest, unknown>
  >;
  const isWhole =
    typeof id === 'string' &&
    /^[0-9a-f]{1,64}$/.test(id) &&
    typeof name === 'string' &&
    typeof startedAt === 'string' &&
    typeof totalSteps === 'number' &&
    Number.isSafeInteger(totalSteps) &&
    totalSteps > 0 &&
    (classes === undefined || isTexts(classes)) &&
    (startSha256 === undefined || typeof startSha256 === 'string');
  if (!isWhole) {
    throw new AppError('corrupt', 'the description of the run is not complete', {
      file: MANIFEST_NAME,
      expected: 'id, name, startedAt, totalSteps and config',
      found: Object.keys(value ?? {}).join(', '),
    });
  }
  return {
    id,
    name,
    startedAt,
    totalSteps,
    config: parseRunConfig(config, MANIFEST_NAME),
    ...(classes ? { classes } : {}),
    ...(startSha256 === undefined ? {} : { startSha256 }),
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

/** What the run's log tells; a log that is missing tells nothing. @throws AppError `io`, `limit`. */
export async function readHistory({ read }: RunPlace): Promise<RunHistory> {
  const history = createHistory();
  if (!(await read.has(LOG_NAME))) return history;
  for (const event of parseRunLog(await readTextIn(read, LOG_NAME, RUN_LOG_BYTES))) history.apply(event);
  return history;
}

/** Adds events to the run's log, to stay; the caller holds the claim. @throws AppError `io`. */
export function appendToLog({ path, system }: RunPlace, events: readonly RunEvent[]): void {
  const log = openLineLog(join(path, LOG_NAME), system);
  try {
    log.append(
      events.map((event) => JSON.stringify(event)),
      true,
    );
  } finally {
    log.close();
  }
}

/** Base names of all that a run has written and that is to be kept, damaged checkpoints too; its description is the last one. */
export async function runFiles({ read }: RunPlace): Promise<readonly string[]> {
  const names = (await read.list()).filter(({ isFolder }) => !isFolder).map(({ name }) => name);
  const isOwn = (name: string) =>
    name === LOG_NAME || stepOfName(name.replace(/\.damaged(-\d+)?$/, '')) !== undefined;
  return [...names.filter(isOwn), ...names.filter((name) => name === MANIFEST_NAME)];
}

/** Deletes what killed writers of this run's files left behind, and nothing else; the caller holds the claim. @throws AppError `io`. */
export function removeLeftovers({ path, system }: RunPlace, id?: string): void {
  removeTemporariesSync(path, MANIFEST_TAG, system);
  if (id !== undefined) removeTemporariesSync(path, id, system);
}

/** Steps of the checkpoint files in a run's folder, newest first. */
export async function checkpointSteps({ read }: RunPlace): Promise<readonly number[]> {
  const entries = await read.list();
  return entries
    .filter(({ isFolder }) => !isFolder)
    .map(({ name }) => stepOfName(name))
    .filter((step): step is number => step !== undefined)
    .sort((a, b) => b - a);
}

/** A folder inside `parent` that is not there yet, named after the run. */
export async function freeFolder(parent: string, name: string): Promise<string> {
  const stem =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60) || 'run';
  for (let count = 1; ; count++) {
    const path = join(parent, count === 1 ? stem : `${stem}-${count}`);
    if ((await kindOfPath(path)) === 'missing') return path;
  }
}
