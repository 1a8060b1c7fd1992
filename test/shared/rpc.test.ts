import { afterEach, describe, expect, it } from 'vitest';

import { AppError, isAppError } from '#shared/errors.ts';
import { answerOver, callerOver, type Answer, type Call, type Port } from '#shared/rpc.ts';

/** A port over one end of a channel, which clones as threads and windows do. */
function portOver(end: MessagePort): Port {
  return {
    send: (message) => end.postMessage(message),
    listen: (onMessage, onClose) => {
      end.addEventListener('message', ({ data }) => onMessage(data));
      end.addEventListener('close', onClose);
      end.start();
    },
  };
}

/** A promise that the test itself resolves. */
function openPromise<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}

describe('calls over a port', () => {
  const ends: MessagePort[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end.close();
  });

  function connect(answer: Answer): Call {
    const channel = new MessageChannel();
    ends.push(channel.port1, channel.port2);
    answerOver(portOver(channel.port2), answer);
    return callerOver(portOver(channel.port1));
  }

  it('get each its own answer, whichever is there first', async () => {
    const slow = openPromise<void>();
    const call = connect(async (command, params) => {
      if (command === 'slow') await slow.promise;
      return [command, params];
    });
    const first = call('slow', 1);
    expect(await call('quick', 2)).toEqual(['quick', 2]);
    slow.resolve();
    expect(await first).toEqual(['slow', 1]);
  });

  it('hear of progress in order, and of none after they were called off', async () => {
    const controller = new AbortController();
    const steps: unknown[] = [];
    const ended = openPromise<boolean>();
    const call = connect(async (_, __, { signal, progress }) => {
      progress(1);
      progress(2);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      progress(3);
      ended.resolve(signal.aborted);
    });
    const onProgress = (step: unknown) => {
      if (steps.push(step) === 2) controller.abort();
    };
    await expect(call('count', {}, { signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(await ended.promise).toBe(true);
    expect(steps).toEqual([1, 2]);
  });

  it('fail as the answer does, and are told no more of a fault of ours than that it is one', async () => {
    const call = connect(async (command) => {
      if (command === 'known') throw new AppError('corrupt', 'it is broken', { file: 'a.npy', offset: 7 });
      throw new TypeError('secret');
    });
    await expect(call('known', {})).rejects.toEqual(
      new AppError('corrupt', 'it is broken', { file: 'a.npy', offset: 7 }),
    );
    await expect(call('fault', {})).rejects.toMatchObject({
      code: 'internal',
      message: 'something went wrong that should not have',
    });
  });

  it('are told of an answer that the port cannot carry, and the next one goes through', async () => {
    const call = connect(async (command) => (command === 'code' ? () => 1 : command));
    await expect(call('code', {})).rejects.toMatchObject({ code: 'internal' });
    expect(await call('text', {})).toBe('text');
  });

  it('fail by an error of ours where the port cannot carry what they ask', async () => {
    const call = connect(async (_, params) => params);
    const error = await call('code', { code: () => 1 }).catch((reason: unknown) => reason);
    expect(isAppError(error) && error.code).toBe('internal');
    expect(await call('text', 1)).toBe(1);
  });

  it('fail when the other side is gone, at once if it was before', async () => {
    const call = connect(() => new Promise(() => {}));
    const lost = { code: 'io', message: 'the connection to the engine is closed' };
    const waiting = call('wait', {});
    ends[1]!.close();
    await expect(waiting).rejects.toMatchObject(lost);
    await expect(call('next', {})).rejects.toMatchObject(lost);
  });
});
