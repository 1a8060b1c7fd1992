import { describe, expect, it } from 'vitest';

import type { FileSystem } from '#main/bytes/file-system.ts';
import { recover } from '#test/faults/kit/check-state.ts';
import { recordingDisk } from '#test/faults/kit/recording-disk.ts';
import { isFull, report } from '#test/faults/kit/report.ts';
import {
  imageAfter,
  placeOn,
  record,
  sha256,
  wholeCheckpoints,
  type Scenario,
  type Stage,
} from '#test/faults/kit/run-scenario.ts';

/** What happens first and what while that is dealt with; `death` is the end of the process, not an error. */
const PAIRS = [
  ['ENOSPC', 'EIO'],
  ['EIO', 'EACCES'],
  ['EDQUOT', 'EROFS'],
  ['EMFILE', 'ENOSPC'],
  ['ENOSPC', 'death'],
  ['EIO', 'death'],
] as const;

const STEPS = 6;
const LAST = 'step-000006.safetensors';
/** Calls after the first fault within which the second comes: those of its cleanup, of the log, of the whole next save. */
const REACH = 60;

const SCENARIO: Scenario = {
  name: 'for two faults',
  config: { layers: [3, 2], checkpoint: { everySteps: 1, keepLast: 2 } },
  // a run of two checkpoints, its resumption that meets the faults, and one that meets none
  stages: [{ steps: 2 }, { steps: STEPS }, { steps: STEPS }],
};

type FailureAt = NonNullable<Stage['failureAt']>;

function play(failureAt: FailureAt) {
  const [first, , last] = SCENARIO.stages;
  return record({ ...SCENARIO, stages: [first!, { steps: STEPS, failureAt }, last!] });
}

async function undisturbed() {
  const calls: (keyof FileSystem)[] = [];
  const recordings = await play((_, call) => void calls.push(call));
  return { calls, digest: sha256(imageAfter(recordings.at(-1)!).get(LAST)!) };
}

describe('two calls of a resumed run fail, the second while the first is dealt with', () => {
  const tally = {
    pairs: 0,
    'ended by death': 0,
    'in a cleanup': 0,
    'at a renaming': 0,
    'at a sync': 0,
    'committed files lost': 0,
  };

  async function tryPair(first: number, second: number, digest: string): Promise<void> {
    const [code, then] = PAIRS[(first + second) % PAIRS.length]!;
    let calls = 0;
    let isDead = false;
    let secondCall: keyof FileSystem | undefined;
    const recordings = await play((_, call) => {
      calls++;
      if (calls === first) return code;
      if (isDead) return 'EIO';
      if (calls !== second) return undefined;
      secondCall = call;
      isDead = then === 'death';
      return isDead ? 'EIO' : then;
    });
    const at = `calls ${first} (${code}) and ${second} (${secondCall}, ${then})`;
    tally.pairs++;
    if (isDead) tally['ended by death']++;
    if (secondCall === 'unlink') tally['in a cleanup']++;
    if (secondCall === 'rename') tally['at a renaming']++;
    if (secondCall === 'fsync') tally['at a sync']++;

    // what the faults left: everything that was told of, and nothing that is not whole
    const [, disturbed, after] = recordings;
    const disk = recordingDisk<never>(after!.initial);
    const { newest, kept } = await recover(placeOn(disk.folder, disk.system));
    expect(newest?.step ?? 0, at).toBeGreaterThanOrEqual(Math.max(...after!.told.map(({ step }) => step)));
    const whole = wholeCheckpoints(disturbed!);
    for (const { file } of kept) {
      const isWhole = whole.get(file)?.has(sha256(after!.initial.get(file)!)) === true;
      if (!isWhole) tally['committed files lost']++;
      expect(isWhole, `${at}: ${file}`).toBe(true);
    }
    expect(kept.length, at).toBeGreaterThanOrEqual(2);

    // and a process that meets no faults ends as if there had been none
    const end = imageAfter(recordings.at(-1)!);
    expect(sha256(end.get(LAST) ?? new Uint8Array(0)), at).toBe(digest);
    expect(
      [...end.keys()].filter((name) => name.endsWith('.tmp')),
      at,
    ).toEqual([]);
  }

  it('nothing that was told of is lost, and the next process goes on to the same end', async () => {
    const { calls, digest } = await undisturbed();
    expect(calls.length).toBeGreaterThan(80);
    let pair = 0;
    for (let first = 1; first <= calls.length; first++) {
      for (let second = first + 1; second <= first + REACH; second++) {
        // a stride that shares no factor with the reach goes through all distances
        if (isFull || pair++ % 37 === 0) await tryPair(first, second, digest);
      }
    }
  }, 1_800_000);

  it('and often enough to mean something', () => {
    report('two faults', tally);
    expect(tally.pairs).toBeGreaterThanOrEqual(isFull ? 2000 : 130);
    for (const count of ['ended by death', 'at a renaming', 'at a sync'] as const)
      expect(tally[count], count).toBeGreaterThan(0);
    expect(tally['committed files lost']).toBe(0);
  });
});
