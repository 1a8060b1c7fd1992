import { readCheckpoint, type ReadCheckpoint } from '#main/services/runs/checkpoint-reader.ts';
import type { TrainingMemory } from '#main/services/runs/live-run.ts';
import { readHistory } from '#main/services/runs/run-folder.ts';
import type { CheckpointRecord } from '#main/services/runs/run-history.ts';
import { isTraining, type RunRecord } from '#main/services/runs/run-record.ts';
import { withHistograms } from '#main/services/runs/restore-histograms.ts';
import { compareFurtherSteps, compareProbes, compareTensors } from '#main/services/runs/restore-proof.ts';
import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import type { DataFiles } from '#main/trainer/dataset.ts';
import { rebuild, type RestoredState } from '#main/trainer/restore.ts';
import { isAppError } from '#shared/errors.ts';
import type { RestoreReport, RunConfig, RunProblem } from '#shared/run.ts';

/**
 * Rebuilds a clone from a checkpoint's file, as any program would, and holds it against the original: byte for byte
 * where the run stands paused at that step, else against what training memory held when the checkpoint was taken.
 * What is wrong with the file makes a report that says so. @throws AppError `io`, `cancelled`.
 */
export async function verifyRestore(
  record: RunRecord,
  step: number,
  readData: (config: RunConfig) => Promise<DataFiles | undefined>,
  signal: AbortSignal,
): Promise<RestoreReport> {
  const { id, place, manifest } = record;
  const file = checkpointName(step);
  const problems: RunProblem[] = [];
  const recorded = await recordedAt(record, step, problems);
  const memory = await memoryAt(record, step);
  const read = await attempt(step, problems, () => readCheckpoint(place.read, file, signal));
  const clone = read
    ? await attempt(step, problems, () => rebuild(read.tensors, read.metadata, file))
    : undefined;
  if (!recorded && clone) problems.push(withoutRecord(step, file));
  problems.push(...(await linksOf(record)).filter((link) => link.step === step));

  const digest = compareDigest(recorded, read);
  const rows = compareTensors(memory, recorded?.memory?.tensors ?? clone?.digests ?? {}, read?.tensors);
  const tensors = withHistograms(rows, memory, recorded?.memory?.histograms, read?.tensors);
  const probe = clone && compareProbes(clone, recorded?.memory?.probe, memory);
  const steps = await furtherSteps(record, step, clone, readData, problems, signal);
  const isIdentical =
    clone !== undefined &&
    digest.isEqual &&
    tensors.every(({ state }) => state === 'identical') &&
    probe?.isEqual !== false &&
    steps.isEqual;
  return {
    verdict: isIdentical ? 'identical' : 'different',
    run: id,
    name: manifest.name,
    step,
    file,
    byteLength: read?.byteLength ?? 0,
    digest,
    comparedWith: memory ? 'memory' : 'digests',
    tensors,
    ...(probe ? { probe } : {}),
    ...(clone?.classes ? { classes: clone.classes } : {}),
    steps,
    problems,
  };
}

/** What is known of a checkpoint. A run that trains here has told of it in short; what memory held is in the log alone. */
async function recordedAt(
  { history, place }: RunRecord,
  step: number,
  problems: RunProblem[],
): Promise<CheckpointRecord | undefined> {
  const known = history.checkpoint(step);
  if (!known || known.memory) return known;
  const logged = (await attempt(step, problems, () => readHistory(place)))?.checkpoint(step);
  return logged?.memory && logged.sha256 === known.sha256 ? { ...known, memory: logged.memory } : known;
}

/** What is broken in the chain of digests; a run that trains here has its links in the log alone. */
async function linksOf(record: RunRecord): Promise<readonly RunProblem[]> {
  const history = isTraining(record) ? await readHistory(record.place) : record.history;
  return history.brokenLinks();
}

/** Training memory itself, where the run stands still at that very step. */
async function memoryAt(record: RunRecord, step: number): Promise<TrainingMemory | undefined> {
  if (!isTraining(record) || record.live.state() !== 'paused' || record.live.step() !== step)
    return undefined;
  const memory = await record.live.copyMemory();
  return memory.step === step ? memory : undefined;
}

/** What is wrong with the content is a finding; a disk that fails is not. */
async function attempt<Result>(
  step: number,
  problems: RunProblem[],
  work: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error) || ['io', 'cancelled', 'internal'].includes(error.code)) throw error;
    const { file, hint } = error.fields;
    const where = error.fields.tensor === undefined ? '' : `${error.fields.tensor}: `;
    problems.push({
      step,
      code: 'not-restorable',
      message: `${where}${error.message}`,
      ...(file === undefined ? {} : { file }),
      ...(hint === undefined ? {} : { hint }),
    });
    return undefined;
  }
}

function compareDigest(
  recorded: CheckpointRecord | undefined,
  read: ReadCheckpoint | undefined,
): RestoreReport['digest'] {
  const found = read?.sha256 ?? '';
  if (!recorded) return { found, isEqual: read !== undefined };
  return { recorded: recorded.sha256, found, isEqual: recorded.sha256 === found };
}

async function furtherSteps(
  { manifest, history }: RunRecord,
  step: number,
  clone: RestoredState | undefined,
  readData: (config: RunConfig) => Promise<DataFiles | undefined>,
  problems: RunProblem[],
  signal: AbortSignal,
): Promise<RestoreReport['steps']> {
  if (!clone) return { rows: [], isEqual: true, note: 'there is no clone to train on' };
  const logged = history.pointsAfter(step, FURTHER_STEPS);
  if (logged.length === 0) {
    const isLast = step === manifest.totalSteps;
    return {
      rows: [],
      isEqual: true,
      note: isLast ? 'this is the last step of the run' : 'the run has not gone beyond this step yet',
    };
  }
  const compared = await attempt(step, problems, async () =>
    compareFurtherSteps(clone, await readData(manifest.config), logged, signal),
  );
  return compared ?? { rows: [], isEqual: true, note: 'the data could not be read' };
}

/** How far the clone is trained on. */
const FURTHER_STEPS = 10;

function withoutRecord(step: number, file: string): RunProblem {
  return {
    step,
    code: 'no-record',
    message: 'the log of the run does not tell of this checkpoint: it is held against its own digests',
    file,
  };
}
