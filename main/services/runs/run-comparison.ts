import { fileDigest } from '#main/services/runs/checkpoint-reader.ts';
import { checkpointSteps, readHistory } from '#main/services/runs/run-folder.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import type { DrillReport } from '#shared/drill.ts';

/** Holds one run against another: the loss of every step, and every byte of the checkpoints that both have. */
export async function compareRuns(
  one: RunPlace,
  other: RunPlace,
  signal: AbortSignal,
): Promise<Omit<DrillReport, 'kills' | 'steps'>> {
  const [lossesOfOne, lossesOfOther] = await Promise.all([lossesOf(one), lossesOf(other)]);
  const steps = [...new Set([...lossesOfOne.keys(), ...lossesOfOther.keys()])].sort((a, b) => a - b);
  // the same bits, NaN and minus zero included
  const first = steps.find((step) => !Object.is(lossesOfOne.get(step), lossesOfOther.get(step)));
  const inOther = new Set(await checkpointSteps(other));
  const files: DrillReport['files'][number][] = [];
  for (const step of (await checkpointSteps(one)).filter((step) => inOther.has(step))) {
    const file = checkpointName(step);
    const sha256 = await fileDigest(one.read, file, signal);
    files.push({ step, file, sha256, isEqual: sha256 === (await fileDigest(other.read, file, signal)) });
  }
  const last = steps[steps.length - 1];
  // nothing compared is nothing proved: the last step is on both disks, or this is no proof
  const isProved = last !== undefined && files.some(({ step }) => step === last);
  const isIdentical = first === undefined && isProved && files.every(({ isEqual }) => isEqual);
  const firstFile = [...files].reverse().find(({ isEqual }) => !isEqual)?.step;
  const firstDifferent = first ?? firstFile;
  return {
    verdict: isIdentical ? 'identical' : 'different',
    compared: steps.length,
    files,
    ...(firstDifferent === undefined ? {} : { firstDifferent }),
  };
}

async function lossesOf(place: RunPlace): Promise<ReadonlyMap<number, number>> {
  const history = await readHistory(place);
  return new Map(history.pointsAfter(0, Infinity).map(({ step, loss }) => [step, loss]));
}
