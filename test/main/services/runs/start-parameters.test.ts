import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createCheckpoints } from '#main/services/checkpoints.ts';
import { reproduce } from '#main/services/reproduction/reproduction.ts';
import type { RunConfigInput } from '#shared/commands/run-config.ts';
import { readPlainSafetensors } from '#test/kit/plain-safetensors.ts';
import { runBench, type RunBench } from '#test/kit/run-service.ts';
import { hasOracles, ORACLES, readOracles } from '#test/kit/shared-files.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

/** A rate of 0 leaves every parameter what it was. */
const STILL: RunConfigInput = { optimizer: { name: 'sgd', learningRate: 0 }, batchSize: 4 };

const bytesOf = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);

interface Part {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Writes an f32 file of these tensors and lets runs have it. */
function write(name: string, parts: readonly Part[]): string {
  const path = join(bench.folder, name);
  const tensors = parts.map(({ values, ...rest }) => ({ ...rest, dtype: 'F32', bytes: bytesOf(values) }));
  writeFileSync(path, plainSafetensors(tensors));
  return granted(path);
}

function granted(path: string): string {
  bench.files.grant(path);
  return path;
}

/** The parameters of the checkpoint after one step. */
async function started(config: RunConfigInput): Promise<ReadonlyMap<string, readonly number[]>> {
  await bench.train('a', { config: { ...STILL, ...config }, steps: 1 });
  const file = readPlainSafetensors(join(bench.folder, 'a', 'step-000001.safetensors'));
  return new Map(
    [...file.tensors].map(([name, { bytes }]) => [name, [...new Float32Array(bytes.slice().buffer)]]),
  );
}

const FIRST = { name: 'fc1.weight', shape: [3, 2], values: [1, 2, 3, 4, 5, 6] };
const FIRST_BIAS = { name: 'fc1.bias', shape: [3], values: [7, 8, 9] };
const SECOND = { name: 'fc2.weight', shape: [2, 3], values: [-1, -2, -3, -4, -5, -6] };
const SECOND_BIAS = { name: 'fc2.bias', shape: [2], values: [0.5, 0.25] };

describe('a run that starts from a file', () => {
  it('begins with its values, to the bit', async () => {
    const startFrom = write('mlp.safetensors', [FIRST, FIRST_BIAS, SECOND, SECOND_BIAS]);
    const parameters = await started({ layers: [2, 3, 2], startFrom });
    expect(parameters.get('hidden.weight')).toEqual(FIRST.values);
    expect(parameters.get('hidden.bias')).toEqual(FIRST_BIAS.values);
    expect(parameters.get('output.weight')).toEqual(SECOND.values);
    expect(parameters.get('output.bias')).toEqual(SECOND_BIAS.values);
  });

  it('turns weights that lie inputs first, told by the order of the biases', async () => {
    const turned = [1, 4, 2, 5, 3, 6];
    // [2, 3] and [3, 2] follow on each other both ways round; the biases go with one of them
    const startFrom = write('turned.safetensors', [
      { name: 'a.w', shape: [2, 3], values: [1, 2, 3, 4, 5, 6] },
      { name: 'a.b', shape: [3], values: [7, 8, 9] },
      { name: 'b.w', shape: [3, 2], values: [1, 2, 3, 4, 5, 6] },
      { name: 'b.b', shape: [2], values: [0, 1] },
    ]);
    const parameters = await started({ layers: [2, 3, 2], startFrom });
    expect(parameters.get('hidden.weight')).toEqual(turned);
    expect(parameters.get('hidden.bias')).toEqual([7, 8, 9]);
    expect(parameters.get('output.weight')).toEqual([1, 3, 5, 2, 4, 6]);
  });

  it.skipIf(!hasOracles)('computes what the framework computed that wrote the file', async () => {
    const networks = Object.entries(readOracles().files).filter(
      ([path, { forward }]) => forward && path.startsWith('chapter/'),
    );
    expect(networks.length).toBeGreaterThanOrEqual(8);
    const checkpoints = createCheckpoints(bench.files);
    for (const [index, [path]] of networks.entries()) {
      const startFrom = granted(`${ORACLES}${path}`);
      const folder = `${ORACLES}${path.split('/').slice(0, 2).join('/')}`;
      await bench.train(`run-${index}`, { config: { ...STILL, layers: [20, 256, 10], startFrom }, steps: 1 });
      const id = (file: string) => bench.files.grant(file).file;
      const { verdict } = await reproduce(checkpoints, {
        checkpoint: id(join(bench.folder, `run-${index}`, 'step-000001.safetensors')),
        input: id(`${folder}/X.npy`),
        output: id(`${folder}/Y.npy`),
      });
      expect([path, verdict]).toEqual([path, 'reproduced']);
    }
    await checkpoints.close();
  });

  it('is refused where the widths are others, with both', async () => {
    const startFrom = write('mlp.safetensors', [FIRST, FIRST_BIAS, SECOND, SECOND_BIAS]);
    await expect(started({ layers: [2, 4, 2], startFrom })).rejects.toMatchObject({
      code: 'invalid-params',
      message: 'the file holds a network of other widths',
      fields: { expected: '2 → 4 → 2', found: '2 → 3 → 2' },
    });
  });

  it('is refused where the file is more than an MLP', async () => {
    const kernel = { name: 'conv.weight', shape: [1, 1, 2, 2], values: [1, 2, 3, 4] };
    const startFrom = write('conv.safetensors', [kernel, FIRST, FIRST_BIAS, SECOND, SECOND_BIAS]);
    await expect(started({ layers: [2, 3, 2], startFrom })).rejects.toMatchObject({
      code: 'invalid-params',
      message: 'the file holds no plain MLP',
    });
  });

  it('begins with the same values again where it has no checkpoint yet, and says when the file has changed', async () => {
    const config = { layers: [2, 3, 2], batchSize: 4 };
    const startFrom = write('mlp.safetensors', [FIRST, FIRST_BIAS, SECOND, SECOND_BIAS]);
    const folder = join(bench.folder, 'a');
    const last = () => readFileSync(join(folder, 'step-000003.safetensors'));
    const removeCheckpoints = () => {
      for (const name of readdirSync(folder)) if (name.startsWith('step-')) rmSync(join(folder, name));
    };
    await bench.train('a', { config: { ...config, startFrom }, steps: 3 });
    const undisturbed = last();
    removeCheckpoints();
    await bench.train('a', { isResumed: true, steps: 3 });
    expect(last().equals(undisturbed)).toBe(true);

    removeCheckpoints();
    write('mlp.safetensors', [{ ...FIRST, values: [1, 2, 3, 4, 5, 7] }, FIRST_BIAS, SECOND, SECOND_BIAS]);
    await expect(bench.train('a', { isResumed: true, steps: 3 })).rejects.toMatchObject({
      code: 'invalid-params',
      message: 'the file that the run started from holds other parameters now',
    });
  });

  it('is not begun from a file that nobody opened', async () => {
    await expect(started({ layers: [2, 3, 2], startFrom: '/etc/passwd' })).rejects.toMatchObject({
      code: 'invalid-params',
      message: 'this file was not opened by you',
    });
  });
});
