import { dirname, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

import { ELECTRON_FOLDER, LAYERS, type Layer } from '#build/layers.ts';
import { filesUnder, importsIn, importsOf, type Import } from '#test/architecture/sources.ts';

const SOURCES = ['shared', 'main', 'renderer'].flatMap((folder) => filesUnder(folder, ['.ts', '.vue']));
/** Declarations for the compiler alone. */
const FILES = SOURCES.filter((path) => !path.endsWith('.d.ts'));

function matches(pattern: string, path: string): boolean {
  const source = pattern
    .replaceAll(/[.+]/g, '\\$&')
    .replaceAll('**', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('\0', '.*');
  return new RegExp(`^${source}$`).test(path);
}

function layerOf(path: string): Layer | undefined {
  return LAYERS.find((layer) => layer.files.some((pattern) => matches(pattern, path)));
}

/** The path from the top for files of ours, else the specifier as it is. */
function targetOf(path: string, specifier: string): string {
  const bare = specifier.replace(/\?.*$/, '');
  if (bare.startsWith('#')) return bare.slice(1);
  if (bare.startsWith('.')) return posix.join(dirname(path), bare);
  return bare;
}

/** The subfolder of a layer whose subfolders stand apart. */
function part(path: string): string {
  return path.split('/').slice(0, 3).join('/');
}

function isListed(list: readonly string[] | undefined, name: string): boolean {
  return (list ?? []).some((entry) => matches(entry, name));
}

/** What is wrong with an import, or undefined. */
function violation(path: string, { specifier, isTypeOnly }: Import): string | undefined {
  const layer = layerOf(path);
  if (!layer) return `${path} belongs to no layer`;
  const target = targetOf(path, specifier);
  if (target === 'electron' && path.startsWith(ELECTRON_FOLDER)) return undefined;
  const owner = specifier.startsWith('#') || specifier.startsWith('.') ? layerOf(target) : undefined;
  if (owner === layer) {
    const isAcross = layer.isApart === true && part(path) !== part(target);
    return isAcross ? `${path} imports its neighbour ${target}` : undefined;
  }
  const name = owner?.name ?? target;
  if (isListed(layer.may, name)) return undefined;
  if (isTypeOnly && isListed(layer.mayTypes, name)) return undefined;
  return `${path} (${layer.name}) imports ${target} (${name})`;
}

describe('layers', () => {
  test('every import goes where the table allows', () => {
    const found = FILES.flatMap((path) => importsOf(path).map((one) => violation(path, one)));
    expect(found.filter((line) => line !== undefined)).toEqual([]);
  });

  test('every source file belongs to a layer', () => {
    expect(FILES.filter((path) => !layerOf(path))).toEqual([]);
  });
});

describe('the check itself', () => {
  const check = (path: string, code: string, isAllowed: boolean) => {
    const found = importsIn(code).map((one) => violation(path, one));
    expect({ path, code, isAllowed: found.every((line) => line === undefined) }).toEqual({
      path,
      code,
      isAllowed,
    });
  };

  test('finds what it must find', () => {
    check('main/formats/numpy/numpy.ts', `import { a } from '#main/formats/keras/keras.ts';`, false);
    check('main/formats/numpy/numpy.ts', `import { a } from './parse.ts';`, true);
    check('main/formats/numpy/numpy.ts', `import { open } from 'node:fs';`, false);
    check('main/encodings/zip/zip.ts', `import { open } from 'node:fs/promises';`, false);
    check('main/encodings/zip/zip.ts', `const fs = await import('node:fs');`, false);
    check('main/encodings/zip/zip.ts', `const fs = require('node:fs');`, false);
    check('main/bytes/file-source.ts', `import { open } from 'node:fs/promises';`, true);
    check('main/bytes/file-source.ts', `import type { Format } from '#main/formats/contract.ts';`, false);
    check('main/trainer/loop.ts', `import type { TensorToSave } from '#main/formats/contract.ts';`, true);
    check('main/trainer/loop.ts', `import { type TensorToSave } from '#main/formats/contract.ts';`, true);
    check('main/trainer/loop.ts', `import { anything } from '#main/formats/contract.ts';`, false);
    check('main/trainer/loop.ts', `import { fileSource } from '#main/bytes/file-source.ts';`, false);
    check('main/services/files.ts', `import { app } from 'electron';`, false);
    check('main/hosts/serve/serve.ts', `import { app } from 'electron';`, false);
    check('main/hosts/electron/window.ts', `import { app } from 'electron';`, true);
    check(
      'main/hosts/electron/preload.ts',
      `import { COMMANDS } from '#shared/commands/commands.ts';`,
      false,
    );
    check('main/commands/checkpoint-open.ts', `import { open } from '#main/formats/detect.ts';`, false);
    check('shared/rpc.ts', `import { z } from 'zod/mini';`, false);
    check('renderer/ui/DropZone.vue', `import { useX } from '#renderer/stores/x.ts';`, false);
    check('renderer/views/train/TrainView.vue', `import A from '#renderer/views/compare/A.vue';`, false);
    check('renderer/stores/runs.ts', `import { COMMANDS } from '#shared/commands/commands.ts';`, false);
    check('renderer/stores/runs.ts', `export { a } from '#main/engine.ts';`, false);
  });
});
