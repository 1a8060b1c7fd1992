import { describe, expect, it } from 'vitest';

import { drillReportText, drillVerdict, drillWaiting, livesOf } from '#renderer/views/train/drill-text.ts';
import type { DrillReport, DrillSnapshot } from '#shared/drill.ts';

const SNAPSHOT: DrillSnapshot = {
  part: 'killed',
  steps: 1200,
  uninterruptedStep: 1200,
  killedStep: 340,
  kills: [
    { step: 90, isInSave: false, resumedAt: 0 },
    { step: 310, isInSave: true, checkpoint: 300, halfWritten: 2048, resumedAt: 300 },
  ],
};
const REPORT: DrillReport = {
  verdict: 'identical',
  steps: 1200,
  kills: SNAPSHOT.kills,
  compared: 1200,
  files: [{ step: 1200, file: 'step-001200.safetensors', sha256: 'ab12', isEqual: true }],
};

describe('the lives of a drill', () => {
  it('begin where the one before was resumed from, and end where it was killed', () => {
    expect(livesOf(SNAPSHOT)).toEqual([
      { title: 'Left alone', from: 0, until: 1200, end: 'finished', told: 'trained to the end' },
      {
        title: 'Process 1',
        from: 0,
        until: 90,
        heldUntil: 0,
        end: 'killed',
        told: 'killed at step 90; left no checkpoint; begun anew',
      },
      {
        title: 'Process 2',
        from: 0,
        until: 310,
        heldUntil: 300,
        end: 'killed in a save',
        told: 'killed at step 310, in the middle of a save; left step 300 whole and 2.0 KiB half written; gone on from step 300',
      },
      { title: 'Process 3', from: 300, until: 340, end: 'training', told: 'trains' },
    ]);
  });

  it('are one while the first run is left alone, and end with a kill that nobody has followed yet', () => {
    expect(livesOf({ ...SNAPSHOT, part: 'uninterrupted', uninterruptedStep: 7, kills: [] })).toHaveLength(1);
    const kills = [{ step: 90, isInSave: false, checkpoint: 80 }];
    expect(livesOf({ ...SNAPSHOT, kills }).map(({ title }) => title)).toEqual(['Left alone', 'Process 1']);
  });
});

it('what is going on is said', () => {
  expect(drillWaiting(undefined, 6)).toBe('Starting the first process…');
  expect(drillWaiting(SNAPSHOT, 6)).toBe('Killed 2 times of 6: step 340 of 1,200');
});

describe('the verdict of a drill', () => {
  it('counts kills, saves, losses and checkpoints', () => {
    const { tone, sentence, details } = drillVerdict(REPORT);
    expect([tone, sentence]).toEqual(['good', 'Identical to the last bit after 2 kills.']);
    expect(details[0]).toContain('2 times, 1 of them in the middle of a save');
    expect(details[1]).toContain('1,200 losses bit for bit, 1 of 1 checkpoints equal');
  });

  it('names the first step that is different', () => {
    const { tone, sentence } = drillVerdict({ ...REPORT, verdict: 'different', firstDifferent: 41 });
    expect([tone, sentence]).toEqual(['bad', 'Different from step 41 on.']);
  });

  it('can be sent as text, with every digest', () => {
    const lines = drillReportText(REPORT).split('\n');
    expect(lines).toContain('equal  step-001200.safetensors  ab12');
    expect(lines.filter((line) => line.startsWith('Process'))).toHaveLength(3);
  });
});
