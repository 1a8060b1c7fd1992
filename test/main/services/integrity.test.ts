import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { createEngine, type Engine } from '#main/engine.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';
import type { VerifiedCheckpoint, VerifyUpdate } from '#shared/commands/checkpoint.ts';

let engine: Engine;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-integrity-'));
  engine = await createEngine({ resourceFolder: folder });
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

it('tells of thousands of small tensors in few messages, of each of them once', async () => {
  const names = Array.from({ length: 5000 }, (_, index) => `layers.${index}.weight`);
  const bytes = new Uint8Array(4);
  const path = join(folder, 'many.safetensors');
  writeFileSync(path, plainSafetensors(names.map((name) => ({ name, dtype: 'F32', shape: [1], bytes }))));
  const updates: VerifyUpdate[] = [];
  const answer = (await engine.answer(
    'checkpoint.verify',
    { file: engine.grant(path).file },
    {
      signal: new AbortController().signal,
      progress: (update) => void updates.push(update as VerifyUpdate),
    },
  )) as VerifiedCheckpoint;
  expect(answer.tensors.map(({ name }) => name)).toEqual(names);
  const told = updates.flatMap(({ finished = [] }) => finished.map(({ name }) => name));
  expect(told).toEqual(names);
  // one at once, then ten a second: a page that is told of each by itself comes to nothing else
  expect(updates.length).toBeLessThan(500);
});
