/** What a crash drill shows: the lives of its processes on the axis of steps, and what came of them in words. */
import type { Verdict } from '#renderer/ui/verdict.ts';
import { formatBytes, formatCount as count } from '#shared/display.ts';
import type { DrillKill, DrillReport, DrillSnapshot } from '#shared/drill.ts';

/** What one process trained. */
export interface DrillLife {
  readonly title: string;
  /** Step that it began after. */
  readonly from: number;
  /** The last step it told of. */
  readonly until: number;
  /** Where it ended by a kill: the steps after this one were trained again; absent where there is no next process yet. */
  readonly heldUntil?: number;
  readonly end: 'training' | 'finished' | 'killed' | 'killed in a save';
  readonly told: string;
}

/** In order: the run that is left alone, then each process of the one that is killed. */
export function livesOf({
  part,
  steps,
  uninterruptedStep,
  killedStep,
  kills,
}: DrillSnapshot): readonly DrillLife[] {
  const isAlone = part === 'uninterrupted';
  const lives: DrillLife[] = [
    {
      title: 'Left alone',
      from: 0,
      until: isAlone ? uninterruptedStep : steps,
      end: isAlone ? 'training' : 'finished',
      told: isAlone ? 'trains' : 'trained to the end',
    },
  ];
  if (isAlone) return lives;
  let from = 0;
  for (const [index, kill] of kills.entries()) {
    const held = kill.resumedAt === undefined ? {} : { heldUntil: kill.resumedAt };
    lives.push({
      title: `Process ${index + 1}`,
      from,
      until: kill.step,
      ...held,
      end: kill.isInSave ? 'killed in a save' : 'killed',
      told: killText(kill),
    });
    if (kill.resumedAt === undefined) return lives;
    from = kill.resumedAt;
  }
  const isDone = part === 'comparing';
  lives.push({
    title: `Process ${kills.length + 1}`,
    from,
    until: isDone ? steps : Math.max(from, killedStep),
    end: isDone ? 'finished' : 'training',
    told: isDone ? 'trained to the end' : 'trains',
  });
  return lives;
}

/** The lives of a drill that is over. */
export function livesOfReport({ steps, kills }: DrillReport): readonly DrillLife[] {
  return livesOf({ part: 'comparing', steps, uninterruptedStep: steps, killedStep: steps, kills });
}

function killText({ step, isInSave, checkpoint, halfWritten, resumedAt }: DrillKill): string {
  const where = isInSave ? ', in the middle of a save' : '';
  const newest = checkpoint === undefined ? 'no checkpoint' : `step ${count(checkpoint)} whole`;
  const half = halfWritten === undefined ? '' : ` and ${formatBytes(halfWritten)} half written`;
  const next =
    resumedAt === undefined
      ? ''
      : resumedAt === 0
        ? '; begun anew'
        : `; gone on from step ${count(resumedAt)}`;
  return `killed at step ${count(step)}${where}; left ${newest}${half}${next}`;
}

/** What is going on, before there is a verdict. */
export function drillWaiting(snapshot: DrillSnapshot | undefined, kills: number): string {
  if (!snapshot) return 'Starting the first process…';
  const { part, steps } = snapshot;
  if (part === 'comparing') return 'Comparing the two runs…';
  if (part === 'uninterrupted')
    return `Training undisturbed: step ${count(snapshot.uninterruptedStep)} of ${count(steps)}`;
  return `Killed ${times(snapshot.kills.length)} of ${count(kills)}: step ${count(snapshot.killedStep)} of ${count(steps)}`;
}

export function drillVerdict(report: DrillReport): Verdict {
  const { verdict, kills, compared, files, firstDifferent } = report;
  const inSave = kills.filter(({ isInSave }) => isInSave).length;
  const equal = files.filter(({ isEqual }) => isEqual).length;
  const isIdentical = verdict === 'identical';
  const sentence = isIdentical
    ? `Identical to the last bit after ${kills.length === 1 ? 'one kill' : `${count(kills.length)} kills`}.`
    : firstDifferent === undefined
      ? 'Different: the last step of both runs could not be compared.'
      : `Different from step ${count(firstDifferent)} on.`;
  return {
    tone: isIdentical ? 'good' : 'bad',
    sentence,
    details: [
      `Killed by SIGKILL ${times(kills.length)}, ${count(inSave)} of them in the middle of a save; resumed each time.`,
      `Compared with the uninterrupted run: ${count(compared)} losses bit for bit, ${count(equal)} of ${count(files.length)} checkpoints equal byte for byte.`,
      'Both runs were deleted; no run of yours was touched.',
    ],
  };
}

/** The whole report as text that can be pasted into a message. */
export function drillReportText(report: DrillReport): string {
  const { sentence, details } = drillVerdict(report);
  return [
    `Crash drill of ${count(report.steps)} steps`,
    sentence,
    ...details,
    '',
    ...livesOfReport(report).map(({ title, told }) => `${title}: ${told}`),
    '',
    ...report.files.map(
      ({ file, sha256, isEqual }) => `${isEqual ? 'equal' : 'different'}  ${file}  ${sha256}`,
    ),
    '',
  ].join('\n');
}

function times(value: number): string {
  return value === 1 ? 'once' : `${count(value)} times`;
}
