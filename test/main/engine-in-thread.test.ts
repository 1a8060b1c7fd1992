import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { portOver } from '#main/engine-host-calls.ts';
import { createEngineInThread, type EngineInThread } from '#main/engine-in-thread.ts';
import { callerOver, type Call } from '#shared/rpc.ts';
import { fakeBundle } from '#test/kit/fake-bundle.ts';

let folder: string;
let engine: EngineInThread;
let logged: { readonly id?: string; readonly stack: string }[];

beforeEach(() => {
  folder = fakeBundle();
  logged = [];
  engine = createEngineInThread({
    threadFile: join(folder, 'engine.cjs'),
    data: { resourceFolder: folder, threadFolder: folder },
    log: (entry) => logged.push(entry),
  });
});

afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A page's connection, and a way to end it. */
function page(onReply?: (command: string) => void): { call: Call; close: () => void } {
  const { port1, port2 } = new MessageChannel();
  engine.connect(portOver(port2), onReply);
  return { call: callerOver(portOver(port1)), close: () => port1.close() };
}

test('answers calls of several pages, with progress, typed arrays and bigints intact', async () => {
  const [first, second] = [page(), page()];
  const params = { a: new Float32Array([1, NaN]), b: 2n ** 63n, c: -0 };
  const steps: unknown[] = [];
  const results = await Promise.all([
    first.call('echo', params),
    second.call('count', {}, { onProgress: (progress) => steps.push(progress) }),
  ]);
  expect(results).toStrictEqual([params, 3]);
  expect(steps).toHaveLength(3);
  first.close();
  second.close();
});

test('hands errors on as they are', async () => {
  const { call, close } = page();
  await expect(call('fail', {})).rejects.toMatchObject({
    code: 'not-found',
    message: 'not here',
    fields: { file: 'a.npy' },
  });
  close();
});

test('keeps the host’s own calls out of a page’s reach', async () => {
  const { call, close } = page();
  await expect(call('grant', '/etc/passwd')).rejects.toMatchObject({ code: 'invalid-params' });
  expect(await engine.grant('/data/a.npy')).toEqual({ file: 'id-1', name: 'a.npy' });
  close();
});

test('tells which commands were answered', async () => {
  const seen: string[] = [];
  const { call, close } = page((command) => seen.push(command));
  await call('echo', 1);
  await call('fail', 1).catch(() => undefined);
  await call('thread', 1);
  expect(seen).toEqual(['echo', 'thread']);
  close();
});

test('when the thread dies, calls under way fail, the log has it, and the same port goes on with the next thread', async () => {
  const { call, close } = page();
  const before = await call('thread', {});
  const hanging = call('hang', {});
  const dying = call('die', {});
  const failure = { code: 'internal', message: 'the engine stopped and was started again' };
  await expect(hanging).rejects.toMatchObject(failure);
  await expect(dying).rejects.toMatchObject(failure);
  expect(logged).toEqual([{ stack: 'the engine’s thread ended with exit 7' }]);
  const after = await call('thread', {});
  expect(after).not.toBe(before);
  close();
});

test('ignores messages that are no call', async () => {
  const { port1, port2 } = new MessageChannel();
  engine.connect(portOver(port2));
  for (const message of [
    null,
    1,
    'call',
    {},
    { kind: 'call' },
    { kind: 'call', id: 'a', command: 1 },
    { kind: 'attach' },
  ]) {
    port1.postMessage(message);
  }
  expect(await callerOver(portOver(port1))('echo', 'still here')).toBe('still here');
  port1.close();
});
