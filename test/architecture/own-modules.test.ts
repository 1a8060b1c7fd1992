import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { OWN_MODULES } from '#build/vitest.config.mjs';
import { ROOT, filesUnder } from '#test/architecture/sources.ts';

test('tests that put other modules in place of ours are on the list of those with modules of their own', () => {
  const replacing = filesUnder('test', ['.test.ts']).filter((path) =>
    /\bvi\s*\.\s*(mock|doMock|resetModules)\s*\(/.test(readFileSync(`${ROOT}${path}`, 'utf8')),
  );
  expect(replacing).not.toEqual([]);
  expect(replacing.filter((path) => !OWN_MODULES.includes(path))).toEqual([]);
});
