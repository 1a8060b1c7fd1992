import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import type { Xray } from '#shared/xray.ts';

const read = (name: string): Uint8Array =>
  Uint8Array.from(readFileSync(fileURLToPath(new URL(`../../../fixtures/pickled/${name}`, import.meta.url))));
const xrayOf = (bytes: Uint8Array): Promise<Xray> =>
  scanCode([memorySource(bytes, 'model.joblib')], { checkpoint: undefined });

describe('arrays between the opcodes do not end the reading', () => {
  it.each([
    'joblib.joblib',
    'joblib-0.11.joblib',
    'joblib-protocol-0.joblib',
    'joblib-zlib.joblib',
    'joblib-gzip.joblib',
    'sklearn.joblib',
  ])('%s', async (name) => {
    const { complete, imports, problems } = await xrayOf(read(name));
    expect([complete, problems]).toEqual([true, []]);
    expect(imports.map((one) => `${one.module} ${one.name}`)).toContain(
      'joblib.numpy_pickle NumpyArrayWrapper',
    );
    expect(imports.filter(({ verdict }) => verdict === 'dangerous')).toEqual([]);
  });
});

it('what Python’s own reader would find in the bytes of an array is listed', async () => {
  const bytes = read('joblib.joblib');
  const checkpoint = await openCheckpoint(await fileInput(memorySource(bytes, 'x')));
  const { storage } = checkpoint.tensors.find(({ name }) => name === 'w')!;
  if (storage.kind !== 'dense') throw new Error('in place');
  bytes.set(Buffer.from('\x8c\x02os\x94\x8c\x06system\x94\x93\x94.', 'latin1'), storage.offset);
  const { imports } = await xrayOf(bytes);
  expect(imports.filter(({ verdict }) => verdict === 'dangerous')).toMatchObject([
    { module: 'os', name: 'system', stream: 'model.joblib' },
  ]);
});
