import { describe, expect, it } from 'vitest';

import { createHistory, type LoggedEvent } from '#main/services/runs/run-history.ts';
import { parseRunLog } from '#main/services/runs/run-log.ts';

const step = (number: number, loss = number): LoggedEvent => ({
  event: 'step',
  step: number,
  epoch: 0,
  loss,
});
const checkpoint = (number: number): LoggedEvent => ({
  event: 'checkpoint',
  step: number,
  file: `f${number}`,
  sha256: 'x',
  byteLength: 1,
});

function historyOf(...events: readonly LoggedEvent[]) {
  const history = createHistory();
  for (const event of events) history.apply(event);
  return history;
}

describe('the history of a run', () => {
  it('forgets what comes after the checkpoint that it is resumed from', () => {
    const validated: LoggedEvent = { ...step(3), validation: { loss: 9 } } as LoggedEvent;
    const history = historyOf(step(1), step(2), validated, { event: 'resumed', step: 2 }, step(3, 7));
    expect(history.thinned().map(({ loss }) => loss)).toEqual([1, 2, 7]);
    expect(history.validation()).toEqual([]);
  });

  it('knows why a checkpoint is kept, dropped or damaged', () => {
    const history = historyOf(
      checkpoint(1),
      { event: 'kept', step: 1, file: 'f1', reasons: ['one of the last 2'] },
      checkpoint(2),
      { event: 'dropped', step: 1, file: 'f1', reason: 'no longer one of the last 2' },
      {
        event: 'problem',
        step: 2,
        code: 'checkpoint-damaged',
        message: 'the values are not those that were saved',
      },
    );
    expect(history.checkpoints().map(({ status, reasons }) => [status, ...reasons])).toEqual([
      ['dropped', 'no longer one of the last 2'],
      ['damaged', 'the values are not those that were saved'],
    ]);
  });

  it('has ended only while nothing follows the end', () => {
    const done: LoggedEvent = { event: 'done', step: 1, state: 'stopped', problems: 0 };
    expect(historyOf(step(1), done).end()).toBe('stopped');
    expect(historyOf(step(1), done, { event: 'resumed', step: 1 }).end()).toBeUndefined();
  });

  it('thins many points, first and last included', () => {
    const history = historyOf(...Array.from({ length: 10_001 }, (_, i) => step(i + 1)));
    const points = history.thinned();
    expect(points.length).toBeLessThanOrEqual(4001);
    expect([points[0]!.step, points.at(-1)!.step]).toEqual([1, 10_001]);
  });

  it('remembers the newest dropped checkpoints, not all of them', () => {
    const history = createHistory();
    for (let number = 1; number <= 500; number++) {
      history.apply(checkpoint(number));
      if (number > 2) history.apply({ event: 'dropped', step: number - 2, file: '', reason: '' });
    }
    expect(history.checkpoints()).toHaveLength(202);
    expect(history.checkpoints()[0]!.step).toBe(299);
  });
});

describe('a run’s log', () => {
  it('reads what it can and leaves the rest out', () => {
    const lines = [
      '{"event":"step","step":1,"epoch":0,"loss":"NaN","accuracy":0.5}',
      '{"event":"step","step":2,"epoch":0,"los',
      '{"event":"step","step":-3,"epoch":0,"loss":1}',
      '{"event":"unheard of","step":1}',
      '[]',
      '{"event":"kept","step":2,"file":"a","reasons":["b"],"time":"2030-01-01T00:00:00Z"}',
    ];
    expect(parseRunLog(lines.join('\n'))).toEqual([
      { event: 'step', step: 1, epoch: 0, loss: NaN, accuracy: 0.5 },
      { event: 'kept', step: 2, file: 'a', reasons: ['b'] },
    ]);
  });
});
