import { join } from 'node:path';

import { setAsideSync } from '#main/bytes/own-files.ts';
import {
  checkpointSteps,
  readHistory,
  readManifest,
  removeLeftovers,
  type RunManifest,
} from '#main/services/runs/run-folder.ts';
import { BROKEN_LINK } from '#main/services/runs/digest-chain.ts';
import { fileDigest, readCheckpoint, type ReadCheckpoint } from '#main/services/runs/checkpoint-reader.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import type { RunHistory } from '#main/services/runs/run-history.ts';
import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import type { KeptCheckpoint } from '#main/trainer/messages.ts';
import { restore, type RestoredState } from '#main/trainer/restore.ts';
import { AppError, isAppError } from '#shared/errors.ts';
import type { RunConfig, RunEvent } from '#shared/run.ts';

/** Where a run can go on from. */
export interface ResumePoint {
  /** The newest valid checkpoint; absent where there is none. */
  readonly checkpoint?: ReadCheckpoint;
  readonly restored?: RestoredState;
  /** Valid checkpoints in the folder. */
  readonly kept: readonly KeptCheckpoint[];
  /** What was wrong with those that are not valid; their files are renamed already. */
  readonly findings: readonly RunEvent[];
}

/** A run's folder after whatever happened to it: what it says, and where to go on from. */
export interface RecoveredRun {
  readonly manifest: RunManifest;
  readonly history: RunHistory;
  readonly point: ResumePoint;
}

/** The first thing that is done with a run's folder; the caller holds its claim. @throws AppError as reading does. */
export async function recoverRun(place: RunPlace): Promise<RecoveredRun> {
  const manifest = await readManifest(place);
  const history = await readHistory(place);
  removeLeftovers(place, manifest.id);
  const point = await findResumePoint(place, history, manifest.config);
  const told = new Set(history.problems().flatMap(({ code, step }) => (code === BROKEN_LINK ? [step] : [])));
  const broken = history.brokenLinks().filter(({ step }) => !told.has(step));
  const findings = broken.map((problem): RunEvent => ({ event: 'problem', ...problem }));
  return { manifest, history, point: { ...point, findings: [...findings, ...point.findings] } };
}

/**
 * Looks for the newest checkpoint that is whole: read by the ordinary way, strictly restored, with the digest that the
 * log recorded. Damaged ones are set aside as `….damaged` and named. Errors of the disk are thrown, not taken for damage.
 */
export async function findResumePoint(
  place: RunPlace,
  history: RunHistory,
  config: RunConfig,
): Promise<ResumePoint> {
  const findings: RunEvent[] = [];
  const kept: KeptCheckpoint[] = [];
  let newest: { readonly checkpoint: ReadCheckpoint; readonly restored: RestoredState } | undefined;

  for (const step of await checkpointSteps(place)) {
    const file = checkpointName(step);
    try {
      const { sha256: recorded, score, isPinned } = history.checkpoint(step) ?? {};
      if (!newest) {
        const checkpoint = await readCheckpoint(place.read, file);
        requireDigest(recorded, checkpoint.sha256, file);
        newest = { checkpoint, restored: restore(checkpoint.tensors, checkpoint.metadata, file) };
      } else if (kept.length < config.checkpoint.keepLast) {
        // retention counts on these being whole
        requireDigest(recorded, await fileDigest(place.read, file), file);
      }
      const rank = score === undefined ? {} : { score };
      kept.push({ step, file, ...rank, ...(isPinned ? { isPinned } : {}) });
    } catch (error) {
      if (!isDamage(error)) throw error;
      const hint = `it is kept as ${setAsideSync(join(place.path, file), place.system)}`;
      findings.push({
        event: 'problem',
        step,
        code: 'checkpoint-damaged',
        message: error.message,
        file,
        hint,
      });
    }
  }
  return { ...newest, kept, findings };
}

function requireDigest(recorded: string | undefined, found: string, file: string): void {
  if (recorded === undefined || recorded === found) return;
  throw new AppError('corrupt', 'the file is not the one that was written', {
    file,
    expected: `SHA-256 ${recorded}`,
    found,
  });
}

/** Whether the content is wrong, rather than the disk or our age. */
function isDamage(error: unknown): error is AppError {
  return (
    isAppError(error) && (['corrupt', 'unknown-format', 'limit'] as const).some((code) => code === error.code)
  );
}
