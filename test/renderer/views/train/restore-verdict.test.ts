import { describe, expect, test } from 'vitest';

import { reportText, restoreVerdict } from '#renderer/views/train/restore-verdict.ts';
import type { RestoreReport, RestoreTensorRow } from '#shared/run.ts';

const row = (name: string, state: RestoreTensorRow['state'] = 'identical'): RestoreTensorRow => ({
  name,
  dtype: 'f32',
  shape: [2],
  elementCount: 2,
  state,
  cloneSha256: 'ab'.repeat(32),
});

const proof: RestoreReport = {
  verdict: 'identical',
  run: 'r1',
  name: 'first',
  step: 100,
  file: 'step-000100.safetensors',
  byteLength: 2048,
  digest: { recorded: 'cd'.repeat(32), found: 'cd'.repeat(32), isEqual: true },
  comparedWith: 'digests',
  tensors: ['hidden.weight', 'hidden.bias', 'output.weight', 'output.bias'].map((name) => row(name)),
  probe: {
    shape: [2, 2],
    inputs: [[1], [2]],
    original: [
      [1, 2],
      [3, 4],
    ],
    clone: [
      [1, 2],
      [3, 4],
    ],
    difference: [
      [0, 0],
      [0, 0],
    ],
    isEqual: true,
    maxAbs: 0,
  },
  steps: { rows: [{ step: 101, logged: 0.5, clone: 0.5 }], isEqual: true },
  problems: [],
};

test('classes with names are told in order of the outputs', () => {
  const named = { ...proof, classes: ['cat', 'dog'] };
  expect(restoreVerdict(named).details).toContain('Outputs stand for 0 cat, 1 dog.');
  expect(reportText(named)).toContain('Outputs stand for 0 cat, 1 dog.');
});

describe('the verdict over a restore', () => {
  const check = (changes: Partial<RestoreReport>, sentence: string) => {
    expect(restoreVerdict({ ...proof, ...changes }).sentence).toBe(sentence);
  };

  test('counts tensors and output cells', () => {
    check({}, 'Identical: 4 of 4 tensors, every bit. Outputs equal: 4 of 4.');
  });

  test('says how many are not equal', () => {
    const clone = [
      [1, 2],
      [3, 4.5],
    ];
    check(
      {
        verdict: 'different',
        tensors: [row('a'), row('b', 'different'), row('c', 'missing')],
        probe: { ...proof.probe!, clone, isEqual: false, maxAbs: 0.5 },
      },
      'Different: 1 of 3 tensors equal bit for bit. Outputs equal: 3 of 4.',
    );
  });

  test('never claims equal outputs where the engine saw other bits', () => {
    check(
      { verdict: 'different', probe: { ...proof.probe!, isEqual: false } },
      'Different: 4 of 4 tensors equal bit for bit. Outputs equal: 3 of 4.',
    );
  });

  test('says that outputs were not compared', () => {
    const without: { -readonly [Key in keyof RestoreReport]: RestoreReport[Key] } = { ...proof };
    delete without.probe;
    expect(restoreVerdict({ ...without, verdict: 'different' }).sentence).toContain(
      'none of the original were recorded',
    );
    const unread = {
      ...without,
      verdict: 'different' as const,
      tensors: [{ ...row('a', 'missing'), cloneSha256: undefined as never }],
    };
    expect(restoreVerdict(unread).sentence).toContain('no network could be rebuilt');
  });
});

test('the details say with what it was compared, what further steps gave, and the file digest', () => {
  expect(restoreVerdict(proof).details).toEqual([
    'Compared with SHA-256 digests taken from training memory at step 100, before anything was serialized.',
    'Trained on from the clone: 1 further step, each loss equal to the log.',
    'step-000100.safetensors has the SHA-256 it was written with.',
  ]);
  const other = restoreVerdict({
    ...proof,
    comparedWith: 'memory',
    steps: { rows: proof.steps.rows, isEqual: false, firstDifferent: 101 },
    digest: { recorded: 'ff', found: 'ee', isEqual: false },
  });
  expect(other.details).toEqual([
    'Compared byte for byte with the original, which stands in memory at step 100.',
    'Trained on from the clone: 1 further step; the loss leaves the log at step 101.',
    'step-000100.safetensors has changed since it was written: its SHA-256 is another.',
  ]);
});

test('the report as text holds the verdict, the digest, every tensor and every loss in full', () => {
  const text = reportText({
    ...proof,
    steps: { rows: [{ step: 101, logged: 0.1 + 0.2, clone: 0.1 + 0.2 }], isEqual: true },
  });
  expect(text).toContain('Identical: 4 of 4 tensors, every bit.');
  expect(text).toContain(`sha256    ${'cd'.repeat(32)}`);
  expect(text).toContain(`identical  output.bias  f32 2  ${'ab'.repeat(32)}`);
  expect(text).toContain('101  0.30000000000000004  0.30000000000000004');
});
