import { describe, expect, it } from 'vitest';

import { memoryTurns } from '#main/services/memory-turns.ts';

describe('turns by memory', () => {
  it('are taken while there is room, in the order of asking, by one at least, and passed on by what fails', async () => {
    const inTurn = memoryTurns(10);
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const ask = (name: string, byteLength: number) =>
      inTurn(byteLength, async () => {
        begun.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        if (name === 'b') throw new Error('failed');
        return name;
      });
    const rest = () => new Promise((resolve) => setImmediate(resolve));
    const end = (name: string) => {
      ends.get(name)!();
      return rest();
    };
    const all = [ask('a', 6), ask('b', 4), ask('vast', 50), ask('c', 1), ask('none', 0)];
    const settled = Promise.allSettled(all);
    await rest();
    expect(begun).toEqual(['a', 'b', 'none']);
    await end('b');
    // what came later does not overtake what waits
    expect(begun).toEqual(['a', 'b', 'none']);
    await end('a');
    expect(begun).toEqual(['a', 'b', 'none', 'vast']);
    await end('vast');
    expect(begun).toEqual(['a', 'b', 'none', 'vast', 'c']);
    await end('c');
    await end('none');
    expect((await settled).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    const free = ask('d', 10);
    await rest();
    await end('d');
    expect(await free).toBe('d');
  });
});
