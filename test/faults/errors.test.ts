import { describe, expect, it } from 'vitest';

import type { FileSystem } from '#main/bytes/file-system.ts';
import type { RunEvent } from '#shared/run.ts';
import { isFull, report } from '#test/faults/kit/report.ts';
import { recover } from '#test/faults/kit/check-state.ts';
import { recordingDisk } from '#test/faults/kit/recording-disk.ts';
import {
  imageAfter,
  placeOn,
  record,
  sha256,
  SHORT,
  wholeCheckpoints,
  type Scenario,
  type Stage,
} from '#test/faults/kit/run-scenario.ts';

/** What a person reads of each. */
const CODES = {
  ENOSPC: 'the disk is full',
  EIO: 'the disk reported an input/output error',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open',
  EINTR: 'the system said EINTR',
} as const;

const SCENARIO: Scenario = {
  name: 'for errors',
  config: { layers: [3, 2], checkpoint: { everySteps: 1, keepLast: 2 } },
  stages: [{ steps: 2 }, { steps: 12 }],
};

/** How many calls the second stage makes when nothing fails. */
async function countCalls(): Promise<number> {
  let calls = 0;
  const counting = (): undefined => void calls++;
  await record({ ...SCENARIO, stages: [SCENARIO.stages[0]!, { steps: 12, failureAt: counting }] });
  return calls;
}

interface Case {
  readonly events: readonly RunEvent[];
  readonly startError: string | undefined;
  readonly failing: keyof FileSystem | undefined;
}

describe('any call of a resumed run fails once', () => {
  const tally = {
    cases: 0,
    'writes cut short': 0,
    'committed files lost': 0,
    'runs that ended with their last step saved': 0,
  };

  async function tryCall(number: number, code: keyof typeof CODES): Promise<void> {
    let calls = 0;
    let failing: Case['failing'];
    const failureAt = (_: number, call: keyof FileSystem): string | undefined => {
      if (++calls !== number) return undefined;
      failing = call;
      return code;
    };
    const events: RunEvent[] = [];
    const told: { readonly startError?: string } = {};
    const stages = [SCENARIO.stages[0]!, { steps: 12, failureAt }];
    const onEnd = (error: unknown) => Object.assign(told, { startError: String(error) });
    const recordings = await record({ ...SCENARIO, stages }, {}, (event) => events.push(event), onEnd);
    const at = `call ${number}, ${failing}, ${code}`;
    tally.cases++;

    const last = recordings.at(-1)!;
    const image = imageAfter(last);
    const disk = recordingDisk<never>(image);
    const { newest, kept } = await recover(placeOn(disk.folder, disk.system));
    const newestTold = Math.max(
      2,
      ...last.operations.flatMap((one) => (one.kind === 'mark' ? [one.mark.step] : [])),
    );
    expect(newest?.step ?? 0, at).toBeGreaterThanOrEqual(newestTold);
    const whole = wholeCheckpoints(last);
    for (const { file } of kept) {
      const isWhole = whole.get(file)?.has(sha256(image.get(file)!)) === true;
      if (!isWhole) tally['committed files lost']++;
      expect(isWhole, at).toBe(true);
    }
    expect(kept.length, at).toBeGreaterThanOrEqual(2);

    const problems = events.filter((event) => event.event === 'problem');
    // one trouble, one message, in words, told again at the end where it still stands
    expect(new Set(problems.map(({ message }) => message)).size, at).toBeLessThanOrEqual(1);
    for (const { message } of problems) {
      expect(message, at).toMatch(/^[a-z ]+ [\w.-]+ failed: /);
      expect(message, at).toContain(CODES[code]);
    }
    if (told.startError === undefined) {
      const done = events.find(({ event }) => event === 'done');
      expect(done, at).toMatchObject({ step: 12, state: 'finished' });
      expect(newest?.step, at).toBe(12);
      tally['runs that ended with their last step saved']++;
    } else {
      expect(told.startError, at).toContain(CODES[code]);
    }
  }

  it.each(Object.keys(CODES) as (keyof typeof CODES)[])(
    '%s: nothing that was saved is lost, there is one message, and saving recovers',
    async (code) => {
      const calls = await countCalls();
      expect(calls).toBeGreaterThan(145);
      // in the suite every call once, with one code or another
      const own = Object.keys(CODES).indexOf(code);
      for (let number = 1; number <= calls; number++) {
        if (isFull || number % Object.keys(CODES).length === own) await tryCall(number, code);
      }
    },
    300_000,
  );

  it('a write that takes half of its bytes is one of two, and nobody hears of it', async () => {
    const digests = (events: readonly RunEvent[]) =>
      events.flatMap((event) => (event.event === 'checkpoint' ? [`${event.step} ${event.sha256}`] : []));
    const play = async (failureAt: Stage['failureAt']) => {
      const events: RunEvent[] = [];
      const stages = [SCENARIO.stages[0]!, { steps: 12, ...(failureAt ? { failureAt } : {}) }];
      await record({ ...SCENARIO, stages }, {}, (event) => events.push(event));
      return events;
    };
    const expected = digests(await play(undefined));
    expect(expected).toHaveLength(10);
    let writes = 0;
    await play((_, call) => void (call === 'write' && writes++));
    expect(writes).toBeGreaterThan(50);
    for (let number = 1; number <= writes; number += isFull ? 1 : 3) {
      const events = await play((count, call) => (call === 'write' && count === number ? SHORT : undefined));
      expect(digests(events), `write ${number}`).toEqual(expected);
      expect(events.filter(({ event }) => event === 'problem')).toEqual([]);
      tally['writes cut short']++;
    }
  });

  it('and often enough to mean something', () => {
    report('errors injected', tally);
    expect(tally.cases).toBeGreaterThanOrEqual(isFull ? 1000 : 145);
    expect(tally['committed files lost']).toBe(0);
  });
});
