import { expect, test } from 'vitest';

import { describeMark, marksOf } from '#renderer/views/train/checkpoint-marks.ts';
import type { RunCheckpoint } from '#shared/run.ts';

const checkpoint = (
  step: number,
  status: RunCheckpoint['status'] = 'kept',
  reasons: readonly string[] = ['one of the last 5'],
): RunCheckpoint => ({ step, file: `step-${step}`, sha256: '', byteLength: 2048, status, reasons });

test('marks stand at their share of the axis', () => {
  const marks = marksOf([checkpoint(50), checkpoint(100), checkpoint(200)], 200, 0.01);
  expect(marks.map((mark) => mark.place)).toEqual([0.25, 0.5, 1]);
});

test('a checkpoint at step 0 of a run without a step is on the axis', () => {
  expect(marksOf([checkpoint(0)], 0, 0.01).map((mark) => mark.place)).toEqual([0]);
});

test('crowded marks of one status become one, of two statuses stay two', () => {
  const crowd = [
    checkpoint(10, 'dropped'),
    checkpoint(20, 'dropped'),
    checkpoint(25, 'damaged'),
    checkpoint(30, 'dropped'),
    checkpoint(900, 'dropped'),
  ];
  const marks = marksOf(crowd, 1000, 0.05);
  expect(marks.map((mark) => [mark.status, mark.checkpoints.map(({ step }) => step)])).toEqual([
    ['dropped', [10, 20, 30]],
    ['damaged', [25]],
    ['dropped', [900]],
  ]);
});

test('ten thousand checkpoints are no more marks than the axis has room for', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => checkpoint(index, 'dropped'));
  expect(marksOf(many, 9_999, 0.01).length).toBeLessThanOrEqual(101);
});

test('a mark says its step, its state and every reason', () => {
  const [mark] = marksOf([checkpoint(1000, 'kept', ['one of the last 5', 'every 500 steps'])], 1000, 0.01);
  expect(describeMark(mark!)).toBe('Step 1,000, kept: one of the last 5, every 500 steps · 2.0 KiB');
  const [gone] = marksOf([checkpoint(10, 'dropped', ['older than the last 5'])], 1000, 0.01);
  expect(describeMark(gone!)).toBe('Step 10, dropped: older than the last 5');
  const [group] = marksOf([checkpoint(10), checkpoint(11)], 1000, 0.01);
  expect(describeMark(group!)).toBe('2 checkpoints kept, steps 10 to 11');
});
