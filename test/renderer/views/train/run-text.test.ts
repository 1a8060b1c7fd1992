import { expect, test } from 'vitest';

import {
  configText,
  durationText,
  paceText,
  remainingText,
  saveRuleText,
} from '#renderer/views/train/run-text.ts';
import { MNIST_RUN_CONFIG } from '#shared/commands/run-config.ts';

test('durations read as a person says them', () => {
  expect([0, 7.9, 65, 760, 11_100].map(durationText)).toEqual(['0:00', '0:07', '1:05', '12:40', '3:05:00']);
});

test('what is left is said only while there is a pace', () => {
  expect(remainingText(100, 1_000, 90)).toBe('0:10');
  expect(remainingText(100, 1_000, 0)).toBeUndefined();
  expect(remainingText(1_000, 1_000, 90)).toBeUndefined();
});

test('a run that stands has no pace', () => {
  expect([paceText(0), paceText(2_345.6), paceText(3.14159)]).toEqual(['–', '2346 steps/s', '3.14 steps/s']);
});

test('a network and its data in one line', () => {
  expect(configText(MNIST_RUN_CONFIG)).toBe('784 → 256 → 10 relu, MNIST digits, adam');
});

test('when checkpoints are written is said in words', () => {
  const never = { everySteps: 0, everySeconds: 0, everyEpochs: 0 };
  expect(saveRuleText({ ...never, everySteps: 1000 })).toBe('every 1,000 steps');
  expect(saveRuleText({ everySteps: 1, everySeconds: 2.5, everyEpochs: 3 })).toBe(
    'every step, every 2.5 seconds, every 3 epochs',
  );
  expect(saveRuleText(never)).toBeUndefined();
});
