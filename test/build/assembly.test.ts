import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { compiled } from '#build/assembly.mjs';
import { ROOT, filesUnder } from '#test/architecture/sources.ts';

const ENTRIES = ['kernels/assembly/analysis', 'encodings/zstd/assembly/unpacking'].map(
  (name) => `${ROOT}main/${name}.ts`,
);

function relaxedInstructions(entry: string): string[] {
  return readFileSync(entry, 'utf8').match(/\brelaxed_\w+/g) ?? [];
}

test.each(ENTRIES)('%s compiles to a module that validates', async (entry) => {
  expect(WebAssembly.validate(new Uint8Array(await compiled(entry)))).toBe(true);
});

test('no kernel uses an instruction whose result depends on the machine', () => {
  expect(
    ['main/kernels/assembly', 'main/encodings/zstd/assembly']
      .flatMap((folder) => filesUnder(folder, ['.ts']))
      .flatMap((path) => relaxedInstructions(ROOT + path)),
  ).toEqual([]);
});
