import { expect, test } from 'vitest';

import { pacedUpdates } from '#main/services/paced-updates.ts';

function paced() {
  const sent: (readonly number[])[] = [];
  let time = 0;
  const updates = pacedUpdates<number>(
    (items) => void sent.push(items),
    () => time,
  );
  return { sent, updates, wait: (ms: number) => void (time += ms) };
}

test('the first is sent at once, those soon after it together', () => {
  const { sent, updates, wait } = paced();
  for (const item of [1, 2, 3]) updates.tell([item]);
  expect(sent).toEqual([[1]]);
  wait(100);
  updates.tell([4]);
  expect(sent).toEqual([[1], [2, 3, 4]]);
});

test('what is left is sent at the end, and nothing twice', () => {
  const { sent, updates } = paced();
  for (const item of [1, 2]) updates.tell([item]);
  updates.flush();
  updates.flush();
  expect(sent).toEqual([[1], [2]]);
});

test('progress without items is an update, too', () => {
  const { sent, updates, wait } = paced();
  updates.tell();
  wait(100);
  updates.tell();
  expect(sent).toEqual([[], []]);
});
