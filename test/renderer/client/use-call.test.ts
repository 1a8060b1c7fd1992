import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { effectScope, nextTick, shallowRef } from 'vue';

import { activities } from '#renderer/client/activities.ts';
import { connectTo } from '#renderer/client/client.ts';
import { useAsk, type Question } from '#renderer/client/use-ask.ts';
import { useCall, useCallOf } from '#renderer/client/use-call.ts';
import { AppError, toWire } from '#shared/errors.ts';
import type { Request, Response } from '#shared/rpc.ts';

type Call = Extract<Request, { kind: 'call' }>;

/** The engine's end of a port, answered by hand. */
let sent: Request[];
let answer: (message: Response) => void;

beforeEach(() => {
  sent = [];
  connectTo({
    send: (message) => sent.push(message as Request),
    listen: (onMessage) => (answer = onMessage),
  });
});
afterEach(() => void vi.useRealTimers());

const calls = () => sent.filter((message): message is Call => message.kind === 'call');
const cancels = () => sent.filter(({ kind }) => kind === 'cancel').map(({ id }) => id);
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('a command that is run again and again', () => {
  test('keeps the old value until the new one is there', async () => {
    const { loadable, run } = useCall('file.list');
    void run({ folder: 'a' });
    expect(loadable.state).toBe('loading');
    answer({ kind: 'reply', id: calls()[0]!.id, result: 'first' });
    await settled();
    void run({ folder: 'b' });
    expect([loadable.state, loadable.value]).toEqual(['loading', 'first']);
    answer({ kind: 'reply', id: calls()[1]!.id, result: 'second' });
    await settled();
    expect([loadable.state, loadable.value]).toEqual(['ready', 'second']);
  });

  test('aborts what runs when it is run anew, and lets nothing of it through', async () => {
    const { loadable, run } = useCall('file.list');
    const first = run({ folder: 'a' });
    const second = run({ folder: 'b' });
    expect(cancels()).toEqual([calls()[0]!.id]);
    answer({ kind: 'reply', id: calls()[0]!.id, result: 'late' });
    answer({ kind: 'reply', id: calls()[1]!.id, result: 'right' });
    expect(await Promise.all([first, second])).toEqual([undefined, 'right']);
    expect(loadable.value).toBe('right');
  });

  test('keeps a failure as state, beside the value of before', async () => {
    const { loadable, run } = useCall('file.list');
    void run({ folder: 'a' });
    answer({ kind: 'reply', id: calls()[0]!.id, result: 'first' });
    await settled();
    void run({ folder: 'b' });
    const error = new AppError('io', 'the folder cannot be read', { file: 'b' });
    answer({ kind: 'error', id: calls()[1]!.id, error: toWire(error) });
    await settled();
    expect([loadable.state, loadable.value, loadable.error?.message, loadable.error?.fields]).toEqual([
      'failed',
      'first',
      'the folder cannot be read',
      { file: 'b' },
    ]);
  });

  test('is over when its screen goes away', () => {
    const scope = effectScope();
    scope.run(() => void useCall('file.list').run({ folder: 'a' }));
    scope.stop();
    expect(cancels()).toEqual([calls()[0]!.id]);
  });

  test('cancelled, goes back to what it was, without an error', async () => {
    const { loadable, run, cancel } = useCall('file.list');
    void run({ folder: 'a' });
    cancel();
    await settled();
    expect([loadable.state, loadable.error]).toEqual(['idle', undefined]);
  });
});

describe('a command that follows its params', () => {
  test('is asked again only when their content changes', async () => {
    const params = shallowRef<{ folder: string } | undefined>({ folder: 'a' });
    const scope = effectScope();
    const loadable = scope.run(() => useCallOf('file.list', () => params.value))!;
    params.value = { folder: 'a' };
    await nextTick();
    expect(calls()).toHaveLength(1);
    params.value = { folder: 'b' };
    await nextTick();
    expect(calls().map((call) => call.params)).toEqual([{ folder: 'a' }, { folder: 'b' }]);
    params.value = undefined;
    await nextTick();
    expect(loadable.state).toBe('idle');
    scope.stop();
  });
});

describe('a question whose command changes', () => {
  test('has its answer beside the context it was asked in', async () => {
    const question = shallowRef<Question<string>>({
      command: 'file.list',
      params: { folder: 'a' },
      context: 'tensor a',
      title: 'A',
    });
    const scope = effectScope();
    const asked = scope.run(() => useAsk(() => question.value))!;
    answer({ kind: 'reply', id: calls()[0]!.id, result: 'answer a' });
    await settled();
    question.value = { ...question.value, command: 'file.recent', params: {}, context: 'tensor b' };
    await nextTick();
    expect([asked.isLoading, asked.answer]).toEqual([
      true,
      { command: 'file.list', context: 'tensor a', value: 'answer a', isPartial: false },
    ]);
    answer({ kind: 'reply', id: calls()[1]!.id, result: 'answer b' });
    await settled();
    expect(asked.answer).toEqual({
      command: 'file.recent',
      context: 'tensor b',
      value: 'answer b',
      isPartial: false,
    });
    scope.stop();
  });

  test('takes a first picture that comes with the progress, until the answer is there', async () => {
    const question = shallowRef<Question<string>>({
      command: 'tensor.histogram',
      params: { file: 'a', name: 'x' },
      context: 'x',
      title: 'X',
    });
    const scope = effectScope();
    const asked = scope.run(() => useAsk(() => question.value))!;
    const progress = { done: 1, total: 2, unit: 'bytes', partial: 'first picture' };
    answer({ kind: 'progress', id: calls()[0]!.id, progress });
    expect([asked.isLoading, asked.answer?.value, asked.answer?.isPartial]).toEqual([
      true,
      'first picture',
      true,
    ]);
    question.value = { ...question.value, params: { file: 'a', name: 'y' }, context: 'y' };
    await nextTick();
    // what is seen is of before, and nothing more of it will come
    expect([asked.answer?.context, asked.answer?.isPartial]).toEqual(['x', false]);
    answer({ kind: 'progress', id: calls()[0]!.id, progress: { ...progress, partial: 'late' } });
    answer({ kind: 'progress', id: calls()[1]!.id, progress });
    answer({ kind: 'reply', id: calls()[1]!.id, result: 'answer' });
    await settled();
    expect(asked.answer).toMatchObject({ context: 'y', value: 'answer', isPartial: false });
    scope.stop();
  });
});

describe('what runs long is listed with a way to stop it', () => {
  test('after 200 ms, not before, and no longer than it runs', async () => {
    vi.useFakeTimers();
    const { run } = useCall('file.list', { title: () => 'Listing' });
    const done = run({ folder: 'a' });
    vi.advanceTimersByTime(199);
    expect(activities).toEqual([]);
    vi.advanceTimersByTime(1);
    answer({ kind: 'progress', id: calls()[0]!.id, progress: { done: 1, total: 4, unit: 'bytes' } });
    expect(activities.map(({ title, progress }) => [title, progress?.done])).toEqual([['Listing', 1]]);
    activities[0]?.cancel();
    await done;
    expect([cancels(), activities.length]).toEqual([[calls()[0]!.id], 0]);
  });
});
