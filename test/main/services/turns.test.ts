import { describe, expect, it } from 'vitest';

import { turns } from '#main/services/turns.ts';

describe('turns', () => {
  it('are taken in the order of asking, so many at once, and passed on by what fails', async () => {
    const inTurn = turns(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const failure = new Error('failed');
    const all = [0, 1, 2, 3].map((index) =>
      inTurn(async () => {
        begun.push(index);
        await new Promise<void>((resolve) => ends.push(resolve));
        if (index === 1) throw failure;
        return index;
      }),
    );
    const settled = Promise.allSettled(all);
    const rest = () => new Promise((resolve) => setImmediate(resolve));
    await rest();
    expect(begun).toEqual([0, 1]);
    ends[1]!();
    await rest();
    expect(begun).toEqual([0, 1, 2]);
    ends[0]!();
    ends[2]!();
    await rest();
    expect(begun).toEqual([0, 1, 2, 3]);
    ends[3]!();
    expect((await settled).map((one) => (one.status === 'fulfilled' ? one.value : one.reason))).toEqual([
      0,
      failure,
      2,
      3,
    ]);
    expect(await inTurn(async () => 'free again')).toBe('free again');
  });
});
