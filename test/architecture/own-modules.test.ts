import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { OWN_MODULES } from '#build/vitest.config.mjs';
import { ROOT, filesUnder } from '#test/architecture/sources.ts';

const NEEDING = /\bvi\s*\.\s*(mock|doMock|resetModules)\s*\(|\bprocess\s*\.\s*memoryUsage\b/;

test('tests that put other modules in place of ours, or measure memory, have modules of their own', () => {
  const needing = filesUnder('test', ['.test.ts']).filter((path) =>
    NEEDING.test(readFileSync(`${ROOT}${path}`, 'utf8')),
  );
  expect(needing).not.toEqual([]);
  expect(needing.filter((path) => !OWN_MODULES.includes(path))).toEqual([]);
});
