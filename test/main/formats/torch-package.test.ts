import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { digestOf } from '#test/kit/digest.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/torch-package/', import.meta.url));
type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string };
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Readonly<
  Record<'package.pt', Readonly<Record<string, Row>>>
>;

async function open(): Promise<Checkpoint> {
  const bytes = Uint8Array.from(readFileSync(`${FIXTURES}package.pt`));
  return openCheckpoint(await fileInput(memorySource(bytes, 'x.pt')));
}

describe('a package of code and objects', () => {
  it('has the tensors of every pickle in it, by its path', async () => {
    const checkpoint = await open();
    const rows: Record<string, unknown> = {};
    for (const tensor of checkpoint.tensors) {
      const { name, dtype, shape } = tensor;
      rows[name] = { dtype, shape, sha256: await digestOf(tensor, checkpoint.sources) };
    }
    expect(rows).toEqual(EXPECTED['package.pt']);
    expect(checkpoint.problems).toEqual([]);
    expect(checkpoint.format).toBe('pytorch');
    expect(checkpoint.dialect).toBe('PyTorch package (torch.package): code and objects in one archive');
  });

  it('has the rest of the objects as metadata, and its code as text', async () => {
    const { metadata, code } = await open();
    expect(metadata).toMatchObject({
      'model.data': { epoch: 3 },
      'model.net': { __class__: 'torch.nn.modules.linear.Linear', in_features: 3 },
    });
    expect(code).toEqual([
      {
        kind: 'torch-package',
        name: 'mine.net',
        stream: 'package/mine/net.py',
        text: 'def rate():\n    return 0.5\n',
      },
    ]);
  });

  it('tells what its pickles import, by their entries', async () => {
    const { imports } = await open();
    const streams = new Set(imports.map(({ stream }) => stream));
    expect([...streams].sort()).toEqual(
      ['data', 'net', 'parts/lone'].map((name) => `package/model/${name}.pkl`),
    );
    expect(imports.some(({ module, name }) => module === 'torch' && name === 'BFloat16Storage')).toBe(true);
  });

  it('every tensor has the checksum of its storage', async () => {
    const { tensors } = await open();
    for (const { name, checksums } of tensors) expect(checksums, name).toHaveLength(1);
  });
});
