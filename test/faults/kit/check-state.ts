import { recoverRun } from '#main/services/runs/resume-point.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import { recordingDisk } from '#test/faults/kit/recording-disk.ts';
import {
  placeOn,
  sha256,
  wholeCheckpoints,
  type Acknowledged,
  type Recording,
  type Scenario,
} from '#test/faults/kit/run-scenario.ts';

/** What the start of a process makes of a disk: the checkpoint it goes on from, and what it leaves there. */
export interface Recovery {
  /** Absent where it starts from the beginning. */
  readonly newest?: { readonly step: number; readonly file: string; readonly sha256: string };
  /** Checkpoints that retention counts on. */
  readonly kept: readonly { readonly step: number; readonly file: string }[];
  readonly runId: string;
}

export type Recover = (place: RunPlace) => Promise<Recovery>;

/** As the product does it. */
export const recover: Recover = async (place) => {
  const { manifest, point } = await recoverRun(place);
  const { checkpoint, restored, kept } = point;
  return {
    ...(checkpoint && restored
      ? { newest: { step: restored.state.step, file: checkpoint.file, sha256: checkpoint.sha256 } }
      : {}),
    kept,
    runId: manifest.id,
  };
};

/** The disk after a recovery, or why there was none. */
interface Outcome {
  readonly recovery?: Recovery;
  readonly error?: string;
  readonly image: ReadonlyMap<string, Uint8Array>;
}

/** Holds the states of one recording against the promises; equal disks are recovered once. */
export interface Checker {
  /** @returns which promises are broken, in words. */
  check(
    key: string,
    image: () => ReadonlyMap<string, Uint8Array>,
    marks: readonly Acknowledged[],
  ): Promise<readonly string[]>;
  /** Disks that were recovered. */
  recovered(): number;
}

export function createChecker(scenario: Scenario, recording: Recording, how: Recover = recover): Checker {
  const whole = wholeCheckpoints(recording);
  const outcomes = new Map<string, Outcome>();
  const damaged = scenario.damagedStep === undefined ? undefined : damagedBytes(scenario, recording);

  /** Steps whose good copies were there before anything of this part happened. */
  const atFirst = recording.told
    .map(({ step }) => step)
    .filter((step) => step !== scenario.damagedStep && recording.initial.has(checkpointName(step)));

  async function outcomeOf(exact: string, image: () => ReadonlyMap<string, Uint8Array>): Promise<Outcome> {
    // temporary files are deleted by their names: what half a one holds makes no difference
    const key = exact.replace(/(^|\|)(\.paramscope-[^=]*)=[^|]*/g, '$1$2');
    const known = outcomes.get(key);
    if (known) return known;
    const disk = recordingDisk<never>(image());
    const place = placeOn(disk.folder, disk.system);
    const outcome: Outcome = await how(place).then(
      (recovery) => ({ recovery, image: disk.image() }),
      (error: unknown) => ({ error: String(error), image: disk.image() }),
    );
    outcomes.set(key, outcome);
    return outcome;
  }

  return {
    recovered: () => outcomes.size,
    check: async (key, image, marks) => {
      const { recovery, error, image: left } = await outcomeOf(key, image);
      // what a scenario damages on purpose is no longer to be had
      const told = [...recording.told, ...marks].filter(({ step }) => step !== scenario.damagedStep);
      const broken: string[] = [];
      for (const [name, text] of Object.entries(scenario.foreign ?? {})) {
        if (Buffer.compare(left.get(name) ?? Buffer.alloc(0), Buffer.from(text)) !== 0)
          broken.push(`${name}, which is none of ours, was touched`);
      }
      if (damaged && ![...left.values()].some((bytes) => Buffer.compare(bytes, damaged) === 0))
        broken.push('a damaged file was lost');
      if (!recovery) {
        // before the first checkpoint was told of, there may be no run yet
        if (told.length > 0) broken.push(`the run cannot be opened: ${error}`);
        return broken;
      }
      const newestTold = Math.max(0, ...told.map(({ step }) => step));
      const found = recovery.newest?.step ?? 0;
      if (found < newestTold) broken.push(`step ${newestTold} was told of, and step ${found} is left`);
      if (recovery.newest && whole.get(recovery.newest.file)?.has(recovery.newest.sha256) !== true)
        broken.push(`${recovery.newest.file} is not what was written`);
      const sound = recovery.kept.filter(({ file }) => {
        const bytes = left.get(file);
        return bytes !== undefined && whole.get(file)?.has(sha256(bytes)) === true;
      });
      const copies = new Set([...atFirst, ...marks.map(({ step }) => step)]);
      const due = Math.min(2, copies.size);
      if (sound.length < due) broken.push(`${due} good copies were told of, and ${sound.length} are left`);
      if (sound.length < recovery.kept.length) broken.push('a checkpoint that counts as good is not');
      for (const name of left.keys()) {
        if (/^\.paramscope-(run|ID)-/.test(name.replace(recovery.runId, 'ID')))
          broken.push(`${name} is left lying about`);
      }
      return broken;
    },
  };
}

function damagedBytes(scenario: Scenario, recording: Recording): Uint8Array | undefined {
  // only the part after the damage begins with it on the disk
  return recording.told.length === 0
    ? undefined
    : recording.initial.get(checkpointName(scenario.damagedStep ?? 0));
}
