import { expect, test } from 'vitest';

import { filesUnder } from '#test/architecture/sources.ts';

const FILES = ['shared', 'main', 'renderer', 'build', 'test'].flatMap((folder) =>
  filesUnder(folder, ['.ts', '.vue', '.mjs', '.css', '.html']),
);
const BANNED = /^index\.|(^|[-.])(utils?|helpers?|common|misc|types|models?|managers?)([-.]|$)/i;

/** The page's own entry: browsers and Vite look for this name. */
const EXCEPTIONS = new Set(['renderer/index.html']);

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

test('a file is named after the one thing in it', () => {
  expect(FILES.filter((path) => !EXCEPTIONS.has(path) && BANNED.test(nameOf(path)))).toEqual([]);
});

test('names are kebab-case, components PascalCase', () => {
  const isWell = (path: string) =>
    path.endsWith('.vue')
      ? /^[A-Z][A-Za-z0-9]*\.vue$/.test(nameOf(path))
      : /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$/.test(nameOf(path));
  expect(FILES.filter((path) => !isWell(path))).toEqual([]);
});

test('the door of a folder of formats or encodings has the folder’s name', () => {
  const folders = new Set(
    FILES.filter((path) => /^main\/(formats|encodings)\/[^/]+\//.test(path)).map((path) =>
      path.split('/').slice(0, 3).join('/'),
    ),
  );
  const doorless = [...folders].filter((folder) => !FILES.includes(`${folder}/${nameOf(folder)}.ts`));
  expect(doorless).toEqual([]);
});
