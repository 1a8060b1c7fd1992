import { basename } from 'node:path';

import type { LiveRun } from '#main/services/runs/live-run.ts';
import type { RunManifest } from '#main/services/runs/run-folder.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import type { RunHistory } from '#main/services/runs/run-history.ts';
import {
  isLive,
  type RunDescription,
  type RunPoint,
  type RunSnapshot,
  type RunState,
  type RunWriter,
} from '#shared/run.ts';

/** A run as this process knows it: in training, or found on disk. */
export interface RunRecord {
  readonly id: string;
  readonly place: RunPlace;
  readonly manifest: RunManifest;
  readonly history: RunHistory;
  /** While it trains, and after that until somebody resumes it. */
  readonly live?: LiveRun;
  /** Another process that trains it, or was training it when it was looked at. */
  readonly writer?: RunWriter;
}

/** A run that nobody trains and that never came to its end was stopped, by whatever. */
export function stateOf({ live, history }: RunRecord): RunState {
  return live ? live.state() : (history.end() ?? 'stopped');
}

export function isTraining(record: RunRecord): record is RunRecord & { readonly live: LiveRun } {
  return record.live !== undefined && isLive(record.live.state());
}

export function describeRun(record: RunRecord): RunDescription {
  const { id, place, manifest, history, live } = record;
  const checkpoints = history.checkpoints().map(({ memory: _, ...checkpoint }) => checkpoint);
  return {
    id,
    name: manifest.name,
    folder: basename(place.path),
    config: manifest.config,
    state: stateOf(record),
    step: live ? live.step() : history.step(),
    totalSteps: manifest.totalSteps,
    checkpoints,
    byteLength: checkpoints.reduce(
      (sum, { status, byteLength }) => sum + (status === 'kept' ? byteLength : 0),
      0,
    ),
    startedAt: manifest.startedAt,
    ...(manifest.classes ? { classes: manifest.classes } : {}),
    ...(record.writer ? { writer: record.writer } : {}),
  };
}

/** @param points what the receiver has not seen yet. */
export function snapshotOf(record: RunRecord, points: readonly RunPoint[]): RunSnapshot {
  const { id, manifest, history, live } = record;
  return {
    run: id,
    name: manifest.name,
    state: stateOf(record),
    step: live ? live.step() : history.step(),
    totalSteps: manifest.totalSteps,
    epoch: live ? live.epoch() : history.epoch(),
    stepsPerSecond: live && isTraining(record) ? live.stepsPerSecond() : 0,
    points,
    validation: history.validation().slice(),
    checkpoints: history.checkpoints().map(({ memory: _, ...checkpoint }) => checkpoint),
    isSaving: live ? live.isSaving() : false,
    problems: history.problems().slice(),
    ...(record.writer ? { writer: record.writer } : {}),
  };
}
