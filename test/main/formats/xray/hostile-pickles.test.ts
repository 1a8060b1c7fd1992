/** Pickles that hide what they import: every name that Python's own unpickler asks for is listed, and nothing is built or run. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import { isAppError } from '#shared/errors.ts';
import type { Xray } from '#shared/xray.ts';

type Row = readonly [
  how: string,
  pickle: string,
  names: readonly (readonly [module: string, name: string])[],
];

const rows = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../../fixtures/pickle/hostile.json', import.meta.url)), 'utf8'),
) as Row[];

const byHow = new Map<string, Row[]>();
for (const row of rows) {
  const how = row[0].replace(/ \d+$/, 's at random');
  byHow.set(how, [...(byHow.get(how) ?? []), row]);
}

function xrayOf(bytes: Uint8Array): Promise<Xray> {
  return scanCode([memorySource(bytes, 'model.bin')], { checkpoint: undefined });
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('every name that Python asks for is listed', () => {
  it.each([...byHow])('%s', async (_how, some) => {
    for (const [how, hex, names] of some) {
      const { imports } = await xrayOf(bytesOf(hex));
      const listed = new Set(imports.map(({ module, name }) => `${module} ${name}`));
      const missing = names.map((pair) => pair.join(' ')).filter((name) => !listed.has(name));
      expect(missing, `${how}: ${hex}`).toEqual([]);
    }
  });

  it('behind bytes that are none of a pickle', async () => {
    for (const [how, hex, names] of rows.filter(([one]) => !one.startsWith('walk'))) {
      const [module, name] = names.at(-1)!;
      const { imports, complete } = await xrayOf(
        Uint8Array.from([...Buffer.from('MZ\0\0garbage\xff'), ...bytesOf(hex)]),
      );
      // texts from a memo are out of sight where the pickle's beginning is
      if (/memo|POP|STRING|escaped|lines|BINUNICODE8|without|clothes|is missing/.test(how)) continue;
      expect([how, imports.some((one) => one.module === module && one.name === name)]).toEqual([how, true]);
      expect(typeof complete).toBe('boolean');
    }
  });
});

it('each name that runs something is called dangerous, however it is reached', async () => {
  const verdicts = new Map<string, Set<string>>();
  for (const [how, hex, names] of rows) {
    if (how.startsWith('walk')) continue;
    const [module, name] = names.at(-1)!;
    for (const one of (await xrayOf(bytesOf(hex))).imports) {
      if (one.module !== module || one.name !== name) continue;
      const key = `${module} ${name}`;
      verdicts.set(key, (verdicts.get(key) ?? new Set()).add(one.verdict));
      if (one.verdict === 'dangerous') expect(one.reason).toMatch(/^it /);
    }
  }
  const others = [...verdicts].filter(([, found]) => [...found].join() !== 'dangerous');
  expect(others).toEqual([]);
});

it('opening one ends in a tree or in an error that says what is wrong', async () => {
  let count = 0;
  for (const [how, hex] of rows) {
    const bytes = bytesOf(hex);
    try {
      await openCheckpoint(await fileInput(memorySource(bytes, 'model.bin')));
    } catch (error) {
      const code = isAppError(error) ? error.code : String(error);
      expect([how, code]).not.toEqual([how, 'internal']);
      expect(isAppError(error), `${how}: ${code}`).toBe(true);
    }
    count++;
  }
  expect(count).toBeGreaterThan(300);
});
