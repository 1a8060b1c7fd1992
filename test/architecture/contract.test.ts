import { expect, test } from 'vitest';
import * as z from 'zod/mini';

import { COMMANDS } from '#shared/commands/commands.ts';

/** Scripts, `serve` pages and windows of other versions rely on these: a change here is a change of the contract. */
test('command names, their params and their verbs stay as they are', async () => {
  const contract = Object.fromEntries(
    Object.entries(COMMANDS).map(([name, command]) => [
      name,
      {
        params: z.toJSONSchema(command.params, { io: 'input', unrepresentable: 'any' }),
        ...('verb' in command ? { verb: command.verb } : {}),
      },
    ]),
  );
  await expect(`${JSON.stringify(contract, null, 2)}\n`).toMatchFileSnapshot('contract.snapshot');
});

test('command names are noun.verb', () => {
  expect(Object.keys(COMMANDS).filter((name) => !/^[a-z-]+\.[a-z-]+$/.test(name))).toEqual([]);
});
