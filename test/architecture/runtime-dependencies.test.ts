import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { ROOT } from '#test/architecture/sources.ts';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly link?: boolean }>>;
}

const DESCRIPTION = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Record<
  string,
  Record<string, string>
>;
const LOCK = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')) as Lock;

test('the app has no runtime dependencies: what it uses is bundled', () => {
  const fields = ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies'];
  expect(fields.filter((field) => field in DESCRIPTION)).toEqual([]);
});

test('every version is exact', () => {
  const loose = Object.entries(DESCRIPTION['devDependencies'] ?? {}).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  );
  expect(loose).toEqual([]);
});

test('the lock holds the same versions', () => {
  const other = Object.entries(DESCRIPTION['devDependencies'] ?? {})
    .map(([name, version]) => ({ name, version, locked: LOCK.packages[`node_modules/${name}`]?.version }))
    .filter(({ version, locked }) => version !== locked);
  expect(other).toEqual([]);
});
